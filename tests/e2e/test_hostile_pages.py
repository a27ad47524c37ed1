"""What pages may try, before a real server and a viewer: what is seen, what is told, and that a person can always leave.

One server, one session. A row of docs/pages.md, or two, a test.
"""

from __future__ import annotations

import contextlib
import io
import os
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from PIL import Image

from bench.client import Client, Event
from bench.server import Server, run
from tests.e2e.hostile_site import MARK, serve

ID = "hostile"
WIDTH, HEIGHT = 400, 300
SECONDS = 20.0
MEMORY_MB = 900
MOST_LOOKED_AT = 5_000_000  # bytes of a file; what is offered is small


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run(encoders=1, load_timeout=10, max_session_memory=MEMORY_MB) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """Address of the site; `localhost`, for which browsers do what they do for https only."""
    with serve() as port:
        yield f"http://localhost:{port}"


class Viewer:
    """Somebody who watches and steers the session."""

    def __init__(self, server: Server, pages: str) -> None:
        self.server, self.pages = server, pages
        self.page: dict[str, Any] = {}  # the last that was told
        self.client = Client(server.address)
        self.client.subscribe(ID, fps=20, adaptive=False, quality=90)
        self.client.wait_for("subscribed")

    def opens(self, name: str) -> None:
        url = f"{self.pages}/{name}"
        self.client.emit("navigate", {"url": url})
        self.told("status", lambda status: status["message"] == f"Loaded {url}")
        self.told("page", lambda page: page["url"] == url)

    def works(self, x: int = 200, y: int = 150) -> None:
        """Another page is loaded, and a click arrives where it is made; `print` prints, and must go on."""
        self.opens("print")
        self.title("printed")
        self.clicks(x, y)
        self.title(f"printed click {x},{y}")

    def told(self, name: str, fits: Callable[[dict[str, Any]], bool] = lambda payload: True) -> dict[str, Any]:
        """The next event of this name that fits."""
        deadline = time.monotonic() + SECONDS
        seen = []
        while time.monotonic() < deadline:
            event = self.client.receive(deadline - time.monotonic())
            if isinstance(event, Event):
                seen.append((event.name, event.payload))
                if event.name == "page":
                    self.page = event.payload
                if event.name == name and fits(event.payload):
                    return event.payload
        raise AssertionError(f"no such {name!r} event among {seen}")

    def code(self, code: str) -> str:
        """The sentence of the next status with this code."""
        return str(self.told("status", lambda payload: payload.get("code") == code)["message"])

    def title(self, wanted: str) -> None:
        if self.page.get("title") != wanted:
            self.told("page", lambda page: page["title"] == wanted)

    def clicks(self, x: int = 200, y: int = 150) -> None:
        self.client.emit("input:click", {"x": x, "y": y})

    def presses(self, key: str) -> None:
        self.client.emit("input:key", {"key": key})

    def sees(self, *points: tuple[int, int]) -> None:
        """Wait until a newly asked for picture is the page's green at these points."""
        deadline = time.monotonic() + SECONDS
        while True:
            answer = requests.get(f"{self.server.address}/api/session/{ID}/frame.jpg", timeout=SECONDS)
            with Image.open(io.BytesIO(answer.content)) as image:
                colours = [image.convert("RGB").getpixel(point) for point in points]
            if all(_near(colour) for colour in colours):
                return
            assert time.monotonic() < deadline, colours
            time.sleep(0.1)


def _near(colour: Any) -> bool:
    red, green, blue = colour
    return bool(red < 40 and 130 < green < 190 and blue < 40)


EVERYWHERE = [(x, y) for x in (3, 100, 200, 300, 396) for y in (3, 75, 150, 225, 296)]


@pytest.fixture(scope="module")
def viewer(server: Server, pages: str) -> Iterator[Viewer]:
    server.post("/api/session/create", session_id=ID, width=WIDTH, height=HEIGHT, url=f"{pages}/plain")
    viewer = Viewer(server, pages)
    yield viewer
    viewer.client.close()
    server.post(f"/api/session/{ID}/close")


def left_behind(folder: Path, since: float) -> list[Path]:
    """Files in `folder`, changed since, whose name or content is that of a download."""
    found = []
    # Other sessions may come and go in /tmp meanwhile, which os.walk does not mind.
    for path in (Path(parent, name) for parent, _, names in os.walk(folder) for name in names):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_mtime < since:
                continue
            if MARK in path.name or (status.st_size < MOST_LOOKED_AT and MARK.encode() in path.read_bytes()):
                found.append(path)
    return found


def session_folder(server: Server) -> Path:
    """That of the only session, by what its browser was told."""
    for process in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            for word in process.cmdline():
                if word.startswith("--user-data-dir="):
                    return Path(word.partition("=")[2]).parent
    raise AssertionError("no browser")


@pytest.mark.parametrize("page", ["attachment", "blob"])
def test_what_is_offered_as_a_download_is_told_and_nothing_is_stored(server: Server, viewer: Viewer, page: str) -> None:
    folder, since = session_folder(server), time.time() - 1
    assert (folder / "profile").is_dir()
    viewer.opens(page)
    viewer.presses("a")
    assert MARK in viewer.code("download")
    viewer.sees(*EVERYWHERE)  # no bubble of the browser's over the page
    for place in {folder, Path("/tmp")}:
        assert left_behind(place, since) == []


def test_a_page_that_prints_goes_on(viewer: Viewer) -> None:
    viewer.works()
    viewer.sees(*EVERYWHERE)


