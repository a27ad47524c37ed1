"""What every answer says, how much is read of what is too large, and https."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
import socketio

from bench.server import Server, run

LARGE = 40_000_000  # bytes


def test_headers_of_pages_and_of_all_else(server: Server, session: str) -> None:
    for path, page in (("/", True), (f"/api/session/{session}/viewer", True), ("/health", False), ("/nothing", False)):
        headers = requests.get(server.address + path, timeout=10).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == ("no-cache" if page else "no-store")
        assert "Strict-Transport-Security" not in headers
        assert "Server" not in headers


def test_what_is_too_large_is_not_kept(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    where = urlsplit(server.address)
    head = f"POST /api/session/create HTTP/1.1\r\nHost: {where.netloc}\r\n"
    for begin, piece in (
        (f"{head}Transfer-Encoding: chunked\r\n\r\n", "10000\r\n" + "x" * 0x10000 + "\r\n"),
        (f"{head}Content-Length: 1000000000\r\n\r\n", "x" * 0x10000),
        (f"{head}X-Long: ", "x" * 0x10000),
    ):
        with socket.create_connection((where.hostname or "", where.port or 0), 10) as client, contextlib.suppress(OSError):
            client.sendall(begin.encode())
            for _ in range(LARGE // len(piece)):
                client.sendall(piece.encode())
        assert process.memory_info().rss < before + LARGE // 4, begin
    long = requests.post(f"{server.address}/api/session/create", data=b" " * 70_000, timeout=10)
    assert (long.status_code, long.json()["code"]) == (413, "too_large")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    files = f"-addext subjectAltName=IP:127.0.0.1 -keyout {folder}/key -out {folder}/cert"
    subprocess.run(f"{made} {files}".split(), check=True, capture_output=True, timeout=30)
    return folder


def test_tls(certificate: Path, site: str) -> None:
    with run(tls_certificate=certificate / "cert", tls_key=certificate / "key", encoders=1) as server:
        assert server.address.startswith("https://")
        web = requests.Session()
        web.trust_env = False  # a bundle named in the environment would be taken instead
        web.verify = str(certificate / "cert")
        body = {"session_id": "one", "width": 320, "height": 240, "url": f"{site}/canvas.html"}
        created = web.post(f"{server.address}/api/session/create", json=body, timeout=30)
        assert created.json()["websocket_url"] == server.address
        frames: list[int] = []
        client = socketio.Client(reconnection=False, http_session=web)
        client.on("frame", lambda data: frames.append(data["seq"]))
        client.connect(server.address, transports=["websocket"])
        client.emit("subscribe", {"session_id": "one"})
        with web.get(f"{server.address}/api/session/one/stream.mjpeg", stream=True, timeout=10) as stream:
            data = b""
            while data.count(b"JFIF") < 10:
                data += stream.raw.read1()
        assert len(frames) > 3
        assert frames == sorted(frames)
        client.disconnect()


@pytest.mark.parametrize("wrong", ["missing", "half", "nonsense"])
def test_tls_that_cannot_be_is_a_sentence(certificate: Path, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "nonsense").write_text("nonsense")
    settings: dict[str, dict[str, Any]] = {
        "missing": {"tls_certificate": "/nowhere", "tls_key": certificate / "key"},
        "half": {"tls_certificate": certificate / "cert"},
        "nonsense": {"tls_certificate": certificate / "cert", "tls_key": tmp_path / "nonsense"},
    }
    with pytest.raises(RuntimeError, match="jiomosa: TLS_CERTIFICATE"), run(**settings[wrong]):
        pytest.fail("it serves")
