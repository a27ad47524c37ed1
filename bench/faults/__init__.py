"""Faults, injected into a real server under a live stream, and what became of it.

processes     which process of a server is which
audience      the viewers, all in one thread, and what they saw when
victims       faults of one process of a session: killed, stopped, lost in a loop
surroundings  faults of what surrounds the server: memory, disk, descriptors, the browser, the clock
remains       what a server has on the machine, and what it leaves
catalogue     all faults, by name
table         the table of docs/reliability.md
"""
