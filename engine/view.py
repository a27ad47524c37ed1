"""A view: what one viewer sees of a session's screen, and where a point of its picture lies on that screen. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.exchange import WHOLE
from engine.messages import Format, Rendition


@dataclass(frozen=True, slots=True)
class View:
    """A picture of `width` x `height` pixels of a screen of `screen_width` x `screen_height`; never larger than that."""

    width: int = 0
    height: int = 0
    screen_width: int = 0
    screen_height: int = 0
    format: Format = "jpeg"
    grayscale: bool = False
    max_width: int | None = None
    max_height: int | None = None

    def of_screen(self, width: int, height: int) -> View:
        """The same of a screen of another size."""
        return view_of(width, height, self.max_width, self.max_height, format=self.format, grayscale=self.grayscale)

    @property
    def scale(self) -> int:
        """Of the picture, in 64ths of the screen."""
        return max(1, round(WHOLE * self.width / self.screen_width)) if self.screen_width else WHOLE

    @property
    def scaled(self) -> bool:
        return (self.width, self.height) != (self.screen_width, self.screen_height)

    def rendition(self, quality: int) -> Rendition:
        width, height = (self.width, self.height) if self.scaled else (0, 0)
        return Rendition(self.format, quality, width, height, self.grayscale)

    def contains(self, x: float, y: float) -> bool:
        """Whether the picture has a pixel where (x, y) lies."""
        return 0 <= x < self.width and 0 <= y < self.height

    def on_screen(self, x: float, y: float) -> tuple[int, int]:
        """The screen's pixel at the centre of the picture's pixel that (x, y), which must be within, lies in."""
        return (
            (2 * math.floor(x) + 1) * self.screen_width // (2 * self.width),
            (2 * math.floor(y) + 1) * self.screen_height // (2 * self.height),
        )

    def from_screen(self, x: float, y: float) -> tuple[int, int]:
        """A point, or a distance, on the screen as one on the picture."""
        if not self.scaled:
            return round(x), round(y)
        return round(x * self.width / self.screen_width), round(y * self.height / self.screen_height)

    def distance_on_screen(self, dx: float, dy: float) -> tuple[float, float]:
        """A distance on the picture as one on the screen."""
        return dx * self.screen_width / self.width, dy * self.screen_height / self.height


def view_of(
    width: int,
    height: int,
    max_width: int | None = None,
    max_height: int | None = None,
    *,
    format: Format,
    grayscale: bool = False,
) -> View:
    """The largest picture of a screen of `width` x `height` within the limits: its aspect kept, never larger than the screen."""
    scale = min(1.0, (max_width or width) / width, (max_height or height) / height)
    return View(
        max(1, round(width * scale)), max(1, round(height * scale)), width, height, format, grayscale, max_width, max_height
    )
