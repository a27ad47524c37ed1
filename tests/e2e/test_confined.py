"""What a page, or whoever drives it, cannot make of the browser: no file, no page of the browser's own, no other session."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.client import Client
from bench.faults import processes
from bench.server import Server, run
from engine.settings import from_environment

SHORTCUTS: list[tuple[str, list[str]]] = [(key, ["Control"]) for key in "ospujhltn"]
SHORTCUTS += [(key, ["Control", "Shift"]) for key in "injc"]
SHORTCUTS += [("F12", []), ("F11", []), ("F1", []), ("Escape", ["Shift"])]


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


class Insider:
    """Whatever has broken out of a session's browser: a program with its user, in its namespaces."""

    def __init__(self, server: Server, id: str) -> None:
        server.post("/api/session/create", session_id=id, width=320, height=240)
        (self.capture,) = (
            child for child in psutil.Process(server.process.pid).children() if f"jiomosa: capture {id}" in child.cmdline()[:1]
        )
        below = self.capture.children(recursive=True)
        self.driver, self.screen = (next(one for one in below if one.name() == name) for name in ("chromedriver", "Xvfb"))
        self.chromium = self.driver.children()[0]
        self.user = self.driver.uids().real
        self.folder = self.driver.environ()["HOME"]
        self.display = self.driver.environ()["DISPLAY"].lstrip(":")

    def can(self, command: str) -> bool:
        who = ["setpriv", "--reuid", str(self.user), "--regid", str(self.user), "--clear-groups"]
        return self._succeeds([*who, "sh", "-c", command])

    def gets_into_screen(self, display: str, cookie: str) -> bool:
        """Whether X server `display` lets it in, with the cookie that is the end of a file."""
        return self._succeeds([sys.executable, "-I", "-S", "-c", INTO_X, str(self.user), display, cookie])

    def _succeeds(self, command: list[str]) -> bool:
        where = ["nsenter", "--target", str(self.capture.pid), "--mount", "--net"]
        done = subprocess.run([*where, *command], capture_output=True, cwd="/", check=False)
        assert done.returncode not in (126, 127), done.stderr
        return done.returncode == 0

    def possessions(self) -> list[str]:
        """What only its own user may do."""
        found = [f"ls {self.folder}", f"ls {self.folder}/profile", f"head -c 1 {self.folder}/Xauthority"]
        for process in (self.driver, self.chromium, self.screen):
            about = f"/proc/{process.pid}"
            found += [f"kill -0 {process.pid}", f"ls {about}", f"head -c 1 {about}/cmdline"]
        found += [f"head -c 1 /proc/{self.driver.pid}/environ", f"ls /proc/{self.driver.pid}/root/tmp/.X11-unix/"]
        return [*found, f"echo >> {self.folder}/tmp/made"]


# The greeting of the X protocol; the first byte of the answer is 1 for who is let in.
INTO_X = """import os, socket, struct, sys
user, display, cookie = sys.argv[1:]
os.setgroups([]), os.setgid(int(user)), os.setuid(int(user))
name, data = b"MIT-MAGIC-COOKIE-1", open(cookie, "rb").read()[-16:].ljust(16)
with socket.socket(socket.AF_UNIX) as x:
    x.connect(f"\\0/tmp/.X11-unix/X{display}")
    x.sendall(struct.pack("<BxHHHH2x", ord("l"), 11, 0, len(name), 16) + name + bytes(2) + data)
    sys.exit(x.recv(1)[0] != 1)"""


@pytest.fixture(scope="module", params=["loopback", "others"])
def two(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Insider, Insider]]:
    """Two sessions of a server for this machine alone, whose network they share; and of one that others can reach."""
    with contextlib.ExitStack() as opened:
        if request.param == "others":
            server = opened.enter_context(run(private_addresses="deny", encoders=1))
        else:
            server = request.getfixturevalue("server")
        yield server, Insider(server, "one"), Insider(server, "other")
        for id in ("one", "other"):
            server.post(f"/api/session/{id}/close")


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives each session a user of its own.")
def test_sessions_cannot_read_one_another(two: tuple[Server, Insider, Insider]) -> None:
    server, one, other = two
    assert len({0, one.user, other.user}) == 3
    for command in one.possessions():
        assert one.can(command), command
        assert not other.can(command), command
    for segment in Path("/dev/shm").glob(f"jiomosa-{server.process.pid}-*"):
        for who in two[1:]:
            assert not who.can(f"head -c 1 {segment}"), segment
            assert not who.can(f"echo x >> {segment}"), segment
    for process in (server.process.pid, one.capture.pid, other.driver.pid):
        assert not one.can(f"ls /proc/{process}"), "it sees what others run"
    cookie = f"{one.folder}/Xauthority"
    assert one.gets_into_screen(one.display, cookie)
    assert not one.gets_into_screen(one.display, "/dev/null"), "no cookie is needed"
    apart = os.readlink(f"/proc/{one.driver.pid}/ns/net") != os.readlink(f"/proc/{other.driver.pid}/ns/net")
    assert apart or not one.gets_into_screen(other.display, cookie)
    assert not Path(f"/tmp/.X11-unix/X{one.display}").exists(), "its X server can be reached by a path"


@pytest.mark.skipif(
    not from_environment(os.environ).browser_sandbox, reason="BROWSER_SANDBOX=0: the kernel allows Chromium no sandbox here."
)
def test_pages_are_in_chromiums_sandbox(server: Server, session: str, site: str) -> None:
    server.post(f"/api/session/{session}/load", url=f"{site}/still.html")
    chromium = processes.of_session(server, session, "chromium")
    assert chromium.uids().real != 0, "it runs as root"
    commands = {process.pid: processes.title(process).split() for process in (chromium, *chromium.children(recursive=True))}
    assert not [command for command in commands.values() if "--no-sandbox" in command]
    statuses = []
    for pid, command in commands.items():
        if processes.RENDERER in command:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a spare one has just ended
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                statuses.append({name: value.split() for name, _, value in (line.partition(":") for line in lines)})
    assert statuses
    for status in statuses:
        assert status["Seccomp"] == ["2"], "no filter of system calls"
        assert len(status["NSpid"]) > 1, "it may see the processes of others"
        assert int(status["CapEff"][0], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root may look at the descriptors of others.")
def test_chromedriver_lets_nobody_else_in(two: tuple[Server, Insider, Insider]) -> None:
    driver = two[1].driver.pid
    own = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{driver}/fd")}
    states = []
    for name in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/{driver}/net/{name}").read_text().splitlines()[1:]]
        states += [row[3] for row in rows if f"socket:[{row[9]}]" in own]
    assert "01" in states, "nobody is connected to it"
    assert "0A" not in states, "it listens"


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root may mount.")
def test_policies_are_the_sessions_own(two: tuple[Server, Insider, Insider]) -> None:
    policies = Path(f"/proc/{two[1].capture.pid}/root/etc/chromium/policies/managed/zz-jiomosa.json")
    assert '"DownloadRestrictions": 3' in policies.read_text()
    assert not Path("/etc/chromium/policies/managed/zz-jiomosa.json").exists(), "the machine's own Chromium is touched"
