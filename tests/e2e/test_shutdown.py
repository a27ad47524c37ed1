"""Nothing is left: no process, no segment, no X lock, no folder, however a session or the server ends."""

from __future__ import annotations

import contextlib
import signal
import time

import psutil
import pytest
import requests

from bench.client import Client
from bench.faults import remains
from bench.server import Server, run


def gone(found: set[str]) -> bool:
    """Whether nothing of `found` is there any more."""
    return not remains.left(found)


def assert_goes(found: set[str]) -> None:
    """What a process that was killed had started ends by itself, a little later."""
    deadline = time.monotonic() + 15
    while not gone(found) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert remains.left(found) == set()


def test_a_closed_session_leaves_nothing(site: str) -> None:
    with run() as server:
        before = remains.of(server)
        for id in ("one", "two"):
            server.post("/api/session/create", session_id=id, width=640, height=480, url=f"{site}/canvas.html")
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for_frame()
            during = remains.of(server)
            assert len(during) > len(before) + 8
            for id in ("one", "two"):
                server.post(f"/api/session/{id}/close")
            assert client.wait_for("error").payload["code"] == "session_closed"
            assert gone(during - before)
            assert remains.of(server) <= before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_server_leaves_nothing(site: str, number: signal.Signals) -> None:
    with run() as server:
        server.post("/api/session/create", session_id="one", width=640, height=480, url=f"{site}/canvas.html")
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for_frame()
            during = remains.of(server)
            code = server.stop(number)
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0), "\n".join(server.log)
        # After SIGKILL the children hear of it by the closing of their channels, and end by themselves.
        assert_goes(during)
        assert any(entry.startswith("display") for entry in during)


def test_what_nobody_was_left_to_remove_the_next_server_removes(site: str) -> None:
    with run(encoders=1) as server:
        server.post("/api/session/create", session_id="one", width=320, height=240, url=f"{site}/canvas.html")
        left = remains.of(server)
        front = psutil.Process(server.process.pid)
        everybody = [front, *front.children(recursive=True)]
        for process in everybody:  # first none may run: they would clean up
            process.suspend()
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):  # some end with their parent
                process.kill()
        psutil.wait_procs(everybody[1:], 10)
        assert not gone(left)  # nor has a server of another test removed it: until its end is awaited the front's id is in use
        server.process.wait()
        with run(encoders=1) as other:
            assert gone(left), other.log


def test_a_server_that_stops_lets_sessions_go_on_for_a_while_and_ends_also_if_one_hangs(site: str) -> None:
    with run(encoders=1, drain_seconds=60) as server:
        server.post("/api/session/create", session_id="hung", width=320, height=240)
        server.post("/api/session/create", session_id="one", width=320, height=240, url=f"{site}/canvas.html")
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for_frame()
            during = remains.of(server)
            (hung,) = (child for child in psutil.Process(server.process.pid).children() if "capture hung" in child.cmdline()[0])
            hung.suspend()
            server.process.send_signal(signal.SIGTERM)
            assert client.wait_for("status").payload["code"] == "shutting_down"
            for method, path, status in (("GET", "/health", 200), ("GET", "/ready", 503), ("POST", "/api/session/create", 503)):
                answer = requests.request(method, server.address + path, timeout=30)
                assert (answer.status_code, answer.json().get("code", "shutting_down")) == (status, "shutting_down"), path
            client.wait_for_frame()  # it goes on
            server.process.send_signal(signal.SIGTERM)
            assert client.wait_for("error").payload["code"] == "shutting_down"
        assert server.process.wait(30) == 0, "\n".join(server.log)
        assert_goes(during)


def test_a_taken_port_is_a_sentence(server: Server) -> None:
    port = int(server.address.rsplit(":", 1)[1])
    with pytest.raises(RuntimeError, match=f"Cannot listen on 127.0.0.1:{port}"), run(port=port):
        pass
