"""Pictures over plain HTTP: a stream of them that an <img> shows, and one a request for the poorest clients."""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from bench import clock
from bench.client import Client
from bench.server import Server
from tests.e2e.test_clients import browser  # noqa: F401  # a fixture

BOUNDARY = b"jiomosa-picture-4f9d3c61b07e"
Load = Callable[[str], None]


def opened(picture: bytes) -> Image.Image:
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        return image


def viewers(server: Server, session: str) -> int:
    return int(server.get(f"/api/session/{session}/info")["viewers"])


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def parts(body: Iterator[bytes], boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(header, content) of each part, by the boundary alone."""
    data = b""
    for piece in body:
        data += piece
        *whole, data = data.split(b"--" + boundary + b"\r\n")
        for part in whole:
            head, _, content = part.partition(b"\r\n\r\n")
            if content:
                yield head, content.removesuffix(b"\r\n")


@pytest.mark.parametrize("lengths", ["0", "1"])
def test_a_stream_is_pictures_in_parts_and_its_client_a_viewer(server: Server, session: str, load: Load, lengths: str) -> None:
    load("/canvas.html")
    options = {"max_width": "400", "grayscale": "true", "quality": "30", "fps": "20", "lengths": lengths}
    address = f"{server.address}/api/session/{session}/stream.mjpeg"
    with requests.get(address, options, stream=True, timeout=20) as response:
        assert response.status_code == 200
        assert "Transfer-Encoding" not in response.headers
        found = re.fullmatch(r"multipart/x-mixed-replace; ?boundary=(\S+)", response.headers["Content-Type"])
        assert found
        stream = parts(iter(response.raw.read1, b""), found[1].encode())
        for (head, picture), _ in zip(stream, range(10), strict=False):
            assert head.startswith(b"Content-Type: image/jpeg")
            assert (b"\r\nContent-Length: %d" % len(picture) in head) == (lengths == "1")
            image = opened(picture)
            assert (image.size, image.mode) == ((400, 300), "L")
        assert viewers(server, session) == 1
    until(lambda: viewers(server, session) == 0)


def test_a_stream_ends_with_its_session(server: Server, session: str, load: Load) -> None:
    load("/still.html")
    with requests.get(f"{server.address}/api/session/{session}/stream.mjpeg", stream=True, timeout=20) as response:
        body = iter(response.raw.read1, b"")
        until(lambda: b"JFIF" in next(body))
        server.post(f"/api/session/{session}/close")
        for _ in body:
            pass  # ends, or the timeout fails the test


def test_a_client_that_does_not_read_holds_nobody_up_and_then_gets_the_present(
    server: Server, client: Client, session: str, load: Load
) -> None:
    load("/canvas.html")
    parsed = urlsplit(server.address)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        slow.settimeout(10)
        slow.connect((parsed.hostname, parsed.port))
        slow.sendall(f"GET /api/session/{session}/stream.mjpeg HTTP/1.1\r\nHost: {parsed.netloc}\r\n\r\n".encode())
        until(lambda: viewers(server, session) == 1)
        client.emit("subscribe", {"session_id": session})
        for _ in range(60):
            client.wait_for_frame(5)
        stream = parts(iter(lambda: slow.recv(65536), b""), BOUNDARY)
        ages = []
        for (_, picture), _ in zip(stream, range(4), strict=False):
            reading = clock.read(picture)
            assert reading is not None
            ages.append(reading.age_ms(time.time()))
        assert ages[0] > 1000, "nothing stood still: this test shows nothing"
        assert max(ages[2:]) < 1000, f"pictures of long ago queued up on the way: {ages}"


def test_an_image_element_shows_each_picture_at_once(
    browser: Any,  # noqa: F811
    server: Server,
    session: str,
    load: Load,
) -> None:
    """Of a page that does not move again: no later part pushes the picture out."""
    load("/colour.html?rgb(10,200,30)")
    browser.get(f"{server.address}/docs")  # a page of the same origin, so that the picture's pixels may be read
    browser.execute_script("document.body.innerHTML = '<img id=view>'")
    browser.execute_script(
        "document.getElementById('view').src = arguments[0]", f"/api/session/{session}/stream.mjpeg?max_width=400"
    )
    look = """
        const view = document.getElementById('view'), canvas = document.createElement('canvas');
        canvas.width = 1; canvas.height = 1;
        if (!view.naturalWidth) return null;
        canvas.getContext('2d').drawImage(view, 0, 0);
        return [view.naturalWidth, ...canvas.getContext('2d').getImageData(0, 0, 1, 1).data.slice(0, 3)];
    """

    def shows(*colour: int) -> bool:
        seen = browser.execute_script(look)
        return seen is not None and seen[0] == 400 and all(abs(a - b) < 12 for a, b in zip(seen[1:], colour, strict=True))

    until(lambda: shows(10, 200, 30))
    load("/colour.html?rgb(200,20,90)")
    until(lambda: shows(200, 20, 90))
    server.post(f"/api/session/{session}/close")  # the stream ends first, long before this returns
    assert shows(200, 20, 90), "the end took the last picture away"
    browser.get("about:blank")


def test_one_request_for_each_change(server: Server, session: str, load: Load) -> None:
    load("/colour.html?rgb(10,200,30)")
    address = f"{server.address}/api/session/{session}/frame.jpg"
    options = {"max_width": "200", "quality": "40"}
    first = requests.get(address, options, timeout=10)
    assert (first.status_code, first.headers["Content-Type"]) == (200, "image/jpeg")
    assert opened(first.content).size == (200, 150)
    same = {"If-None-Match": first.headers["ETag"]}
    assert requests.get(address, options, headers=same, timeout=10).status_code == 304
    assert requests.get(address, options | {"grayscale": "1"}, headers=same, timeout=10).status_code == 200
    begin = time.monotonic()
    unchanged = requests.get(address, options | {"wait": "0.7"}, headers=same, timeout=10)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert 0.7 <= time.monotonic() - begin < 5
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(requests.get, address, options | {"wait": "30"}, headers=same, timeout=40)
        time.sleep(0.3)
        assert not waiting.done()
        load("/colour.html?rgb(200,20,90)")
        changed = waiting.result(10)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert viewers(server, session) == 0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("frame.jpg?quality=9", "`quality`"),
        ("frame.jpg?wait=61", "`wait`"),
        ("frame.jpg?wait=nan", "`wait`"),
        ("frame.jpg?max_width=wide", "`max_width`"),
        ("stream.mjpeg?fps=61", "`fps`"),
        ("stream.mjpeg?fps=nan", "`fps`"),
        ("stream.mjpeg?grayscale=perhaps", "`grayscale`"),
    ],
)
def test_a_bad_option_is_named(server: Server, session: str, path: str, words: str) -> None:
    answer = requests.get(f"{server.address}/api/session/{session}/{path}", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert words in answer.json()["error"]
    missing = requests.get(f"{server.address}/api/session/nobody/{path}", timeout=10)
    assert missing.status_code == 404
