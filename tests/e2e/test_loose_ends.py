"""Nothing is left hanging in the front's event loop: asyncio's debug mode and Python's own warnings have nothing to say."""

from __future__ import annotations

import pytest
import requests

from bench.client import Client
from bench.faults import processes
from bench.server import run

# What asyncio and the interpreter say of tasks that nobody awaited, exceptions that nobody saw, and what was never closed.
LOOSE = (
    "was destroyed",
    "never retrieved",
    "never awaited",
    "ResourceWarning",
    "DeprecationWarning",
    "non-thread-safe",
    "Traceback",
)


def test_a_session_s_whole_life_leaves_no_loose_end(monkeypatch: pytest.MonkeyPatch, site: str) -> None:
    monkeypatch.setenv("PYTHONDEVMODE", "1")  # with asyncio's debug mode and every warning
    with run(encoders=1) as server:
        server.post("/api/session/create", session_id="one", width=320, height=240, url=f"{site}/canvas.html")
        address = f"{server.address}/api/session/one"
        with requests.get(f"{address}/stream.mjpeg", stream=True, timeout=20) as mjpeg:
            viewers = [Client(server.address) for _ in range(3)]
            for viewer in viewers:
                viewer.emit("subscribe", {"session_id": "one", "fps": 30})
                viewer.wait_for_frame()
            assert mjpeg.raw.read(100)
            viewers[0].close()  # without a word
        viewers[1].emit("input:click", {"x": 10, "y": 10})
        processes.of_session(server, "one", "chromium").kill()
        while viewers[1].wait_for("status").payload.get("code") != "rebuilt":
            pass
        assert requests.get(f"{address}/frame.jpg", timeout=20).ok
        assert requests.post(f"{address}/load", json={"url": "http://nothing.invalid/"}, timeout=20).status_code == 502
        server.post("/api/session/one/close")
        viewers[1].close()
        assert requests.post(f"{server.address}/api/session/create", json={"width": 1}, timeout=20).status_code == 400
        server.post("/api/session/create", session_id="two", width=320, height=240)
        viewers[2].emit("subscribe", {"session_id": "two"})  # both are there when it is told to stop
    viewers[2].close()
    assert server.process.returncode == 0
    assert not [line for line in server.log if any(words in line for words in LOOSE)], "\n".join(server.log)
