"""The clients that people have: socket.io-client, the document's version and the newest, in Node and Chromium; and Python's."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from bench.server import Server

ROOT = Path(__file__).parents[2]
NODE_CLIENT = Path(__file__).parent / "clients" / "node.js"
VERSIONS = ["socket.io-client-4.5.4", "socket.io-client-newest"]
FIELDS = ["height", "image", "quality", "seq", "size", "timestamp", "width"]


@pytest.mark.parametrize("format", ["base64", "binary"])
@pytest.mark.parametrize("transports", ["websocket", "polling,websocket", "polling"])
@pytest.mark.parametrize("version", VERSIONS)
def test_socket_io_client_under_node(
    server: Server, session: str, load: Callable[[str], None], version: str, transports: str, format: str
) -> None:
    load("/canvas.html")
    done = subprocess.run(
        ["node", str(NODE_CLIENT), version, server.address, session, transports, format],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    met = json.loads(done.stdout)
    assert met["failure"] is None, met
    assert met["frames"] >= 5
    assert met["jpeg"], "a frame was not what its fields say"
    assert met["fields"] == FIELDS
    events = met["events"]
    assert events["subscribed"]["session_id"] == session
    assert events["subscribed"]["quality"] == 75
    assert events["subscribed"]["fps"] == 30
    assert events["subscribed"]["format"] == format
    assert events["input:acknowledged"]["type"] in ("click", "scroll", "text")
    assert events["quality:updated"] == {"quality": 75}
    assert events["fps:updated"] == {"fps": 30}
    assert events["adaptive:updated"] == {"enabled": True}
    assert "outside" in events["error"]["message"]
    assert events["unsubscribed"] is None
    assert met["transport"] == ("polling" if transports == "polling" else "websocket")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """A headless Chromium: a user's, with its own page."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/lib/chromium/chromium"
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"):
        options.add_argument(flag)
    # A desktop Chromium keeps pages of unknown origin away from this machine's own addresses; a device's WebView does not.
    options.add_argument("--disable-features=LocalNetworkAccessChecks")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_documents_page_in_chromium(
    browser: webdriver.Chrome, server: Server, session: str, load: Callable[[str], None], version: str
) -> None:
    """The ThreadX example's page: a data: URL with an <img>, from the origin `null`, with the client's script in it."""
    load("/canvas.html")
    script = (ROOT / "build/clients/node_modules" / version / "dist/socket.io.min.js").read_text()
    browser.get("data:text/html,<img id='view' style='width:100%;height:100%'/>")
    browser.execute_script(script)
    browser.execute_script(
        """
        window.shown = 0;
        const socket = window.io(arguments[0]);
        socket.emit('subscribe', {session_id: arguments[1]});
        socket.on('frame', d => {
          const view = document.getElementById('view');
          view.onload = () => { window.shown += 1; };
          view.src = 'data:image/jpeg;base64,' + d.image;
        });
        """,
        server.address,
        session,
    )
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script("return window.shown") >= 5)
    assert browser.execute_script("return document.getElementById('view').naturalWidth") == 800
    browser.get("about:blank")


@pytest.mark.parametrize("transports", [None, ["websocket"], ["polling"]])
def test_the_documents_python_client(
    server: Server, session: str, load: Callable[[str], None], transports: list[str] | None
) -> None:
    load("/canvas.html")
    client = socketio.Client()
    subscribed: dict[str, Any] = {}
    pictures: list[bytes] = []
    acknowledged, shown = threading.Event(), threading.Event()

    @client.on("frame")  # type: ignore[untyped-decorator]
    def on_frame(data: dict[str, Any]) -> None:
        pictures.append(base64.b64decode(data["image"]))
        shown.set()

    @client.on("subscribed")  # type: ignore[untyped-decorator]
    def on_subscribed(data: dict[str, Any]) -> None:
        subscribed.update(data)
        client.emit("input:click", {"x": 100, "y": 200})

    @client.on("input:acknowledged")  # type: ignore[untyped-decorator]
    def on_acknowledged(data: dict[str, Any]) -> None:
        acknowledged.set()

    client.connect(server.address, transports=transports)
    client.emit("subscribe", {"session_id": session})
    assert acknowledged.wait(20)
    assert shown.wait(20)
    assert subscribed["session_id"] == session
    client.disconnect()
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
