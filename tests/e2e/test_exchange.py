"""What viewers and pages exchange besides pictures: sizes, clipboard, focus, files; and what a viewer held that has gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import requests

from bench.client import Client
from bench.server import Server
from tests.process.echo_site import echo

WIDTH, HEIGHT = 640, 480
PAGE = """<style>*{margin:0}input{position:fixed;border:0;padding:0;width:200px;height:40px}</style>
<input id=field style="left:100px;top:60px"><input type=file style="left:100px;top:200px">
<script>
field.oninput = () => document.title = field.value;
onkeydown = event => document.title = 'down ' + event.key;
onkeyup = event => document.title = 'up ' + event.key;
onchange = event => { if (event.target.files) document.title = [...event.target.files].map(file => file.name + file.size); };
</script>"""


@pytest.fixture
def session(server: Server) -> Iterator[str]:
    size = {"width": WIDTH, "height": HEIGHT, "max_width": 800, "max_height": 600}
    with echo() as address:
        server.post("/api/session/create", session_id="exchange", **size, url=address(PAGE))
        yield "exchange"
        server.post("/api/session/exchange/close")


def test_page_and_viewers_exchange_more_than_pictures(
    server: Server, client: Client, session: str, title_becomes: Callable[[str], bool]
) -> None:
    client.subscribe(session, max_width=320)
    assert client.wait_for("subscribed").payload["width"] == 320
    assert not client.wait_for("focus").payload["editable"]
    assert client.wait_for("cursor").payload["width"] > 0

    client.emit("input:click", {"x": 75, "y": 40})
    focus = client.wait_for("focus").payload
    assert focus == {
        "editable": True,
        "type": "text",
        "multiline": False,
        "length": 0,
        "x": 50,
        "y": 30,
        "width": 100,
        "height": 20,
    }
    client.emit("clipboard:set", {"text": "नमस्ते"})
    client.wait_for("clipboard:updated")
    client.emit("input:key", {"key": "v", "modifiers": ["Control"]})
    client.emit("input:key", {"key": "a", "modifiers": ["Control"]})
    client.emit("input:key", {"key": "c", "modifiers": ["Control"]})
    assert client.wait_for("clipboard").payload == {"text": "नमस्ते"}

    client.emit("input:click", {"x": 75, "y": 110})
    asked = client.wait_for("file").payload
    upload = f"{server.address}/api/session/{session}/files/{asked['id']}"
    body = b"x" * 300_000  # more than any other request may have
    answer = requests.post(upload, files={"file": ("pÿth/../ü.txt", body)}, timeout=20)
    assert answer.status_code == 200, answer.text
    assert answer.json()["files"] == ["ü.txt"]
    assert title_becomes("ü.txt300000")
    assert client.wait_for("file:closed").payload == {"id": asked["id"]}
    assert requests.post(upload, data=b"", timeout=20).status_code == 404

    client.emit("resize", {"width": 480, "height": 600})
    assert client.wait_for("resized").payload == {"width": 320, "height": 400}
    frame = client.wait_for_frame()
    while frame.fields["height"] != 400:
        frame = client.wait_for_frame()
    answer = requests.post(f"{server.address}/api/session/{session}/resize", json={"width": 800, "height": 600}, timeout=20)
    assert (answer.json()["width"], answer.json()["height"]) == (800, 600)
    assert client.wait_for("resized").payload == {"width": 320, "height": 240}
    client.emit("resize", {"width": 801, "height": 600})
    assert "800x600" in client.wait_for("error").payload["message"]

    with Client(server.address) as other:
        other.subscribe(session)
        other.wait_for("subscribed")
        other.emit("input:key", {"key": "w", "action": "down"})
        other.wait_for("input:acknowledged")
        assert title_becomes("down w")
    assert title_becomes("up w"), "its key is stuck"


def test_the_socketio_side_is_described(server: Server) -> None:
    document = requests.get(f"{server.address}/asyncapi.json", timeout=20)
    assert document.headers["Content-Type"] == "application/json"
    assert json.loads(document.text)["asyncapi"] == "3.0.0"
