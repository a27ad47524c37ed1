"""A capture process without a browser: it shows recorded pages (`bench.frames`) through a real frame ring, speaking the capture
side of `engine.messages`. `bench.front` makes the server start it in place of "capture.main".

What it shows is the page that is loaded: `http://synthetic/KIND?fps=F&copy=C&frames=N&time=T`

    KIND   text, photo, mixed or video
    fps    frames a second at most, and never more than the demand; without it, as many as are wanted
    copy   1: each frame is copied whole into its slot, as an X server would (0.5 ms of CPU); 0: each slot holds its picture
           already and only the clock is painted, so that the source takes no core from what is measured
    frames N frames at most, and then a still page; without it, no end
    time   1: the clock in the picture is the time, for clients who are told nothing but pictures

Into each frame it paints bench.clock's cells, with the frame's own sequence number in place of the time: a picture whose two
clocks disagree is torn, one whose number is not that of its message carries a wrong frame.
"""

from __future__ import annotations

import math
import select
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from bench import clock, frames
from engine.channel import Channel
from engine.child import name_process
from engine.framering import SLOTS, FrameHead, FrameRing
from engine.messages import (
    CaptureSpec,
    Done,
    Notice,
    Ready,
    Refresh,
    Refused,
    Release,
    Shutdown,
    Wants,
)
from engine.pagemessages import GetPage, Navigate, Page

PROCESS_NAME = "source"  # by which bench.machine knows it


def main(channel: Channel, spec: CaptureSpec) -> None:
    """Show what is loaded until told to end, or until the front is gone."""
    name_process(f"{PROCESS_NAME} {spec.session_id}")
    ring = FrameRing.attach(spec.ring)
    source = Source(channel, ring)
    channel.send(Ready("synthetic frames"))
    try:
        source.run()
    finally:
        source.close()


class Source:
    """Fills `ring` with the pictures of one page."""

    def __init__(self, channel: Channel, ring: FrameRing) -> None:
        self._channel = channel
        self._ring = ring
        self._pixels = [
            np.frombuffer(ring.pixels(slot), np.uint8).reshape(ring.head.height, ring.head.width, 4) for slot in range(SLOTS)
        ]
        self._free = deque(range(SLOTS))
        self._filled: set[int] = set()
        self._pictures: list[frames.Picture] = []
        self._copy = True
        self._limit = math.inf
        self._left = math.inf
        self._paints_time = False
        self._wanted = 0.0
        self._due = 0.0
        self._seq = 0
        self._url = "about:blank"

    def run(self) -> None:
        while self._listen():
            now = time.monotonic()
            if self._may_show and now >= self._due:
                interval = 1 / self._fps
                self._due = max(self._due, now - interval) + interval  # a steady beat, without catching up on what was missed
                self._show()

    def close(self) -> None:
        self._pixels.clear()
        self._ring.close()

    @property
    def _title(self) -> str:
        """Tells whoever asks for the page whether every slot has come back."""
        return f"{len(self._free)} of {SLOTS} slots free"

    @property
    def _fps(self) -> float:
        return min(self._wanted, self._limit)

    @property
    def _may_show(self) -> bool:
        return bool(self._free) and bool(self._pictures) and self._fps > 0 and self._left > 0

    def _listen(self) -> bool:
        """Wait until a frame is due, and carry out what comes meanwhile; False when it is time to end."""
        timeout = max(0.0, self._due - time.monotonic()) if self._may_show else None
        while select.select([self._channel], [], [], timeout)[0]:
            message = self._channel.receive()
            if message is None or isinstance(message, Shutdown):
                return False
            self._received(message)
            timeout = 0.0
        return True

    def _received(self, message: Any) -> None:
        match message:
            case Wants(fps):
                self._wanted = fps
            case Release(slot):
                self._free.append(slot)
            case Refresh(token):
                if self._free and self._pictures and self._left > 0:
                    self._show()
                self._channel.send(Done(token, self._seq))
            case Navigate(token, url):
                self._load(token, url)
            case GetPage(token):
                self._channel.send(Page(token, self._title, self._url))
            case _ if hasattr(message, "token"):  # input of any kind, and whatever else is only to be done
                self._channel.send(Done(message.token, self._seq))

    def _load(self, token: int, url: str) -> None:
        parts = urlsplit(url)
        options = {name: float(values[0]) for name, values in parse_qs(parts.query).items()}
        try:
            self._pictures = frames.load(parts.path.strip("/"))
        except FileNotFoundError as error:
            self._channel.send(Refused(token, "load_failed", str(error)))
            return
        self._url = url
        self._filled.clear()
        self._copy = bool(options.get("copy", 1))
        self._limit = options.get("fps", math.inf)
        self._left = options.get("frames", math.inf)
        self._paints_time = bool(options.get("time", 0))
        self._channel.send(Page(token, self._title, url))

    def _show(self) -> None:
        """One frame into the slot that has been free for longest."""
        slot = self._free.popleft()
        self._seq += 1
        self._left -= 1
        pixels = self._pixels[slot]
        timestamp_ms, begin = time.time_ns() // 1_000_000, time.monotonic_ns()
        if self._copy:
            pixels[:] = self._pictures[self._seq % len(self._pictures)]
        elif slot not in self._filled:
            pixels[:] = self._pictures[slot % len(self._pictures)]
            self._filled.add(slot)
        clock.paint(pixels, 10 * timestamp_ms if self._paints_time else self._seq)
        end = time.monotonic_ns()
        height, width, stride = self._ring.head.height, self._ring.head.width, self._ring.stride
        self._ring.write_head(slot, FrameHead(self._seq, begin, end, timestamp_ms, width, height, stride, 0, height))
        self._channel.send(Notice(slot, self._seq, end, begin))
