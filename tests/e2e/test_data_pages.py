"""No page leads a tab to a `data:` page, which could pass for any site, having no address; in frames they are fine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from bench.client import Client
from bench.server import Server

DATA = "data:text/html,<title>there</title>"
PATIENCE = 20.0
# What a click does to get to TO. Each leads there where TO is an address.
WAYS = {
    "location": "location = TO",
    "window": "open(TO)",
    "link": "follow('_self')",
    "link to another tab": "follow('_blank')",
    "form": "send()",
    "refresh": "refresh()",
    "redirect": "location = '/to?' + new URLSearchParams({url: TO})",
}
# The page says by a request that it is still there a while after the click.
PAGE = """<!doctype html><title>begins</title><body style='height:100vh'><script>
const TO = new URLSearchParams(location.search).get('to');
const added = (kind, more) => document.body.appendChild(Object.assign(document.createElement(kind), more));
const follow = target => added('a', {href: TO, target}).click();
const send = () => added('form', {action: TO, method: 'post'}).submit();
const refresh = () => added('meta', {httpEquiv: 'refresh', content: '0;url=' + TO});
onclick = () => { onclick = null; setTimeout(() => fetch('/still-here'), 500); WAY; };
</script>"""
IN_A_FRAME = """<!doctype html><title>begins</title><script>onmessage = event => { document.title = event.data; }</script>
<iframe src='data:text/html,<script>parent.postMessage("in a frame", "*")</script>'></iframe>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.lstrip("/")
        if name == "to":
            self._answer(302, "", ("Location", parse_qs(parts.query)["url"][0]))
        elif name == "still-here":
            self.server.still_here.set()  # type: ignore[attr-defined]
            self._answer(200, "")
        elif name == "there":
            self._answer(200, "<title>there</title>")
        elif name == "frame":
            self._answer(200, IN_A_FRAME)
        elif name != "page":
            self.send_error(404)
        else:
            self._answer(200, PAGE.replace("WAY", WAYS[parse_qs(parts.query)["way"][0]]))

    do_POST = do_GET  # noqa: N815  # the name that the base class looks for

    def _answer(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (("Content-Type", "text/html"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.still_here = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def page(self, way: str, to: str) -> str:
        return f"{self.address}/page?way={quote(way)}&to={quote(to, safe='')}"


@pytest.fixture(scope="module")
def pages() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield site
        site.shutdown()
        thread.join()


def clicked(server: Server, session: str, client: Client, page: str) -> None:
    """`client`, who watches meanwhile, since the page is halted where nobody does."""
    server.post(f"/api/session/{session}/load", url=page)
    client.subscribe(session)
    client.wait_for("subscribed")
    client.emit("input:click", {"x": 100, "y": 100})
    client.wait_for("input:acknowledged")


def tabs(server: Server, session: str) -> list[tuple[str, str]]:
    """Title and address of each."""
    return [(tab["title"], tab["url"]) for tab in server.get(f"/api/session/{session}/tabs")["tabs"]]


def at_one(server: Server, session: str) -> list[tuple[str, str]]:
    return [(title, url) for title, url in tabs(server, session) if title == "there" or url.startswith("data:")]


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_a_tab_to_one(server: Server, session: str, client: Client, pages: Site, way: str) -> None:
    pages.still_here.clear()
    clicked(server, session, client, pages.page(way, DATA))
    if way == "redirect":  # that ends at a page of the browser's own, which says so
        until(lambda: tabs(server, session)[0][0] != "begins")
    else:
        assert pages.still_here.wait(PATIENCE), tabs(server, session)
    assert at_one(server, session) == []


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_to_an_address(server: Server, session: str, client: Client, pages: Site, way: str) -> None:
    """So that it is not for the way, above, that none led there."""
    there = f"{pages.address}/there"
    clicked(server, session, client, pages.page(way, there))
    until(lambda: ("there", there) in tabs(server, session))


def test_whoever_loads_a_redirect_to_one_is_told(server: Server, session: str, pages: Site) -> None:
    url = f"{pages.address}/to?url={quote(DATA)}"
    answer = requests.post(f"{server.address}/api/session/{session}/load", json={"url": url}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (502, "load_failed"), answer.text
    assert at_one(server, session) == []


def test_in_a_frame_it_is_shown(server: Server, session: str, pages: Site) -> None:
    server.post(f"/api/session/{session}/load", url=f"{pages.address}/frame")
    until(lambda: tabs(server, session)[0][0] == "in a frame")


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
