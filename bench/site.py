"""A web site on this machine for tests and benchmarks: the files of bench/pages, and addresses that misbehave on purpose."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent / "pages"
HANG_SECONDS = 60.0
PARTS, PART_BYTES = 64, 128_000  # of the page /parts, which is there to be loaded


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, directory=str(PAGES), **options)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/hang":  # accepts, and never answers
            self.server.stopping.wait(HANG_SECONDS)  # type: ignore[attr-defined]
        elif path == "/slow":  # the page comes, one of its pictures never does
            self._html("<title>slow</title><body><input autofocus id=field><img src=/hang>")
        elif path == "/again":  # redirects to itself
            self.send_response(302)
            self.send_header("Location", "/again")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/parts":
            stamp = self.path.partition("?")[2]
            self._html("<title>parts</title>" + "".join(f"<img src='/part?{stamp}-{part}'>" for part in range(PARTS)))
        elif path == "/part":
            self._html("x" * PART_BYTES)
        elif path == "/agent":  # what the browser calls itself to sites, and to scripts
            agent = self.headers["User-Agent"]
            self._html(f"<title>{agent}</title><script>document.title += ', ' + navigator.userAgent</script>")
        elif path.startswith("/page/"):
            self._html(f"<title>{path[6:]}</title><h1>{path[6:]}</h1>")
        else:
            super().do_GET()

    def _html(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a connection early is no error of ours."""


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """The site's address while it is served."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with serve() as address, contextlib.suppress(KeyboardInterrupt):
        print(address, flush=True)
        while True:
            time.sleep(3600)
