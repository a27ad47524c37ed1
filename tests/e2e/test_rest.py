"""REST as docs/protocol.md and the mission's document say, against a real server with a real browser."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from PIL import Image

from bench.client import Client
from bench.server import Server, run


def curl(server: Server, path: str, *options: str) -> tuple[int, Any]:
    """What curl gets: (status, JSON)."""
    done = subprocess.run(
        ["curl", "-s", "-w", "\n%{http_code}", *options, server.address + path],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_the_documents_quick_start_with_curl(server: Server, site: str) -> None:
    json_header = ("-H", "Content-Type: application/json")
    status, created = curl(server, "/api/session/create", "-X", "POST", *json_header, "-d", '{"session_id": "threadx_session"}')
    assert status == 201
    assert created["success"] is True
    assert created["session_id"] == "threadx_session"
    assert abs(created["created_at"] - time.time()) < 30
    assert (created["width"], created["height"]) == (1280, 720)
    assert created["websocket_url"] == server.address
    assert created["viewer_url"] == f"{server.address}/api/session/threadx_session/viewer"

    body = json.dumps({"url": f"{site}/page/Hello"})
    status, loaded = curl(server, "/api/session/threadx_session/load", "-X", "POST", *json_header, "-d", body)
    assert status == 200
    assert loaded["success"] is True
    assert loaded["page_info"] == {"title": "Hello", "url": f"{site}/page/Hello"}

    status, info = curl(server, "/api/session/threadx_session/info")
    assert status == 200
    assert info["page_info"] == {"title": "Hello", "url": f"{site}/page/Hello"}
    assert info["viewers"] == 0

    status, listed = curl(server, "/api/sessions")
    assert status == 200
    ours = [entry for entry in listed["sessions"] if entry["session_id"] == "threadx_session"]
    assert len(ours) == 1
    assert ours[0]["current_page"] == f"{site}/page/Hello"
    assert listed["active_sessions"] == len(listed["sessions"])

    status, kept = curl(server, "/api/session/threadx_session/keepalive", "-X", "POST")
    assert status == 200
    assert kept["success"] is True
    assert abs(kept["last_activity"] - time.time()) < 5

    assert curl(server, "/api/session/create", "-X", "POST", *json_header, "-d", '{"session_id": "threadx_session"}')[0] == 409
    assert curl(server, "/api/session/threadx_session/close", "-X", "DELETE")[0] == 200
    assert curl(server, "/api/session/threadx_session/info")[0] == 404


def test_health_and_info(server: Server) -> None:
    health = server.get("/health")
    assert health["status"] == "healthy"
    assert health["websocket"] == "enabled"
    assert isinstance(health["active_sessions"], int)
    assert server.get("/ready") == {"status": "ready"}
    info = server.get("/api/info")
    assert set(info["endpoints"]) == {
        *("health", "ready", "info", "session_create", "session_load", "session_info", "session_keepalive", "session_close"),
        *("sessions_list", "session_frame", "session_frame_data", "session_frame_jpg", "session_stream_mjpeg"),
        *("session_viewer", "session_ticket", "websocket", "admin_overview", "metrics"),
        *("session_back", "session_forward", "session_reload", "session_stop"),
        *("session_tabs", "session_dialog", "session_dialogs", "session_resize"),
        *("docs", "openapi", "asyncapi"),
    }
    for document in ("docs", "openapi", "asyncapi"):
        assert requests.get(server.address + info["endpoints"][document], timeout=60).ok
    assert info["session_config"] == {"timeout": 300.0, "frame_capture_interval": 1.0}


def test_a_full_server_says_so_and_when_to_come_again() -> None:
    with run(encoders=1, session_memory=1_000_000) as full:
        ready = requests.get(f"{full.address}/ready", timeout=60)
        created = requests.post(f"{full.address}/api/session/create", timeout=60)
        for answer in (ready, created):
            assert (answer.status_code, answer.json()["code"]) == (503, "full")
            assert "1000000 MB of memory" in answer.json()["error"]
            assert int(answer.headers["Retry-After"]) > 0
        assert full.get("/health")["status"] == "healthy"


def test_a_body_is_optional_and_an_id_is_made_up(server: Server) -> None:
    answer = requests.post(f"{server.address}/api/session/create", timeout=60)
    assert answer.status_code == 201
    id = answer.json()["session_id"]
    assert 1 <= len(id) <= 64
    assert requests.post(f"{server.address}/api/session/{id}/close", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"session_id": "no spaces"}, "session_id"),
        ({"session_id": "x" * 65}, "session_id"),
        ({"session_id": ""}, "session_id"),
        ({"session_id": 7}, "session_id"),
        ({"width": 159}, "width"),
        ({"width": 3841}, "width"),
        ({"height": 119}, "height"),
        ({"height": "720"}, "height"),
        ({"url": ""}, "url"),
        ({"url": "http://"}, "url"),
        ([], "body"),
    ],
)
def test_a_bad_create_is_400_and_names_what_is_wrong(server: Server, body: Any, named: str) -> None:
    answer = requests.post(f"{server.address}/api/session/create", json=body, timeout=60)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert answer.json()["code"] == "bad_request"


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"nonsense", b'{"url": NaN}'])
def test_what_is_not_json_is_400(server: Server, session: str, data: bytes) -> None:
    for path in ("/api/session/create", f"/api/session/{session}/load"):
        answer = requests.post(server.address + path, data=data, headers={"Content-Type": "application/json"}, timeout=60)
        assert answer.status_code == 400
        assert answer.json()["code"] == "bad_request"


@pytest.mark.parametrize("body", [{}, {"url": ""}, {"url": "   "}, {"url": "http://"}, {"url": "ftp://x/"}, {"url": 5}])
def test_a_load_without_a_usable_url_is_400(server: Server, session: str, body: Any) -> None:
    answer = requests.post(f"{server.address}/api/session/{session}/load", json=body, timeout=60)
    assert answer.status_code == 400
    assert "url" in answer.json()["error"]


def test_a_page_that_fails_is_502_with_the_browsers_reason_and_the_session_lives_on(
    server: Server, site: str, session: str
) -> None:
    def load(url: str) -> requests.Response:
        return requests.post(f"{server.address}/api/session/{session}/load", json={"url": url}, timeout=60)

    refused = load("http://127.0.0.1:1/")
    assert refused.status_code == 502
    assert refused.json()["code"] == "load_failed"
    unknown = load("no-such-host.invalid")  # without a scheme: https
    assert unknown.status_code == 502
    assert "ERR_NAME_NOT_RESOLVED" in unknown.json()["error"]
    begin = time.monotonic()
    silent = load(f"{site}/hang")  # the server's load_timeout is 5 s here
    assert silent.status_code == 502
    assert time.monotonic() - begin < 15
    assert load(f"{site}/page/Alive").json()["page_info"]["title"] == "Alive"


def test_a_url_that_fails_at_creation_is_told_and_the_session_is_there(server: Server) -> None:
    created = server.post("/api/session/create", url="http://no-such-host.invalid/")
    assert "ERR_NAME_NOT_RESOLVED" in created["load_error"]
    server.post(f"/api/session/{created['session_id']}/close")


def test_a_browser_calls_itself_what_was_asked_for(server: Server, site: str) -> None:
    """In requests and to scripts."""
    agent = "Kiosk/1.0 (a panel; 800x480)"
    created = server.post("/api/session/create", user_agent=agent, width=800, height=480, url=f"{site}/agent")
    path = f"/api/session/{created['session_id']}"
    assert server.get(f"{path}/info")["page_info"]["title"] == f"{agent}, {agent}"
    server.post(f"{path}/close")


def test_unknown_things_are_404_and_wrong_methods_405(server: Server) -> None:
    for method, path in (
        ("GET", "/api/session/nobody/info"),
        ("POST", "/api/session/nobody/load"),
        ("POST", "/api/session/nobody/keepalive"),
        ("POST", "/api/session/nobody/close"),
        ("GET", "/api/session/nobody/frame"),
        ("GET", "/api/session/nobody/frame/data"),
        ("GET", "/api/session/nobody/viewer"),
        ("GET", "/nothing/here"),
    ):
        answer = requests.request(method, server.address + path, timeout=60)
        assert answer.status_code == 404, path
        assert set(answer.json()) == {"error", "code"}
    assert requests.post(f"{server.address}/health", timeout=60).status_code == 405


def test_polled_pictures_are_the_present_ones(server: Server, session: str, load: Callable[[str], None]) -> None:
    load("/colour.html?rgb(200,30,60)")
    answer = requests.get(f"{server.address}/api/session/{session}/frame", timeout=60)
    assert answer.headers["Content-Type"] == "image/png"
    assert "no-store" in answer.headers["Cache-Control"]
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (800, 600)
    assert picture.getpixel((400, 300)) == (200, 30, 60)
    load("/colour.html?rgb(1,2,3)")
    data = server.get(f"/api/session/{session}/frame/data")
    assert data["success"] is True
    assert data["session_id"] == session
    assert data["format"] == "png"
    assert abs(data["timestamp"] - time.time()) < 30
    assert Image.open(io.BytesIO(base64.b64decode(data["frame"]))).getpixel((400, 300)) == (1, 2, 3)


def test_openapi_describes_every_endpoint_and_refers_to_nothing_that_is_missing(server: Server) -> None:
    api = server.get("/openapi.json")
    assert {"/api/session/create", "/api/session/{id}/load", "/api/sessions", "/health"} <= set(api["paths"])
    stream = api["paths"]["/api/session/{id}/stream.mjpeg"]["get"]
    assert {"id", "quality", "fps", "max_width", "grayscale"} <= {parameter["name"] for parameter in stream["parameters"]}
    assert list(stream["responses"]["200"]["content"]) == ["multipart/x-mixed-replace"]
    text = json.dumps(api)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in api["components"]["schemas"]
    assert requests.get(f"{server.address}/docs", timeout=60).ok


def test_an_unused_session_expires_and_a_watched_one_does_not(site: str) -> None:
    with run(session_timeout=4, encoders=1) as server, Client(server.address) as client:
        server.post("/api/session/create", session_id="watched", width=320, height=240)
        client.emit("subscribe", {"session_id": "watched"})
        client.wait_for("subscribed")
        server.post("/api/session/create", session_id="unused", width=320, height=240)
        deadline = time.monotonic() + 15
        while requests.get(f"{server.address}/api/session/unused/info", timeout=60).status_code != 404:
            assert time.monotonic() < deadline
        assert [entry["session_id"] for entry in server.get("/api/sessions")["sessions"]] == ["watched"]
        with Client(server.address) as late:
            late.emit("subscribe", {"session_id": "unused"})
            assert late.wait_for("error").payload["code"] == "not_found"
        # Whoever is subscribed when a session ends is told why.
        server.post("/api/session/watched/close")
        assert client.wait_for("error").payload["code"] == "session_closed"


def test_a_warm_session_is_an_ordinary_one_from_the_moment_it_is_created(site: str) -> None:
    with run(warm_sessions=1, warm_size="640x480") as server:
        deadline = time.monotonic() + 30
        while not any("session started" in line and "warm-" in line for line in server.log):
            assert time.monotonic() < deadline, server.log
            time.sleep(0.02)
        assert server.get("/api/sessions")["sessions"] == []
        created = server.post("/api/session/create", session_id="mine", width=640, height=480, url=f"{site}/page/here")
        assert (created["session_id"], created["width"], created["height"]) == ("mine", 640, 480)
        assert any("taken from the warm ones" in line and "session=mine" in line for line in server.log)
        assert server.get("/api/session/mine/info")["page_info"]["title"] == "here"
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "mine"})
            assert client.wait_for_frame().fields["width"] == 640
        server.post("/api/session/mine/close")
        assert server.get("/api/sessions")["sessions"] == []
    assert server.process.returncode == 0, "\n".join(server.log)
