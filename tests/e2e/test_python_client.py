"""The Python client and its two commands, against a real server with a real browser."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from jiomosa_client import Event, JiomosaError, Session, SessionEnded

from bench.server import Server

JIOMOSA = str(Path(sys.executable).with_name("jiomosa"))  # as it is installed


def test_a_session_from_python(server: Server, site: str) -> None:
    with Session.create(server.address, width=640, height=480, url=f"{site}/canvas.html") as session:
        assert session.page().url == f"{site}/canvas.html"
        subscribed = session.subscribe(fps=20, max_width=320)
        assert (subscribed.payload["width"], subscribed.payload["format"]) == (320, "binary")
        frames = session.frames(timeout=10)
        seen = [next(frames) for _ in range(5)]
        assert [frame.seq for frame in seen] == sorted({frame.seq for frame in seen})
        assert all((frame.width, frame.height) == (320, 240) for frame in seen)
        assert all(frame.jpeg.startswith(b"\xff\xd8") and 0 < frame.age < 10 for frame in seen)
        assert session.picture(max_width=100).startswith(b"\xff\xd8")

        session.click(-1, 0)
        assert the(session, "error").payload["code"] == "bad_request"
        session.load(f"{site}/typing.html")
        session.text("hello")
        assert the(session, "input:acknowledged").payload["type"] == "text"

        assert session.connection is not None
        with socket.socket(fileno=os.dup(session.connection.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)
        assert the(session, "reconnected")
        assert next(session.frames(timeout=10)).width == 320, "with what was asked for before"
        assert session.reconnects == 1

        with Session.attach(server.address, session.id) as other:
            other.subscribe()
            session.keepalive()
        deadline = time.monotonic() + 10  # the other's leaving has its own way to the server
        while session.info()["viewers"] != 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert session.info()["viewers"] == 1
        server.post(f"/api/session/{session.id}/close")
        with pytest.raises(SessionEnded, match="closed"):
            list(session.frames(timeout=10))
    with pytest.raises(JiomosaError, match="no session"):
        Session.attach(server.address, session.id)


def the(session: Session, name: str) -> Event:
    """The next event called `name`."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        event = session.next(1.0)
        if isinstance(event, Event) and event.name == name:
            return event
    raise AssertionError(f"no {name!r} came")


class Screen:
    """A terminal of 80 x 24 with `jiomosa` in it."""

    def __init__(self, server: Server, *arguments: str, program: Sequence[str] = (sys.executable, "-m", "api.cli")) -> None:
        self.near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(far)
        self.far = far
        environment = os.environ | {"JIOMOSA_SERVER": server.address, "COLORTERM": "truecolor", "TERM": "xterm-256color"}
        command = [*program, *arguments]
        self.process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True)
        self.text = ""

    def until(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + 20
        while (found := re.search(pattern, self.text)) is None:
            assert time.monotonic() < deadline, self.text[-500:]
            if select.select([self.near], [], [], 0.1)[0]:
                self.text += os.read(self.near, 65536).decode(errors="replace")
        return found

    def type(self, keys: bytes) -> None:
        self.text = ""
        os.write(self.near, keys)

    def end(self) -> int:
        self.type(b"\x03")
        self.until(re.escape("\x1b[?1049l"))
        code = self.process.wait(10)
        assert termios.tcgetattr(self.far) == self.before, "the terminal is as it was"
        os.close(self.near)
        os.close(self.far)
        return code


def test_watching_in_a_terminal(
    server: Server, session: str, load: Callable[[str], None], title_becomes: Callable[[str], bool]
) -> None:
    load("/form.html")
    screen = Screen(server, "watch", session)
    screen.until(re.escape("\x1b[c"))  # it asks for sixels; this terminal answers that it has none
    os.write(screen.near, b"\x1b[?1;2c")
    screen.until("\x1b\\[1;1H\x1b\\[38;2;\\d+;\\d+;\\d+;48;2;.*▀")
    statistics = screen.until(rf"{session} · (\d+)x(\d+) q\d+ · \d+ fps · \d+ KB/s · age \d+ ms")
    assert int(statistics[1]) <= 80
    assert int(statistics[2]) <= 46
    screen.type(b"\x1b[B")
    screen.until("▀|fps")
    fcntl.ioctl(screen.far, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 40, 0, 0))
    os.kill(screen.process.pid, 28)  # SIGWINCH: the terminal is another session's
    screen.type(b"")
    screen.until(rf"{session} · 2\d")
    assert screen.end() == 0
    assert server.get(f"/api/session/{session}/info")["viewers"] == 0


def sessions(server: Server) -> dict[str, str]:
    """What each shows, by its id."""
    return {entry["session_id"]: entry["current_page"] for entry in server.get("/api/sessions")["sessions"]}


def test_watching_an_address_makes_a_session_and_ends_it(server: Server, site: str) -> None:
    before = sessions(server)
    screen = Screen(server, "watch", f"{site}/page/watched", "--size", "640x400", program=(JIOMOSA,))
    screen.until(re.escape("\x1b[c"))
    os.write(screen.near, b"\x1b[?1;2c")
    shown = screen.until(r"7m([\w-]+) · \d+x\d+ q\d+ · \d+ fps")
    made = {id: url for id, url in sessions(server).items() if id not in before}
    assert made == {shown[1]: f"{site}/page/watched"}
    assert screen.end() == 0
    assert sessions(server) == before


def test_watching_without_a_terminal_says_so(server: Server) -> None:
    command = [sys.executable, "-m", "api.cli", "watch", "none", "--server", server.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no terminal" in done.stderr


def test_weak_devices_tell_what_their_users_would_feel(server: Server, site: str) -> None:
    options = "--devices 2 --share --seconds 4 --rate 800 --latency 50 --decode 10 --pause 0.5 --json"
    command = [sys.executable, "-m", "jiomosa_client", "device", f"{site}/scroll.html", "--server", server.address]
    done = subprocess.run([*command, *options.split()], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert "2 devices" in done.stderr
    for report in (first, second):
        assert report["error"] == ""
        assert report["frames"] >= 3
        assert report["first"] > 0.1, "there and back, and the picture"
        assert report["age_p50"] > 0.06, "the latency one way and the decoder's time, at least"
        assert report["bytes"] < 4 * 100_000 * 1.5, "no more than the link carries"
    assert first["actions"] >= 3
    assert first["reaction_p50"] > 0.11, "there and back, and the decoder"
    assert second["actions"] == 0, "it only looks"


def test_the_command_tells_of_a_device_in_words(server: Server, site: str) -> None:
    command = [JIOMOSA, "device", f"{site}/canvas.html", "--server", server.address, "--seconds", "1", "--screen", "320x240"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    titles, device = done.stdout.splitlines()
    assert {"first s", "age p50 ms", "frames"} <= set(re.split(r" {2,}", titles.strip()))
    assert re.match(r"device 1 +\d+\.\d\d +\d+", device)
