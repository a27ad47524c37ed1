"""The device that a session's browser takes itself to run on: its screen, and how it presents itself to pages."""

from __future__ import annotations

import msgspec

from engine.checks import MAX_HEIGHT, MAX_WIDTH
from engine.errors import BadRequest

MAX_PIXELS = MAX_WIDTH * MAX_HEIGHT  # what an encoder's packets have room for


class Device(msgspec.Struct, frozen=True):
    """Make with `device_of`, which checks.

    width, height          pixels of the screen, and of every frame
    max_width, max_height  the most that the screen can be resized to; the X server claims the memory for it at once
    scale                  pixels of the screen in one CSS pixel, across and down
    touch                  it has a touch screen
    mobile                 pages are laid out as on a phone: by their viewport meta tag, with scroll bars over the content
    user_agent             what the browser calls itself; empty: what it is, or where `mobile` the same on Android
    """

    width: int
    height: int
    max_width: int
    max_height: int
    scale: float = 1.0
    touch: bool = False
    mobile: bool = False
    user_agent: str = ""

    def resized(self, width: int, height: int) -> Device:
        """The same with another screen. Raises `BadRequest` where that is more than it may have."""
        if width > self.max_width or height > self.max_height:
            raise BadRequest(
                f"This session can be resized to at most {self.max_width}x{self.max_height} pixels; create one with a larger "
                "`max_width` and `max_height`."
            )
        _check_pixels(width, height)
        return msgspec.structs.replace(self, width=width, height=height)


def device_of(
    width: int,
    height: int,
    max_width: int | None = None,
    max_height: int | None = None,
    *,
    scale: float = 1.0,
    touch: bool | None = None,
    mobile: bool = False,
    user_agent: str = "",
) -> Device:
    """A device; by default its screen can be turned, but not grow, and has touch where it is `mobile`. Raises `BadRequest`."""
    longer = max(width, height)
    limits = max_width or longer, max_height or longer
    if limits[0] < width or limits[1] < height:
        raise BadRequest("`max_width` and `max_height` must not be less than `width` and `height`.")
    _check_pixels(width, height)
    return Device(width, height, *limits, scale, mobile if touch is None else touch, mobile, user_agent)


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadRequest(f"A screen of {width}x{height} has more than {MAX_PIXELS} pixels, the most there may be.")
