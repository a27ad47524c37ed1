"""(b) The screencast of the Chrome DevTools Protocol: Chromium's own JPEGs, over its debugging WebSocket.

setting                       why
jpeg, the wanted quality      what is compared
maxWidth, maxHeight           the page's own size: nothing is scaled
everyNthFrame 1               every frame
acknowledged first of all     before the picture is unpacked: Chromium sends only so many frames ahead
no compression of messages    JPEG does not deflate
a blocking socket             one connection, one thread; orjson and pybase64 unpack
headless                      as quick as on an X screen, and a tenth cheaper
the flags of ours             software compositing, nothing in the background, exactly the wanted size
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pybase64
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.peers.booth import watch
from bench.peers.desk import START_SECONDS, Desk
from bench.peers.task import Peer, Take


@contextlib.asynccontextmanager
async def play(desk: Desk, takes: list[Take]) -> AsyncIterator[int]:
    """The screencast, received in a thread; it tells nothing."""
    await desk.chromium("--remote-debugging-port=0", *desk.headless)
    url = await asyncio.to_thread(_page, Path(desk.spec.folder) / "profile" / "DevToolsActivePort")
    over = threading.Event()
    with connect(url, compression=None, max_size=None, ping_interval=None, proxy=None) as socket:
        size = {"maxWidth": desk.task.width, "maxHeight": desk.task.height}
        options = {"format": "jpeg", "quality": desk.task.quality, "everyNthFrame": 1} | size
        numbers = itertools.count(1)
        _send(socket, next(numbers), "Page.enable", {})
        _send(socket, next(numbers), "Page.startScreencast", options)
        loop = asyncio.create_task(asyncio.to_thread(_receive, socket, numbers, takes, over))
        try:
            yield 0
        finally:
            over.set()
            await loop


def _page(told: Path) -> str:
    """The WebSocket of the page, once Chromium has written where it listens (on 127.0.0.1)."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError, ValueError):
            port = int(told.read_text().splitlines()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=2) as answer:
                for target in json.load(answer):
                    if target["type"] == "page" and target["url"].startswith("http"):
                        return str(target["webSocketDebuggerUrl"])
        time.sleep(0.02)
    raise TimeoutError("Chromium did not open its debugging port")


def _send(socket: ClientConnection, number: int, method: str, params: dict[str, object]) -> None:
    socket.send(json.dumps({"id": number, "method": method, "params": params}))


def _receive(socket: ClientConnection, numbers: itertools.count[int], takes: list[Take], over: threading.Event) -> None:
    while not over.is_set():
        try:
            text = socket.recv(0.2)
        except TimeoutError:
            continue
        except ConnectionClosed:
            return
        message = orjson.loads(text)
        if message.get("method") == "Page.screencastFrame":
            frame = message["params"]
            _send(socket, next(numbers), "Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
            takes.append(Take(time.time(), pybase64.b64decode(frame["data"]), len(takes)))


PEER = Peer(
    "CDP screencast",
    "up to the finished JPEG in the process that receives it",
    lambda: None,
    lambda: "Chromium's own",
    lambda task: watch(play, task),
)
