"""A web site whose pages tell it all that happens to them: what reached a page is known here, whatever a viewer shows of it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .mock import WAIT

PAGE = Path(__file__).with_name("telling.html")
SECOND = """<!doctype html><title>second</title><h1>Second</h1><script>
function tell(what) {
  fetch('/told', {method: 'POST', keepalive: true, body: JSON.stringify({what: what, path: location.pathname})});
}
tell('open'); document.addEventListener('visibilitychange', function () { tell(document.visibilityState); });
</script>"""


class Telling:
    """`address` of its first page; what its pages told since `forget`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._told: list[dict[str, Any]] = []
        self._changed = threading.Condition()

    def heard(self, told: dict[str, Any]) -> None:
        with self._changed:
            self._told.append(told)
            self._changed.notify_all()

    def forget(self) -> None:
        """What comes from now on counts."""
        with self._changed:
            self._told.clear()

    def expect(self, what: str, **fields: Any) -> dict[str, Any]:
        """Wait until a page has told `what` with these fields; all that it told with it."""
        wanted = {"what": what} | fields
        until = time.monotonic() + WAIT
        with self._changed:
            while True:
                for told in self._told:
                    if wanted.items() <= told.items():
                        return told
                if not self._changed.wait(until - time.monotonic()):
                    raise AssertionError(f"Waited {WAIT:g} s for {wanted}; the pages told {self._told[-10:]}.")


@contextlib.contextmanager
def serve() -> Iterator[Telling]:
    """The site, while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(SECOND.encode() if self.path == "/second" else PAGE.read_bytes())

        def do_POST(self) -> None:
            site.heard(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the browser may have changed its mind
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Telling(f"http://127.0.0.1:{server.server_address[1]}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield site
        server.shutdown()
        thread.join()
