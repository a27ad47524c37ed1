"""What an operator sees of real sessions, and what viewers see of the operator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from bench.client import Client
from bench.server import Server


def test_an_operator_sees_everything_and_may_end_it(
    server: Server, session: str, load: Callable[[str], None], client: Client
) -> None:
    load("/canvas.html")
    client.subscribe(session, max_width=400, fps=10, format="binary")
    assert client.wait_for("subscribed").payload["width"] == 400
    stream = requests.get(f"{server.address}/api/session/{session}/stream.mjpeg", params={"fps": 5}, stream=True, timeout=10)
    next(stream.iter_content(1000))

    def seen() -> tuple[dict[str, Any], dict[str, dict[str, Any]], dict[str, Any]]:
        overview = server.get("/api/admin/overview")
        (mine,) = (entry for entry in overview["sessions"] if entry["session_id"] == session)
        return mine, {viewer["transport"]: viewer for viewer in mine["viewers"]}, overview

    deadline = time.monotonic() + 15
    # There are frames for the one who wants twice as many, so the other lets some pass.
    while not (seen()[1]["websocket"]["fps"] and seen()[1]["mjpeg"]["fps"] and seen()[1]["mjpeg"]["drops"]["pace"]):
        assert client.wait_for_frame()
        assert time.monotonic() < deadline
    mine, viewers, overview = seen()
    assert mine["page_info"]["url"].endswith("/canvas.html")
    assert mine["frames"] > 5
    assert mine["rebuilds"] == 0
    assert mine["memory"] > 50_000_000
    assert mine["cpu"] > 0
    watching = viewers["websocket"]
    assert (watching["width"], watching["height"], watching["format"], watching["fps_limit"]) == (400, 300, "jpeg-binary", 10)
    assert 3 < watching["fps"] < 12
    assert watching["bytes_per_second"] > 10_000
    assert watching["address"] == "127.0.0.1"
    kinds = {process["kind"] for process in overview["processes"] if process["session_id"] in (session, None)}
    assert {"front", "encoder", "capture", "xserver", "driver", "browser"} <= kinds
    assert overview["connections"] >= 1

    assert server.post(f"/api/admin/session/{session}/message", message="The server restarts at 3.")["told"] == 1
    heard = client.wait_for("status").payload
    assert heard == {"message": "The server restarts at 3.", "code": "operator_message"}
    assert server.post(f"/api/admin/viewer/{watching['viewer_id']}/message", message="You too.")["told"] == 1
    assert client.wait_for("status").payload["message"] == "You too."

    assert server.post(f"/api/admin/viewer/{viewers['mjpeg']['viewer_id']}/disconnect")["told"] == 0
    for _ in stream.iter_content(65536):
        pass  # until it ends
    assert server.post(f"/api/admin/viewer/{watching['viewer_id']}/disconnect", message="Go.")["told"] == 1
    assert client.wait_for("error").payload == {"message": "Go.", "code": "forbidden"}
    nobody = requests.post(f"{server.address}/api/admin/viewer/none/disconnect", timeout=10)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")

    with Client(server.address) as other:
        other.subscribe(session)
        other.wait_for("subscribed")
        server.post(f"/api/admin/session/{session}/end", message="It was too loud.")
        assert other.wait_for("error").payload == {"message": "It was too loud.", "code": "session_closed"}
    assert session not in {entry["session_id"] for entry in server.get("/api/admin/overview")["sessions"]}
