"""The pictures of the pages in docs/images, of a real server and real sessions: `make screenshots` (ARGS="start phone": some).

It uses the tests' browser (`Page`), looks at the pages as a stranger would, and overwrites what is there.
"""

from __future__ import annotations

import base64
import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bench import site as bench_site
from bench.server import Server, run
from tests.e2e.web.conftest import Page, open_browser

IMAGES = Path(__file__).parents[3] / "docs" / "images"
PHONE = {"width": 390, "height": 790, "touch": True, "mobile": True}
SECONDS = 11  # of the moving picture
FPS = 8  # of the moving picture
WIDTH = 800  # pixels of the moving picture


class Studio:
    """A server with sessions in it, and a browser to look at them with."""

    def __init__(self, server: Server, site: str, page: Page) -> None:
        self.server, self.site, self.page = server, site, page

    def shoot(self, name: str) -> None:
        """Write docs/images/NAME.png."""
        data = base64.b64decode(self.page.cdp("Page.captureScreenshot", format="png")["data"])
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)

    def dark(self, on: bool) -> None:
        self.page.cdp(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        )

    def view(self, session: str) -> None:
        self.page.driver.get(f"{self.server.address}/api/session/{session}/viewer")
        self.page.until("document.getElementById('notice').hidden && document.getElementById('picture').width > 16")
        self.page.until("document.getElementById('toasts').textContent === ''")

    def click_picture(self, x: float, y: float) -> None:
        """Click the pixel (x, y) of a picture of 1280x720."""
        rect = self.page.rect()
        self.page.mouse(
            "mouseMoved", *(point := (rect["left"] + x * rect["width"] / 1280, rect["top"] + y * rect["height"] / 720))
        )
        self.page.click(*point)

    def type(self, text: str) -> None:
        self.page.cdp("Input.insertText", text=text)

    def select_all(self) -> None:
        self.page.key("a", 65, modifiers=2)

    def moments(self, seconds: float) -> None:
        """Let the page live, so that graphs and thumbnails have something to show."""
        time.sleep(seconds)


def start(studio: Studio) -> None:
    page = studio.page
    page.size(1280, 1080)
    page.driver.get(studio.server.address)
    page.until("document.querySelectorAll('.thumbnail img:not([hidden])').length === 3")
    page.until("Array.from(document.querySelectorAll('.thumbnail img')).every(function (image) { return image.naturalWidth; })")
    studio.shoot("start")
    studio.dark(True)
    studio.shoot("start-dark")
    studio.dark(False)


def phone(studio: Studio) -> None:
    page = studio.page
    page.size(390, 844, 2, mobile=True)
    page.driver.get(studio.server.address)
    page.until("document.querySelectorAll('.session').length === 3")
    studio.moments(1)
    studio.shoot("phone-start")
    studio.view("phone")
    studio.moments(1)
    studio.shoot("phone-viewer")
    page.js("document.getElementById('settings-button').click()")
    studio.shoot("phone-menu")


def viewer(studio: Studio) -> None:
    page = studio.page
    page.size(1280, 800)
    studio.view("weather")
    studio.moments(1)
    studio.shoot("viewer")
    page.js("document.getElementById('statistics-button').click()")
    studio.moments(40)
    studio.shoot("statistics")
    studio.dark(True)
    studio.moments(1.5)
    studio.shoot("statistics-dark")
    page.js("document.getElementById('statistics-button').click()")
    page.key("F1", 112)
    page.until("document.querySelector('.modal')")
    studio.shoot("shortcuts-dark")
    page.key("Escape", 27)
    studio.dark(False)


def tablet(studio: Studio) -> None:
    studio.page.size(768, 1024, 1)
    studio.view("bakery")
    studio.page.js("document.getElementById('settings-button').click()")
    studio.moments(1)
    studio.shoot("tablet-menu")


def admin(studio: Studio) -> None:
    page = studio.page
    for session in ("weather", "phone"):  # somebody watches
        page.driver.switch_to.new_window("tab")
        studio.view(session)
    page.driver.switch_to.new_window("tab")
    page.size(1280, 1000)
    page.driver.get(f"{studio.server.address}/admin")
    page.until("document.querySelectorAll('.session').length === 3")
    studio.moments(5)
    studio.shoot("operator")
    studio.dark(True)
    studio.shoot("operator-dark")
    studio.dark(False)


def movie(studio: Studio) -> None:
    """docs/images/viewer.webp: a page in the viewer, used, as it is recorded here."""
    page = studio.page
    page.size(1100, 690)
    studio.view("bakery")
    script: list[tuple[float, Callable[..., object], tuple[object, ...]]] = [
        (0.8, studio.click_picture, (300, 110)),
        *((1.5 + 0.35 * index, studio.type, (letter,)) for index, letter in enumerate("cake")),
        (4.2, studio.click_picture, (195, 345)),
        (5.2, studio.select_all, ()),
        (5.8, studio.type, ("b",)),
        (6.8, studio.click_picture, (510, 345)),
        (7.6, page.js, ("document.getElementById('statistics-button').click()",)),
    ]
    frames: list[Image.Image] = []
    times: list[float] = []
    began = time.monotonic()
    while (now := time.monotonic() - began) < SECONDS:
        while script and script[0][0] <= now:
            _, act, arguments = script.pop(0)
            act(*arguments)
        data = base64.b64decode(page.cdp("Page.captureScreenshot", format="jpeg", quality=92)["data"])
        with Image.open(io.BytesIO(data)) as image:
            frames.append(image.convert("RGB").resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS))
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, len(frames) / FPS - (time.monotonic() - began)))
    lasting = [round((after - before) * 1000) for before, after in zip(times, [*times[1:], times[-1] + 1.5], strict=True)]
    frames[0].save(
        IMAGES / "viewer.webp",
        save_all=True,
        append_images=frames[1:],
        duration=lasting,
        loop=0,
        quality=72,
        method=4,
        minimize_size=True,
    )


SCENES = {scene.__name__: scene for scene in (start, phone, viewer, tablet, admin, movie)}


@contextmanager
def studio() -> Iterator[Studio]:
    """Three sessions that somebody might have."""
    with bench_site.serve() as site, run(freeze_after=0) as server, open_browser() as page:
        for name, path, size in (
            ("weather", "/demo.html", {}),
            ("bakery", "/shop.html", {}),
            ("phone", "/shop.html", PHONE),
        ):
            server.post("/api/session/create", session_id=name, url=site + path, **size)
        yield Studio(server, site, page)


def main() -> None:
    wanted = sys.argv[1:] or list(SCENES)
    with studio() as place:
        for name in wanted:
            SCENES[name](place)


if __name__ == "__main__":
    main()
