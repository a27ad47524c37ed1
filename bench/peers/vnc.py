"""(d) TigerVNC: Xvnc as the X server of the same Chromium and window manager, read by a client of our own over TCP.

The client (`bench.peers.rfb`) is ours and not vncdotool or asyncvnc: these decode in Python while they receive, and would be
what is measured. Ours cuts updates into rectangles while the clock runs and decodes them afterwards. Its CPU, as that of the
client that watches us, is not the server's. An update has arrived with its last rectangle.

    setting                      why
    FrameRate=60                 what is wanted. (At 120 it was no quicker here.)
    CompareFB=0                  comparing with the picture before costs, and finds nothing where everything moves; on text
                                 it made two updates of one picture and was no quicker
    Tight, fine quality 75,      JPEG at the wanted quality and in the colours of the others; rectangles of few colours go
      4:2:0                      without loss, as Xvnc sees fit
    compression 1                the cheapest zlib for these
    continuous updates, fences   Xvnc sends at once, without being asked for each update
    security None, loopback      no encryption, as with the others
    AcceptSetDesktopSize=0       the size stays
    -extension GLX               as ours
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator

from bench.glass import Glass
from bench.peers import tight
from bench.peers.booth import checked, measure, opened
from bench.peers.desk import Desk
from bench.peers.rfb import Rfb, Update
from bench.peers.task import Peer, Take, Task, score

SERVER = "Xtigervnc"
COMPRESSION = 1


def missing() -> str | None:
    if shutil.which(SERVER) is None:
        return f"{SERVER} is not installed; `apt-get install tigervnc-standalone-server` brings it."
    return None


def version() -> str:
    told = subprocess.run([SERVER, "-version"], capture_output=True, text=True, check=False)
    return next((line.split(" - ")[0] for line in (told.stderr + told.stdout).splitlines() if "TigerVNC" in line), SERVER)


@contextlib.asynccontextmanager
async def play(desk: Desk, takes: list[Take]) -> AsyncIterator[int]:
    """The X server and the browser; it tells the port. The client is in the harness's process."""
    port = _free_port()
    await desk.xserver(
        SERVER,
        *("-geometry", f"{desk.task.width}x{desk.task.height}", "-depth", "24"),
        *("-rfbport", str(port), "-localhost", "-interface", "127.0.0.1", "-UseIPv6=0"),
        *("-SecurityTypes", "None", "-AlwaysShared", "-AcceptSetDesktopSize=0"),
        *(f"-FrameRate={desk.task.fps}", "-CompareFB=0"),
    )
    await desk.chromium()
    await desk.window()
    yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def watch(task: Task) -> Glass:
    updates: list[Update] = []
    with opened(play, task) as booth, contextlib.closing(Rfb(booth.told, task.quality, COMPRESSION)) as client:
        begin, end, cost = measure(booth, task, lambda seconds: updates.extend(client.updates(seconds)))
    return checked(score(tight.develop(updates, task.width, task.height), begin, end, cost))


PEER = Peer("TigerVNC", "up to the last rectangle's arrival at a client over TCP", missing, version, watch)
