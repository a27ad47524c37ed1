"""Whatever comes as HTTP, be it polling or no HTTP at all, is answered clearly, and concerns nobody else.

At the end of each test the server has the descriptors that it had before, and nothing that a stranger did has become an error in
its log (`bad_input_rig`).
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import re
import time

import pytest
import requests

from bench.client import Client, Frame
from bench.server import Server
from tests.process.bad_input_rig import assert_streams, become, nothing_is_left, server, session
from tests.process.hostile import (
    PATIENCE,
    TEXT,
    Poller,
    WebSocket,
    ask,
    connect,
    everything,
    frame,
)

__all__ = ["nothing_is_left", "server", "session"]  # fixtures

# ---- polling


def only_error(response: requests.Response, *statuses: int) -> None:
    assert response.status_code in statuses, response.text
    assert set(response.json()) == {"error", "code"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("x", 400),
        ("9", 400),
        ("0", 400),
        ("\x1e", 400),
        (b"\xff", 400),
        ("b!", 400),
        ("1" + "\x1e4" * 20, 400),
        ("d=", 400),
        ("d=4", 400),
    ],
)
def test_a_post_that_is_none_is_an_error(server: Server, body: str, status: int) -> None:
    poller = Poller(server.address)
    only_error(poller.post(body), status)
    assert poller.post('42["quality:set",{"quality":50}]').text == "OK"
    assert poller.get().text == '42["quality:updated",{"quality":50}]'
    poller.post("1")


@pytest.mark.parametrize("sid", ["", "nobody", "a" * 5000, "%00", "%ff", "../..", "a&sid=b"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_a_sid_that_is_none_is_an_error(server: Server, sid: str, method: str) -> None:
    url = f"{server.address}/socket.io/?EIO=4&transport=polling&sid={sid}"
    response = requests.request(method, url, timeout=PATIENCE)
    if method == "HEAD":
        assert response.status_code in (400, 405)
    elif sid or method != "GET":  # an empty one is none, and somebody new
        only_error(response, 400, 405)


@pytest.mark.parametrize(
    "query", ["", "EIO=3&transport=polling", "EIO=4&transport=carrier-pigeon", "EIO=4&transport=polling&j=0", "%ff=%ff"]
)
def test_a_query_that_is_none_is_an_error(server: Server, query: str) -> None:
    only_error(requests.get(f"{server.address}/socket.io/?{query}", timeout=PATIENCE), 400)
    with WebSocket(server.address, query=query, joined=False) as client:
        assert b" 400 " in client.head


def test_a_body_without_a_length_or_too_large_is_an_error(server: Server) -> None:
    poller = Poller(server.address)
    only_error(poller.post(iter([b"4"])), 411)  # type: ignore[arg-type]  # chunked
    only_error(poller.post(b"4" * 2_000_001), 413)
    only_error(requests.post(f"{server.address}/api/session/create", data=b" " * 70_000, timeout=PATIENCE), 413)
    poller.post("1")


def test_of_two_polls_the_newer_has_what_comes(server: Server) -> None:
    poller = Poller(server.address)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        polls = [pool.submit(poller.get)]
        for _ in range(5):
            polls.append(pool.submit(poller.get))
        concurrent.futures.wait(polls, PATIENCE, concurrent.futures.FIRST_COMPLETED)
        become(lambda: sum(poll.done() for poll in polls) == 5, "more than one poll waits")
        poller.post('42["quality:set",{"quality":50}]')
        answers = sorted(poll.result().text for poll in polls)
        assert answers == ['42["quality:updated",{"quality":50}]', *["6"] * 5]
        poller.post("1")


def test_what_comes_is_not_given_to_a_poll_whose_client_has_gone(server: Server) -> None:
    poller = Poller(server.address)
    gone = connect(server.address)
    gone.sendall(f"GET /socket.io/?{poller.query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    with concurrent.futures.ThreadPoolExecutor() as pool:
        gone.close()
        poll = pool.submit(poller.get)
        time.sleep(0.1)  # either order is right, but this one is what is meant
        poller.post('42["quality:set",{"quality":50}]')
        assert poll.result().text in ('42["quality:updated",{"quality":50}]', "6")
    poller.post("1")


def test_an_upgrade_that_fails_leaves_polling_as_it_was(server: Server) -> None:
    for wrong in (b"", frame(TEXT, b"3probe"), frame(TEXT, b"x"), frame(TEXT, b"2probe") + frame(TEXT, b"4")):
        poller = Poller(server.address)
        with WebSocket(server.address, query=f"EIO=4&transport=websocket&sid={poller.sid}", joined=False) as client:
            client.send(wrong)
        assert poller.post('42["quality:set",{"quality":50}]').ok
        told = ""
        while "quality:updated" not in told:
            told = poller.get().text
        poller.post("1")


def test_a_second_upgrade_at_once_is_refused(server: Server) -> None:
    poller = Poller(server.address)
    query = f"EIO=4&transport=websocket&sid={poller.sid}"
    with (
        WebSocket(server.address, query=query, joined=False) as first,
        WebSocket(server.address, query=query, joined=False) as second,
    ):
        assert b" 101 " in first.head
        assert b" 400 " in second.head
    poller.post("1")


# ---- HTTP


def test_who_sends_its_request_too_slowly_is_told(server: Server, session: str) -> None:
    """A head, a REST body and a post of Engine.IO, a byte at a time, all at once."""
    poller = Poller(server.address, joined=False)
    host = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    begins = {
        "head": f"GET / {host}X-Long: ",
        "body": f"POST /api/session/create {host}Content-Length: 1000\r\n\r\n",
        "chunks": f"POST /api/session/create {host}Transfer-Encoding: chunked\r\n\r\n",
        "post": f"POST /socket.io/?{poller.query} {host}Content-Length: 1000\r\n\r\n",
        "second": f"GET /health {host}\r\nGET / {host}X-Long: ",
    }
    clients = {what: connect(server.address) for what in begins}
    silent = connect(server.address)
    for what, client in clients.items():
        client.sendall(begins[what].encode())
        client.settimeout(0.01)
    begin, answers = time.monotonic(), dict.fromkeys(clients, b"")
    open_ = set(clients)
    while open_:
        assert time.monotonic() < begin + PATIENCE, f"not let go: {open_}"
        for what in list(open_):
            with contextlib.suppress(TimeoutError):
                try:
                    clients[what].sendall(b"1\r\nx\r\n" if what == "chunks" else b"x")
                    piece = clients[what].recv(65536)
                except ConnectionError:
                    piece = b""
                answers[what] += piece
                if not piece:
                    open_.discard(what)
        time.sleep(0.2)
    for client in clients.values():
        client.close()
    with silent:
        assert everything(silent) == b""
    assert {what: b"HTTP/1.1 408 " in answer for what, answer in answers.items()} == dict.fromkeys(clients, True), answers
    assert_streams(server, session)


def test_garbage_of_any_kind_is_a_400(server: Server) -> None:
    garbage = [
        os.urandom(1000),
        b"\r\n" * 1000 + b"\0",
        b"GET\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ]
    for text in garbage:
        answer = ask(server.address, text)
        assert answer.startswith(b"HTTP/1.1 400 "), text
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "bad_request"


def test_requests_behind_each_other_are_answered_in_order(server: Server) -> None:
    paths = ["/health", "/nothing", "/api/info", "/ready"] * 20
    requests_ = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" for path in paths]
    answer = ask(server.address, "".join(requests_).encode(), b"nonsense\r\n\r\n")
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]
    assert statuses == [200, 404, 200, 200] * 20


# ---- a thousand connections


def test_a_thousand_connections_that_never_speak_keep_nobody_out(server: Server, session: str) -> None:
    with Client(server.address) as watching, contextlib.ExitStack() as silent:
        watching.subscribe(session)
        quiet = rate(watching)
        for _ in range(1000):
            silent.enter_context(connect(server.address))
        assert rate(watching) > quiet / 2
        assert_streams(server, session)
        assert requests.get(f"{server.address}/health", timeout=PATIENCE).ok


def rate(viewer: Client, seconds: float = 1.5) -> float:
    """Frames a second that come to `viewer`."""
    end, frames = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        frames += isinstance(viewer.receive(PATIENCE), Frame)
    return frames / seconds
