"""A link to order between two network namespaces: rate, delay, loss and queue, changeable while it runs.

    shaping    what a link does to packets, as a pure queue
    emulator   the process that carries packets from one TUN device to the other through two such queues
    pair       the two namespaces and the emulator between them: what tests and scenarios open
    watcher    a viewer at the far end, that notes what comes and when; http: the clients of plain HTTP among them
    cells      one viewer on one link: what is measured of it, and how
    lanes      several links, servers and viewers at once

The kernels here have no netem, so the delay is made in user space; at 20 Mbit/s that is 2,500 packets a second.
"""
