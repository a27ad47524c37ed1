"""(c) pixelflux, the grabber of Selkies, in JPEG mode, on the X server, window manager and Chromium of ours.

A frame comes as stripes, encoded in parallel and delivered together; it counts as delivered with its last.

    setting                         why
    codec jpeg, the wanted quality  what is compared
    target_fps 60                   what is wanted; it samples the screen at that rate. (At 120 it was no quicker here.)
    use_cpu, use_wayland off        there is no GPU; Chromium draws on X here as it does for us
    capture_cursor off              ours has no cursor in the picture either
    use_paint_over_quality off      no second, better picture of what stands still
    no watermark
    omit_stripe_headers             the JPEG as it is: nothing for us to cut off
    cpu_encode_threading on         JPEG comes in stripes always; encoding them in parallel or not made no difference
    damage settings as they come    never comparing (streaming mode) and always comparing were no better
    priority -15 of its threads     it asks for -10 and -15, and is refused, for it has to start as the X server's user
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from bench.peers.booth import watch
from bench.peers.desk import START_SECONDS, Desk
from bench.peers.task import Peer, Take, Task

PRIORITY = -15


def missing() -> str | None:
    if importlib.util.find_spec("pixelflux") is None:
        return "pixelflux is not installed; `pip install -e '.[peers]'` in the checkout brings it."
    return None


@contextlib.asynccontextmanager
async def play(desk: Desk, takes: list[Take]) -> AsyncIterator[int]:
    """The capture, in threads of its own; it tells nothing."""
    flux: Any = importlib.import_module("pixelflux")
    await desk.xvfb()
    await desk.chromium()
    await desk.window()
    first = asyncio.Event()
    loop = asyncio.get_running_loop()

    def delivered(stripe: Any) -> None:
        takes.append(Take(time.time(), bytes(stripe), stripe.frame_id, stripe.stripe_y_start))
        if len(takes) == 1:
            loop.call_soon_threadsafe(first.set)

    before = set(os.listdir("/proc/self/task"))
    capture = flux.ScreenCapture()
    with _as_user(desk.spec.uid):
        capture.start_capture(delivered, _settings(flux, desk.task))
    try:
        await asyncio.wait_for(first.wait(), START_SECONDS)
        for thread in set(os.listdir("/proc/self/task")) - before:
            with contextlib.suppress(OSError):  # only root may
                os.setpriority(os.PRIO_PROCESS, int(thread), PRIORITY)
        yield 0
    finally:
        capture.stop_capture()


def _settings(flux: Any, task: Task) -> Any:
    settings = flux.CaptureSettings()
    settings.capture_width, settings.capture_height = task.width, task.height
    settings.codec = "jpeg"
    settings.jpeg_quality = task.quality
    settings.target_fps = float(task.fps)
    settings.use_wayland = False
    settings.use_cpu = True
    settings.capture_cursor = False
    settings.use_paint_over_quality = False
    settings.watermark_location_enum = 0
    settings.omit_stripe_headers = True
    settings.cpu_encode_threading = True
    return settings


@contextlib.contextmanager
def _as_user(uid: int | None) -> Iterator[None]:
    """Act as `uid`: the X server can map only segments that its own user has made."""
    if uid is None:
        yield
        return
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


PEER = Peer(
    "pixelflux",
    "up to its callback, without a network",
    missing,
    lambda: f"pixelflux {importlib.metadata.version('pixelflux')}",
    lambda task: watch(play, task),
)
