"""What `jiomosa doctor` asks the machine. Plain facts; what they mean is judged in `api.doctor`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from engine.settings import Settings

ANSWER_SECONDS = 15.0
PROBE_UID_OFFSET = 4000  # from the first session's user id: far from any session at work, whose end sweeps its user id clean
LANGUAGES = {  # as fontconfig calls them
    "Latin": "en",
    "Chinese": "zh-cn",
    "Japanese": "ja",
    "Korean": "ko",
    "Devanagari": "hi",
    "Arabic": "ar",
    "emoji": "und-zsye",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A short run of Chromium: whether it showed its page, and its last words if it did not."""

    shown: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How Chromium starts as `uid` (None: the server's own user) with its sandbox and without; None: not tried.

    `namespaces`: an unprivileged user may make user namespaces. `helper`: Chromium's setuid helper is installed.
    """

    uid: int | None
    inside: Trial | None
    outside: Trial | None
    namespaces: bool
    helper: bool


def version(path: str) -> str | None:
    """The version that the program at `path` answers with; None when it does not run."""
    answer = _answer(path, "--version")
    return None if answer is None else version_in(answer)


def version_in(text: str) -> str | None:
    match = re.search(r"\b\d+(\.\d+)+", text)
    return match[0] if match else None


def fonts() -> dict[str, int] | None:
    """The number of fonts for each of LANGUAGES; None where there is no fc-list to ask."""
    found = {}
    for script, language in LANGUAGES.items():
        answer = _answer("fc-list", f":lang={language}", "family")
        if answer is None:
            return None
        found[script] = len(answer.splitlines())
    return found


def shared_memory() -> tuple[int, int] | None:
    """Bytes of /dev/shm in all and free; None where there is none."""
    try:
        entry = os.statvfs("/dev/shm")
    except OSError:
        return None
    return entry.f_blocks * entry.f_frsize, entry.f_bavail * entry.f_frsize


def folder_complaint(path: str) -> str | None:
    """Why no folder can be made in `path`; None when one can."""
    try:
        with tempfile.TemporaryDirectory(prefix="jiomosa-doctor-", dir=path):
            return None
    except OSError as error:
        return error.strerror or str(error)


def port_complaint(host: str, port: int) -> str | None:
    """Why nobody can listen on `host`:`port`; None when one can."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.create_server(address[:2], family=family):
            return None
    except OSError as error:
        return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def sandbox(settings: Settings) -> Sandbox:
    """Start Chromium as a session would: in its sandbox if the settings want that, without if that fails."""
    uid = settings.browser_uid + PROBE_UID_OFFSET if os.geteuid() == 0 else None
    drop = [] if uid is None else ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--"]
    inside = _start_chromium(settings, uid, drop) if settings.browser_sandbox else None
    outside = None if inside and inside.shown else _start_chromium(settings, uid, drop, "--no-sandbox")
    helper = Path(settings.chromium).with_name("chrome-sandbox")
    return Sandbox(
        uid=uid,
        inside=inside,
        outside=outside,
        namespaces=_answer(*drop, "unshare", "--user", "true") is not None,
        helper=helper.exists() and bool(helper.stat().st_mode & 0o4000),
    )


def _start_chromium(settings: Settings, uid: int | None, drop: Sequence[str], *switches: str) -> Trial:
    try:
        with tempfile.TemporaryDirectory(
            prefix="jiomosa-doctor-", dir=settings.runtime_dir, ignore_cleanup_errors=True
        ) as folder:
            if uid is not None:
                os.chown(folder, uid, uid)
            return _show_page([*drop, settings.chromium, *switches], folder)
    except OSError as error:
        return Trial(shown=False, words=f"{error}.")


class _Page(BaseHTTPRequestHandler):
    """A page of ours that has a picture, for which only a browser that draws it asks."""

    server: _Site

    def do_GET(self) -> None:
        if self.path == "/picture":
            self.server.shown = True
            self.server.over.set()
        body = b'<!doctype html><img src="/picture">'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


class _Site(ThreadingHTTPServer):
    """`over` is set when the page was shown, or Chromium has ended."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.shown = False
        self.over = threading.Event()


def _show_page(command: Sequence[str], folder: str) -> Trial:
    """Not by `--dump-dom`, which is a page of chrome://: a machine's policies may forbid those, as our image's do."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "TMPDIR": folder, "XDG_RUNTIME_DIR": folder}
    switches = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-breakpad", f"--user-data-dir={folder}/profile"]
    # Output goes to a file: a helper that outlives Chromium would hold a pipe open and make us wait.
    with _Site() as site, open(f"{folder}/stderr", "w+") as stderr:
        process = subprocess.Popen(
            [*command, *switches, f"http://127.0.0.1:{site.server_port}/"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )

        def await_end() -> None:
            process.wait()
            site.over.set()

        ending = threading.Thread(target=await_end)
        serving = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        ending.start()
        serving.start()
        late = "" if site.over.wait(ANSWER_SECONDS) else f"no page within {ANSWER_SECONDS:g} s. "
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        ending.join()
        site.shutdown()
        serving.join()
        stderr.seek(0)
        return Trial(site.shown, "" if site.shown else late + last_words(stderr.read()))


def last_words(text: str) -> str:
    """The line of Chromium's stderr that says most: the first fatal one, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "No usable sandbox" in line or "error while loading" in line]
    return (fatal or lines[-1:] or ["it said nothing."])[0][:300]


def _answer(*command: str) -> str | None:
    """What a program prints; None where it is not there, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=ANSWER_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
