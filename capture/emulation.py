"""Has the browser present itself as the device that its session asked for, in every tab.

    by a flag, from the first byte on   pixel scale, touch events, user agent
    by BiDi, for all tabs               how many fingers; client hints
    by DevTools, tab by tab             the layout of a phone, which a new tab has a moment after it opens

A page that is opened by another may ask for the number of fingers and for client hints before BiDi has told it; the user agent,
in requests as in scripts, is right from the start.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from capture.bidi import Bidi, CommandFailed
from engine.device import Device
from engine.errors import ChildGone
from engine.holding import MOST_FINGERS

# Chrome on Android with its version cut to the first number, as Chrome itself sends it since version 110.
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Mobile Safari/537.36"
EVERY_TAB = {"userContexts": ["default"]}


def flags(device: Device, version: str) -> list[str]:
    """What Chromium of this version is started with."""
    found = []
    if device.scale != 1:
        found.append(f"--force-device-scale-factor={device.scale:g}")
    if device.touch:
        found.append("--touch-events=enabled")
    user_agent = device.user_agent or (ANDROID.format(major=_major(version)) if device.mobile else "")
    if user_agent:
        found.append(f"--user-agent={user_agent}")
    return found


class Emulation:
    """Of `device`, by a browser of this version. Hand all events to `on_event`."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._bidi: Bidi | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, bidi: Bidi, version: str) -> None:
        """Begin with the tabs that there are; their pages must not have loaded yet."""
        self._bidi = bidi
        if self._device.touch:
            await bidi.call("emulation.setTouchOverride", maxTouchPoints=MOST_FINGERS, **EVERY_TAB)
        if self._device.mobile and not self._device.user_agent:
            await bidi.call("userAgentClientHints.setClientHintsOverride", clientHints=_hints(version), **EVERY_TAB)
        if self._device.mobile:
            tree = await bidi.call("browsingContext.getTree", maxDepth=0)
            for context in tree["contexts"]:
                await self._lay_out(context["context"])

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == "browsingContext.contextCreated" and params.get("parent") is None and self._device.mobile and self._bidi:
            task = asyncio.create_task(self._lay_out(params["context"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _lay_out(self, context: str) -> None:
        """As on a phone; zeros leave size and scale as they are."""
        assert self._bidi is not None
        metrics = {"width": 0, "height": 0, "deviceScaleFactor": 0, "mobile": True}
        with contextlib.suppress(CommandFailed, ChildGone):  # the tab has been closed again
            session = (await self._bidi.call("goog:cdp.getSession", context=context))["session"]
            await self._bidi.call(
                "goog:cdp.sendCommand", method="Emulation.setDeviceMetricsOverride", params=metrics, session=session
            )


def _major(version: str) -> str:
    return version.partition(".")[0]


def _hints(version: str) -> dict[str, Any]:
    """Client hints that fit ANDROID."""
    brand = {"brand": "Chromium", "version": _major(version)}
    return {
        "mobile": True,
        "platform": "Android",
        "platformVersion": "10.0.0",
        "model": "K",
        "formFactors": ["Mobile"],
        "architecture": "",
        "bitness": "",
        "wow64": False,
        "brands": [brand],
        "fullVersionList": [{**brand, "version": f"{_major(version)}.0.0.0"}],
    }
