"""A web site whose pages try what a viewer should hear of: downloads, full screen, permissions, other programs, all memory."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MARK = "mark-of-the-download"  # in names and contents of what is offered; no page has it in one piece

STYLE = "<style>*{margin:0}body{height:100vh;background:rgb(0,160,0)}</style>"
# Says clicks and keys in its title, after whatever was done.
TRY = """<script>
let done = 'here';
const say = text => { done = text; document.title = text; };
onmousedown = event => { document.title = `${done} click ${event.clientX},${event.clientY}`; };
onkeydown = event => { document.title = `${done} key ${event.key}`; };
</script>"""
PAGES = {
    "plain": "",
    "attachment": "<script>onkeydown = () => { location = '/file'; }</script>",
    "blob": """<script>onkeydown = () => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob(['mark-of-' + 'the-download']));
        link.download = 'mark-of-' + 'the-download.txt';
        link.click();
    }</script>""",
    "print": TRY + "<script>onload = () => { print(); say('printed'); }</script>",
    "fullscreen": TRY
    + """<script>
        document.onfullscreenchange = () => say(document.fullscreenElement ? 'full' : 'left');
        onclick = () => document.documentElement.requestFullscreen();
    </script>""",
    "keyboard": TRY
    + """<script>
        document.onfullscreenchange = () => say(document.fullscreenElement ? 'full' : 'left');
        onclick = async () => {
            await navigator.keyboard.lock(['Escape']);
            document.documentElement.requestFullscreen();
        };
    </script>""",
    "popup": TRY + "<script>onclick = () => { window.open('/print', '', 'width=200,height=100'); }</script>",
    "lock": TRY
    + """<script>
        document.onpointerlockchange = () => say(document.pointerLockElement ? 'locked' : 'free');
        onclick = () => document.pointerLockElement || document.body.requestPointerLock();
    </script>""",
    "permissions": TRY
    + """<script>onclick = async () => {
        const outcome = promise => promise.then(() => 'granted', error => error.name);
        const all = [
            'notifications ' + await Notification.requestPermission(),
            'camera ' + await outcome(navigator.mediaDevices.getUserMedia({video: true})),
            'microphone ' + await outcome(navigator.mediaDevices.getUserMedia({audio: true})),
            'screen ' + await outcome(navigator.mediaDevices.getDisplayMedia()),
            'clipboard ' + await outcome(navigator.clipboard.readText()),
        ];
        say(all.join(', '));
    }</script>""",
    "copies": "<script>onclick = () => { navigator.clipboard.writeText('copied by the page'); }</script>",
    "mailto": TRY + "<script>onclick = () => { location = 'mailto:ann@example.com'; }</script>",
    "unknown": TRY + "<script>onclick = () => { location = 'unknown-scheme:whatever'; }</script>",
    "elements": TRY
    + """<style>i{position:absolute;width:3px;height:3px;background:#fff}</style><script>
        const all = Array.from({length: 10000}, () => document.body.appendChild(document.createElement('i')));
        const draw = now => {
            all.forEach((one, n) => {
                one.style.transform = `translate(${(n * 7 + now / 5) % 400}px, ${(n * 13 + now / 9) % 300}px)`;
            });
            requestAnimationFrame(draw);
        };
        requestAnimationFrame(draw);
        say('moving');
    </script>""",
    "greedy": """<script>onkeydown = () => {
        const kept = [];
        while (true) kept.push(new Array(1e6).fill(kept.length + 0.5));
    }</script>""",
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        if name == "file":
            self._answer(MARK.encode(), "application/octet-stream", f'attachment; filename="{MARK}.bin"')
        elif name in PAGES:
            self._answer(f"<!doctype html><title>{name}</title>{STYLE}<body>{PAGES[name]}".encode(), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str, disposition: str = "") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if disposition:
            self.send_header("Content-Disposition", disposition)
            self.send_header("Cache-Control", "no-store")  # else it may be in the browser's cache, as any answer may
        self.end_headers()
        with contextlib.suppress(OSError):  # the browser may have changed its mind
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that does not trust us ends the connection."""


@contextlib.contextmanager
def serve(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The site's port; `context`: over TLS."""
    with _Server(("localhost", 0), _Site) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
