"""What a viewer asks for is what it gets: format, size, colour, rate, quality; and its points are those of its own picture."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
import socketio
from PIL import Image

from bench.client import Client, Event
from bench.server import Server

Load = Callable[[str], None]


def test_a_subscription_makes_its_own_picture(
    client: Client, session: str, load: Load, title_becomes: Callable[[str], bool]
) -> None:
    load("/pointer.html")
    wanted = {"format": "binary", "grayscale": True, "fps": 5, "quality": 40, "adaptive": False}
    client.emit("subscribe", {"session_id": session, "max_width": 500, "max_height": 300, **wanted})
    assert client.wait_for("subscribed").payload == {"session_id": session, "width": 400, "height": 300, **wanted}
    frame = client.wait_for_frame()
    assert (frame.fields["width"], frame.fields["height"], frame.fields["quality"]) == (400, 300, 40)
    assert frame.fields["size"] == len(frame.jpeg)
    with Image.open(io.BytesIO(frame.jpeg)) as picture:
        assert (picture.size, picture.mode) == ((400, 300), "L")
    for x, y, title in ((399, 299, "click 799,599"), (0, 0, "click 1,1"), (61, 228, "click 123,457")):
        client.emit("input:click", {"x": x, "y": y})
        client.wait_for("input:acknowledged")
        assert title_becomes(title)
    client.emit("input:click", {"x": 400, "y": 0})
    assert "400x300" in client.wait_for("error").payload["message"]


@pytest.mark.parametrize("transports", [None, ["websocket"], ["polling"]], ids=["upgrade", "websocket", "polling"])
def test_binary_pictures_of_a_moving_page_reach_the_python_client_whole(
    server: Server, session: str, load: Load, transports: list[str] | None
) -> None:
    load("/canvas.html")
    client = in_order(socketio.Client())
    frames: list[dict[str, Any]] = []
    enough = threading.Event()

    @client.on("frame")  # type: ignore[untyped-decorator]
    def on_frame(data: dict[str, Any]) -> None:
        frames.append(data)
        if len(frames) < 40:
            client.emit("input:move", {"x": len(frames), "y": 5})  # its acknowledgements go out between frames
        else:
            enough.set()

    client.connect(server.address, transports=transports)
    client.emit("subscribe", {"session_id": session, "format": "binary"})
    assert enough.wait(30)
    client.disconnect()
    assert all(isinstance(frame["image"], bytes) and len(frame["image"]) == frame["size"] for frame in frames)
    assert all(frame["image"].startswith(b"\xff\xd8") and frame["image"].endswith(b"\xff\xd9") for frame in frames)
    seqs = [frame["seq"] for frame in frames]
    assert seqs == sorted(set(seqs))


def in_order(client: socketio.Client) -> socketio.Client:
    """The client, but for the threads that it gives each message: these overtake each other, and then an attachment comes before
    its event (docs/protocol.md, Frames)."""
    start = client.eio.start_background_task

    def start_or_run(target: Callable[..., Any], *arguments: Any) -> Any:
        return target(*arguments) if target == client.eio.handlers.get("message") else start(target, *arguments)

    client.eio.start_background_task = start_or_run
    return client


def test_the_cursor_comes_beside_the_picture_and_changes_with_what_it_is_over(client: Client, session: str, load: Load) -> None:
    load("/form.html")
    client.emit("subscribe", {"session_id": session})

    def over(x: int, y: int) -> Any:
        """The cursor that is told when the pointer moves there, once that is the last word."""
        client.emit("input:move", {"x": x, "y": y})
        cursor = client.wait_for("cursor").payload
        while (event := client.receive(0.5)) is not None:
            if isinstance(event, Event) and event.name == "cursor":
                cursor = event.payload
        return cursor

    nothing, field = over(790, 590), over(200, 100)
    assert nothing["image"] != field["image"]
    for cursor in (nothing, field):
        with Image.open(io.BytesIO(base64.b64decode(cursor["image"]))) as image:
            assert (image.format, image.size) == ("PNG", (cursor["width"], cursor["height"]))
        assert 0 <= cursor["x"] < cursor["width"]
        assert 0 <= cursor["y"] < cursor["height"]
