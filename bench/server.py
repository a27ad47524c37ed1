"""A Jiomosa server of our own, as a child process, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from engine.settings import Settings

START_SECONDS = 20.0
STOP_SECONDS = 20.0


@dataclass(slots=True)
class Server:
    """`address`: where it serves; `log`: its lines so far; `token`: one that opens everything, where it has a login."""

    process: subprocess.Popen[str]
    address: str
    log: list[str] = field(default_factory=list)
    token: str = ""

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """POST JSON; the answer. Raises requests.HTTPError with the server's sentence."""
        return self._checked(requests.post(self.address + path, json=body, headers=self._headers, timeout=60))

    def get(self, path: str) -> dict[str, Any]:
        return self._checked(requests.get(self.address + path, headers=self._headers, timeout=60))

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _checked(self, response: requests.Response) -> dict[str, Any]:
        if not response.ok:
            # What the server said at the time is what explains a failure that nobody can repeat.
            log = "\n".join(self.log[-20:]) if response.status_code >= 500 else ""
            raise requests.HTTPError(f"{response.text}\n{log}".rstrip(), response=response)
        answer: dict[str, Any] = response.json()
        return answer

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop and wait; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def run(module: str = "api.cli", *, within: Sequence[str] = (), **settings: Any) -> Iterator[Server]:
    """A running server with these settings (`session_timeout=5`); stopped, or killed, at the end.

    `module` is what is started; `within`: the beginning of a command that becomes another one, in which to start it.
    """
    # A test or a benchmark may well be what loads the machine; and its pages are on it, also where it has a login.
    chosen = {"host": "127.0.0.1", "port": 0, "max_load": 0, "private_addresses": "allow"} | settings
    environment = os.environ | {name.upper(): str(value) for name, value in chosen.items()}
    process = subprocess.Popen(
        [*within, "setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", module, "serve"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    serving = threading.Event()
    server = Server(process, "", token=_token(str(chosen.get("auth_secret", ""))))

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            server.log.append(line.rstrip())
            found = re.search(r"serving\b.*\baddress=(https?://\S+)", line)
            if found:
                server.address = found.group(1)
                serving.set()
        serving.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if not serving.wait(START_SECONDS) or not server.address:
            raise RuntimeError("the server did not start:\n" + "\n".join(server.log))
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def _token(secret: str) -> str:
    if not secret:
        return ""
    from api.tokens import mint
    from engine.identity import CONTROL, CREATE, WATCH

    return mint(Settings(auth_secret=secret), "bench", " ".join((CREATE, CONTROL, WATCH)), 3600)
