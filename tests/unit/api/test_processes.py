"""Whose each process is, as the kernel tells."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from api.processes import Processes

# What a capture process is made of, as far as names and parents go.
TREE = r"""
import ctypes, os, subprocess, sys
def name(text): ctypes.CDLL(None).prctl(15, text.encode(), 0, 0, 0)
if len(sys.argv) > 1:
    name(sys.argv[1])
else:
    names = "Xvfb", "chromedriver", "chrome) x"
    below = [subprocess.Popen([sys.executable, __file__, text], stdin=sys.stdin) for text in names]
os.write(1, b"up\n")
sys.stdin.read()
"""


async def test_the_processes_of_a_session_are_found_by_whom_they_come_from(tmp_path: os.PathLike[str]) -> None:
    script = f"{tmp_path}/tree.py"
    with open(script, "w") as file:  # noqa: ASYNC230
        file.write(TREE)
    tree = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: ASYNC220
    try:
        assert tree.stdout is not None
        for _ in range(4):
            assert await asyncio.to_thread(tree.stdout.readline) == b"up\n"
        processes = Processes()
        await asyncio.gather(*(processes.look({os.getpid(): ("front", None), tree.pid: ("capture", "mine")}) for _ in range(3)))
        found = processes.census.processes
        assert sorted(process.kind for process in found if process.session == "mine") == [
            "browser",
            "capture",
            "driver",
            "xserver",
        ]
        (front,) = (process for process in found if process.kind == "front")
        assert front.pid == os.getpid()
        assert front.cpu > 0
        assert front.memory > 1_000_000
        assert 1 not in {process.pid for process in found}
        before = processes.census.cpu["front"]
        await processes.look({os.getpid(): ("front", None)})
        assert processes.census.cpu["front"] == before, "too soon to look again"
    finally:
        tree.communicate()
