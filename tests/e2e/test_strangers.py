"""The default, on loopback and without a login: other web pages in the user's own browser cannot drive it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests

from bench.server import Server

EVIL = "https://evil.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGVzdGluZyB0ZXN0aW5nIQ==",
    "Sec-WebSocket-Version": "13",
}
WAYS = [
    ("POST", "/api/session/create", {}),
    ("POST", "/api/session/{id}/close", {}),
    ("OPTIONS", "/api/session/create", {"Access-Control-Request-Method": "POST"}),
    ("GET", "/api/sessions", {}),
    ("GET", "/api/session/{id}/frame.jpg", {}),
    ("GET", "/api/session/{id}/stream.mjpeg", {}),
    ("GET", "/socket.io/?EIO=4&transport=polling", {}),
    ("GET", "/socket.io/?EIO=4&transport=websocket", UPGRADE),
]


@pytest.mark.parametrize("kind", ["origin", "rebound", "embedded"])
def test_another_page_gets_nowhere(server: Server, session: str, kind: str) -> None:
    stranger = {
        "origin": {"Origin": EVIL},
        "rebound": {"Host": "evil.example:5000", "Origin": "http://evil.example:5000", "Sec-Fetch-Site": "same-origin"},
        "embedded": {
            "Referer": f"{EVIL}/",
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "no-cors",
            "Sec-Fetch-Dest": "image",
        },
    }[kind]
    for method, path, headers in WAYS:
        answer = requests.request(method, server.address + path.format(id=session), headers=headers | stranger, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert server.get(f"/api/session/{session}/info")["session_id"] == session
    assert not [line for line in server.log if "handshake" in line], "whoever is refused fills the log with errors"


def test_a_listed_page_and_a_client_that_is_none_get_in(server: Server) -> None:
    for headers, allowed in (({"Origin": "null"}, "null"), ({}, None)):
        for path in ("/api/sessions", "/socket.io/?EIO=4&transport=polling"):
            answer = requests.get(server.address + path, headers=headers, timeout=10)
            assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (200, allowed)
    asked = {"Origin": "null", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = requests.options(f"{server.address}/api/session/create", headers=asked, timeout=10)
    assert answer.ok
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  # it must not come to that
def test_it_does_not_start_where_others_could_reach_it_and_says_the_ways_on(host: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTH")}
    command = [sys.executable, "-m", "api.cli", "serve", "--host", host, "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "AUTH=none" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "a sentence, not a traceback"
