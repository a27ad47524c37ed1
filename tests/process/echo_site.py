"""A web site that answers each address with the HTML that is in it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = unquote(self.path.partition("?")[2]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the browser may have changed its mind
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


@contextlib.contextmanager
def echo() -> Iterator[Callable[..., str]]:
    """A site each of whose pages is what its address says: `address(html, host)`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        port = server.server_address[1]
        yield lambda html, host="127.0.0.1": f"http://{host}:{port}/?{quote('<!doctype html>' + html)}"
        server.shutdown()
        thread.join()
