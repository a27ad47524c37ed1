"""Nothing is left: no process, no segment, no X lock, no folder, however a session or the server ends."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from bench.client import Client
from bench.server import Server, run


def belongings(server: Server) -> set[str]:
    """What the machine holds of a server: processes, segments, X locks and sockets, folders."""
    pid = server.process.pid
    try:
        processes = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        processes = []
    found = {f"process {process.pid} {process.name()}" for process in processes}
    found |= {str(path) for path in Path("/dev/shm").glob(f"jiomosa-{pid}-*")}
    found |= {str(path) for path in Path("/tmp").glob(f"jiomosa-{pid}-*")}
    found |= {str(path) for path in Path("/tmp").glob(".X*-lock")}
    return found | {str(path) for path in Path("/tmp/.X11-unix").glob("X*")}


def processes_gone(found: set[str]) -> bool:
    """Whether none of the processes in `found` is there any more; orphans of ours are reaped by whoever adopted them."""
    pids = [int(entry.split()[1]) for entry in found if entry.startswith("process ")]
    return all(not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in pids)


def test_a_closed_session_leaves_nothing(site: str) -> None:
    with run() as server:
        before = belongings(server)
        for id in ("one", "two"):
            server.post("/api/session/create", session_id=id, width=640, height=480, url=f"{site}/canvas.html")
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for_frame()
            during = belongings(server)
            assert len(during) > len(before) + 8
            for id in ("one", "two"):
                server.post(f"/api/session/{id}/close")
            assert client.wait_for("error").payload["code"] == "session_closed"
        assert belongings(server) <= before
        assert processes_gone(during - before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_server_leaves_nothing(site: str, number: signal.Signals) -> None:
    with run() as server:
        others = belongings(server)
        server.post("/api/session/create", session_id="one", width=640, height=480, url=f"{site}/canvas.html")
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for_frame()
            during = belongings(server)
            code = server.stop(number)
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0), "\n".join(server.log)
        others = {entry for entry in others if not entry.startswith("process ") and str(server.process.pid) not in entry}
        # After SIGKILL the children hear of it by the closing of their channels, and end by themselves.
        deadline = time.monotonic() + 15
        while not (processes_gone(during) and belongings(server) <= others) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes_gone(during)
        assert belongings(server) <= others


def test_a_viewer_is_told_that_the_server_stops(site: str) -> None:
    with run(encoders=1) as server:
        server.post("/api/session/create", session_id="one", width=320, height=240)
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": "one"})
            client.wait_for("subscribed")
            server.process.send_signal(signal.SIGTERM)
            assert client.wait_for("error").payload["code"] == "shutting_down"
        assert server.process.wait(20) == 0


def test_a_taken_port_is_a_sentence(server: Server) -> None:
    port = int(server.address.rsplit(":", 1)[1])
    with pytest.raises(RuntimeError, match=f"Cannot listen on 127.0.0.1:{port}"), run(port=port):
        pass
