"""The pictures of the pages in docs/images, of a real server and real sessions: `make screenshots` (ARGS="start phone": some).

It uses the tests' browser (`Page`), looks at the pages as a stranger would, and overwrites what is there.
"""

from __future__ import annotations

import base64
import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from bench import site as bench_site
from bench.client import Client, Frame
from bench.server import Server, run
from tests.e2e.web.conftest import Page, open_browser

IMAGES = Path(__file__).parents[3] / "docs" / "images"
PHONE = {"width": 390, "height": 790, "touch": True, "mobile": True}
FILM = 1100, 690  # pixels of the window that is filmed
FILM_SECONDS = 17.0
FILM_FPS = 10
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

    def more_tabs(self, session: str, *paths: str) -> None:
        """Have it show other pages in tabs behind the one that it shows."""
        with Client(self.server.address) as client:
            client.subscribe(session)
            (first,) = client.wait_for("tab:list").payload["tabs"]
            for path in paths:
                client.emit("tab:new", {"url": self.site + path})
                while not any(tab["url"].endswith(path) for tab in client.wait_for("tab:list").payload["tabs"]):
                    pass
            client.emit("tab:activate", {"tab": first["tab"]})
            while not any(tab["active"] and tab["tab"] == first["tab"] for tab in client.wait_for("tab:list").payload["tabs"]):
                pass

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
    studio.more_tabs("weather", "/shop.html", "/form.html")
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
    page = studio.page
    page.size(768, 1024)
    page.driver.get(studio.server.address)
    page.until("document.querySelectorAll('.thumbnail img:not([hidden])').length >= 1")
    page.js("document.querySelector('details').open = true")
    studio.moments(0.5)
    studio.shoot("tablet-start")


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
    """docs/images/viewer.webp: the viewer in use. It is filmed by Jiomosa: the viewer is a page in a session, "camera"."""
    page, server = studio.page, studio.server
    page.size(*FILM)
    studio.view("weather")
    middles = {}
    for name in ("url", "statistics-button", "picture"):
        rect = page.rect(f"#{name}")
        middles[name] = {"x": round(rect["left"] + rect["width"] / 2), "y": round(rect["top"] + rect["height"] / 2)}
        scale, left, top = rect["width"] / 1280, rect["left"], rect["top"]  # of the picture, in the end
    page.driver.get("about:blank")

    def on(x: float, y: float) -> dict[str, int]:
        return {"x": round(left + x * scale), "y": round(top + y * scale)}

    address = f"{studio.site}/shop.html"
    script: list[tuple[float, str, dict[str, Any]]] = [
        (2.0, "input:click", middles["statistics-button"]),
        (7.0, "input:click", middles["statistics-button"]),
        (7.6, "input:click", middles["url"]),
        *((8.0 + 0.04 * index, "input:text", {"text": letter}) for index, letter in enumerate(address)),
        (9.8, "input:key", {"key": "Enter"}),
        (11.2, "input:click", on(300, 110)),
        *((11.8 + 0.3 * index, "input:text", {"text": letter}) for index, letter in enumerate("cake")),
        (13.6, "input:click", on(215, 304)),
        (14.3, "input:click", on(300, 110)),
        (14.6, "input:key", {"key": "a", "modifiers": ["Control"]}),
        (15.0, "input:text", {"text": "b"}),
        (15.8, "input:click", on(459, 300)),
    ]
    filmed = f"{server.address}/api/session/weather/viewer"
    server.post("/api/session/create", session_id="camera", width=FILM[0], height=FILM[1], url=filmed)
    shown: list[tuple[float, bytes]] = []
    with Client(server.address) as client:
        client.subscribe("camera", fps=FILM_FPS, quality=92, adaptive=False, format="binary")
        client.wait_for_frame()
        studio.moments(3)  # until what the viewer says first has gone
        began = time.monotonic()
        while (now := time.monotonic() - began) < FILM_SECONDS:
            while script and script[0][0] <= now:
                _, event, payload = script.pop(0)
                client.emit(event, payload)
            received = client.receive(0.03)
            if isinstance(received, Frame):
                shown.append((time.monotonic() - began, received.jpeg))
    server.post("/api/session/camera/close")
    times = [at for at, _ in shown] + [FILM_SECONDS + 1.0]
    lasting = [round((after - at) * 1000) for at, after in pairwise(times)]
    options: dict[str, Any] = {"duration": lasting, "loop": 0, "quality": 70, "method": 4}
    first, *others = (_small(jpeg) for _, jpeg in shown)
    first.save(IMAGES / "viewer.webp", save_all=True, append_images=others, **options)


def _small(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.convert("RGB").resize((WIDTH, WIDTH * FILM[1] // FILM[0]), Image.Resampling.LANCZOS)


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
