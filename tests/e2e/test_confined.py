"""What a page, or whoever drives it, cannot make of the browser: no file, no page of the browser's own, no other session."""

from __future__ import annotations

import functools
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.client import Client
from bench.server import Server

SHORTCUTS: list[tuple[str, list[str]]] = [(key, ["Control"]) for key in "ospujhltn"]
SHORTCUTS += [(key, ["Control", "Shift"]) for key in "injc"]
SHORTCUTS += [("F12", []), ("F11", []), ("F1", []), ("Escape", ["Shift"])]
STRANGER = 64_999  # no session's user id


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def tries() -> Iterator[str]:
    """Address of tries.html."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(Path(__file__).parent))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/tries.html"
        server.shutdown()
        thread.join()


def test_a_page_reads_no_file(server: Server, session: str, tries: str) -> None:
    server.post(f"/api/session/{session}/load", url=tries)
    deadline = time.monotonic() + 20
    while (page := server.get(f"/api/session/{session}/info")["page_info"])["title"] == "begins":
        assert time.monotonic() < deadline, page
    assert page == {"title": "got 0, data: as a frame", "url": tries}


def test_no_shortcut_opens_a_file_or_a_page_of_the_browsers_own(server: Server, session: str, site: str) -> None:
    server.post(f"/api/session/{session}/load", url=f"{site}/still.html")
    before = server.get(f"/api/session/{session}/frame/data")["frame"]
    with Client(server.address) as client:
        client.emit("subscribe", {"session_id": session})
        client.wait_for("subscribed")
        for key, modifiers in SHORTCUTS:
            client.emit("input:key", {"key": key, "modifiers": modifiers})
        for _ in SHORTCUTS:
            assert client.wait_for("input:acknowledged").payload["type"] == "key"
    assert server.get(f"/api/session/{session}/info")["page_info"]["url"] == f"{site}/still.html"
    assert server.get(f"/api/session/{session}/frame/data")["frame"] == before, "something opened over the page"


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives each session a user of its own.")
def test_sessions_cannot_read_one_another(server: Server, session: str) -> None:
    (capture,) = (
        child
        for child in psutil.Process(server.process.pid).children(recursive=True)
        if f"jiomosa: capture {session}" in child.cmdline()[:1]
    )
    driver = next(child for child in capture.children(recursive=True) if child.name() == "chromedriver")
    folder = driver.environ()["HOME"]
    display = driver.environ()["DISPLAY"].lstrip(":")
    segment = next(path for path in Path("/dev/shm").glob(f"jiomosa-{server.process.pid}-frames*"))
    assert driver.uids().real not in (0, STRANGER)
    secrets = [folder, f"{folder}/profile", f"{folder}/Xauthority", str(segment)]
    secrets += [f"/proc/{driver.pid}/environ", f"/proc/{driver.pid}/mem"]
    for path in secrets:
        assert Path(path).exists()
        assert not _can(f"ls {path}" if Path(path).is_dir() else f"head -c 1 {path}"), path
        assert not _can(f"echo x >> {path}"), path
    assert not Path(f"/tmp/.X11-unix/X{display}").exists(), "its X server can be reached by a path"
    assert not _can(f"kill -0 {driver.pid}")
    policies = Path(f"/proc/{capture.pid}/root/etc/chromium/policies/managed/zz-jiomosa.json")
    assert '"DownloadRestrictions": 3' in policies.read_text()
    assert not Path("/etc/chromium/policies/managed/zz-jiomosa.json").exists(), "the machine's own Chromium is touched"


def _can(command: str) -> bool:
    """Whether another session's user can do it."""
    who = ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups", "--"]
    return subprocess.run([*who, "sh", "-c", command], capture_output=True, check=False).returncode == 0
