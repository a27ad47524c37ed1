"""The windows on the screen of a capture process."""

from __future__ import annotations

from capture.display import Display
from tests.process.capture_rig import Rig


def windows(rig: Rig) -> list[int]:
    """Those that are shown."""
    display = Display(rig.display, rig.folder / "Xauthority")
    try:
        children = display.core.QueryTree(display.root).reply().children
        shown = [display.core.GetWindowAttributes(window).reply().map_state for window in children]
    finally:
        display.close()
    return [window for window, state in zip(children, shown, strict=True) if state]