@pytest.mark.parametrize(
    ("page", "caught", "free"),
    # Last of all the ways is Escape: for a while after it Chromium grants no pointer lock.
    [("fullscreen", "full", "left"), ("lock", "locked", "free"), ("keyboard", "full", None)],
)
def test_full_screen_and_pointer_lock_are_left_by_navigate_back_and_escape(
    viewer: Viewer, page: str, caught: str, free: str | None
) -> None:
    """Not by Escape where the page keeps that key for itself."""
    for way in ("navigate", "back", "Escape"):
        viewer.opens("plain")
        viewer.opens(page)
        viewer.clicks()
        viewer.title(caught)
        if way == "back":
            viewer.client.emit("back")
            viewer.told("page", lambda page: page["url"].endswith("/plain"))
        elif way == "Escape":
            viewer.presses("Escape")
            viewer.title(free or "full key Escape")
        viewer.works(20, 30)
        viewer.sees(*EVERYWHERE)


def test_escape_goes_to_a_page_that_is_not_full_screen_and_leaves_its_window_alone(viewer: Viewer) -> None:
    for page in ("print", "popup"):
        viewer.opens(page)
        if page == "popup":
            viewer.clicks()
            viewer.told("page", lambda page: page["url"].endswith("/print"))
            viewer.title("printed")
        viewer.presses("Escape")
        viewer.title("printed key Escape")
        viewer.sees(*EVERYWHERE)
    viewer.client.emit("back")
    viewer.told("page", lambda page: page["url"].endswith("/popup"))


def test_permissions_are_refused_without_a_question(viewer: Viewer) -> None:
    viewer.opens("permissions")
    viewer.clicks()
    page = viewer.told("page", lambda page: page["title"].startswith("notifications"))
    outcomes = dict(part.split() for part in page["title"].split(", "))
    assert outcomes.pop("notifications") == "denied"
    assert set(outcomes) == {"camera", "microphone", "screen", "clipboard"}
    assert set(outcomes.values()) <= {"NotAllowedError", "NotFoundError"}, outcomes
    viewer.sees(*EVERYWHERE)


def test_what_a_page_copies_is_told(viewer: Viewer) -> None:
    viewer.opens("copies")
    viewer.clicks()
    assert viewer.told("clipboard") == {"text": "copied by the page"}


def test_a_certificate_that_nobody_vouches_for_is_told_in_words(viewer: Viewer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    viewer.opens("plain")
    with serve(context) as port:
        viewer.client.emit("navigate", {"url": f"https://localhost:{port}/plain"})
        error = viewer.told("error")
    assert error["code"] == "load_failed"
    assert "ERR_CERT_AUTHORITY_INVALID (its certificate, or the encryption, cannot be trusted)" in error["message"]
    viewer.client.emit("back")  # at once, while the browser's warning is not there yet
    viewer.told("page", lambda page: page["url"] == f"{viewer.pages}/plain" and not page["loading"])
    viewer.sees(*EVERYWHERE)


@pytest.mark.parametrize("page", ["mailto", "unknown"])
@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be sure to put the policies on.")
def test_an_address_of_another_program_opens_nothing(viewer: Viewer, page: str) -> None:
    viewer.opens(page)
    viewer.clicks()
    assert "only another program" in viewer.code("no_program")
    assert "ERR_BLOCKED_BY_ADMINISTRATOR (it may not be opened here)" in viewer.code("load_failed")
    viewer.told("page", lambda told: not told["url"].startswith("http") and not told["loading"])
    viewer.client.emit("back")
    viewer.told("page", lambda told: told["url"].endswith(f"/{page}"))
    viewer.presses("x")  # no other window has the input, nor is any over the page
    viewer.title("here key x")
    viewer.sees(*EVERYWHERE)


def test_ten_thousand_moving_elements_are_frames_and_input(viewer: Viewer) -> None:
    viewer.opens("elements")
    seqs: list[int] = []
    viewer.title("moving")
    while len(seqs) < 10:
        seqs.append(viewer.client.wait_for_frame(SECONDS).fields["seq"])
    assert seqs == sorted(set(seqs)), "an older frame after a newer one"
    viewer.clicks()
    viewer.title("moving click 200,150")
    viewer.presses("x")
    viewer.title("moving key x")
    viewer.opens("plain")
    viewer.sees(*EVERYWHERE)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "chrome://version", "javascript:alert(1)", "http://"])
def test_a_tab_opens_at_no_address_that_a_page_may_not_have(server: Server, viewer: Viewer, url: str) -> None:
    before = server.get(f"/api/session/{ID}/tabs")["tabs"]
    viewer.client.emit("tab:new", {"url": url})
    said = viewer.told("error")
    viewer.client.emit("navigate", {"url": url})
    assert viewer.told("error") == said
    assert said["code"] == "bad_request"
    assert requests.post(f"{server.address}/api/session/{ID}/tabs", json={"url": url}, timeout=SECONDS).status_code == 400
    assert server.get(f"/api/session/{ID}/tabs")["tabs"] == before


def test_a_page_that_takes_all_memory_is_ended_and_the_session_goes_on(viewer: Viewer) -> None:
    """Without a pause, so that nothing in the page can be asked to stop."""
    limit = f"{MEMORY_MB} MB, MAX_SESSION_MEMORY"
    viewer.opens("greedy")
    viewer.presses("a")
    assert limit in viewer.code("rebuilding")
    viewer.code("rebuilt")
    viewer.works()
    viewer.sees(*EVERYWHERE)
    viewer.opens("elements")
    assert viewer.client.wait_for_frame().jpeg
