"""Who issues tokens, as a web site on this machine: its set of public keys, which may change or go away."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: KeySite = self.server  # type: ignore[assignment]
        site.asked += 1
        if site.leads_to:
            self.send_response(302)
            self.send_header("Location", site.leads_to)
            self.end_headers()
            return
        if isinstance(site.answer, int):
            self.send_error(site.answer)
            return
        if site.answer.startswith(b"{"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(site.answer)))
            self.end_headers()
        self.wfile.write(site.answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


class KeySite(ThreadingHTTPServer):
    """`answer`: its set, a status of HTTP, or what is sent as it is; `leads_to`: an address that it names in place of that;
    `asked`: how often it was."""

    daemon_threads = True

    def __init__(self, answer: bytes | int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.asked, self.leads_to = answer, 0, ""
        self.address = f"http://localhost:{self.server_address[1]}/keys.json"


@contextlib.contextmanager
def key_site(answer: bytes | int) -> Iterator[KeySite]:
    with KeySite(answer) as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield site
        site.shutdown()
        thread.join()
