"""Whatever comes over a WebSocket is answered clearly or ends that connection, and concerns nobody else.

At the end of each test the server has the descriptors that it had before, and nothing that a stranger did has become an error in
its log (`bad_input_rig`).
"""

from __future__ import annotations

import contextlib
import socket
import time

import psutil
import pytest

from bench.server import Server
from tests.process.bad_input_rig import assert_streams, nothing_is_left, server, session
from tests.process.hostile import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    WebSocket,
    frame,
)

__all__ = ["nothing_is_left", "server", "session"]  # fixtures

BAD_FRAMES = {
    "unmasked": frame(TEXT, b"42[]", mask=False),
    "unknown opcode": frame(3, b"x"),
    "reserved bits": frame(TEXT, b"42[]", rsv=4),
    "a length of 2^62": frame(TEXT, b"", length=2**62),
    "a length beyond any": frame(TEXT, b"", length=2**64 - 1),
    "a large message": frame(BINARY, b"", length=5_000_000),
    "a continuation of nothing": frame(CONTINUATION, b"x"),
    "a message within a message": frame(TEXT, b"4", fin=False) + frame(TEXT, b"2"),
    "a fragmented ping": frame(PING, b"x", fin=False),
    "a long ping": frame(PING, b"x" * 126),
    "no UTF-8": frame(TEXT, b"42\xff"),
    "no UTF-8 in two pieces": frame(TEXT, b"42\xe2", fin=False) + frame(CONTINUATION, b"\x28"),
    "fragments without end": frame(TEXT, b"4", fin=False) + frame(CONTINUATION, b"", fin=False) * 5000,
    "a close of one byte": frame(CLOSE, b"x"),
    "a close with a code that is none": frame(CLOSE, b"\x00\x01"),
    "no Engine.IO packet": frame(TEXT, b"x"),
    "an empty message": frame(TEXT, b""),
    "a packet of the server": frame(TEXT, b"0{}"),
    "a packet of no kind": frame(TEXT, b"9"),
    "a message above Engine.IO's limit": frame(TEXT, b"4" + b"x" * 2_000_001),
}


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("what", BAD_FRAMES)
def test_bad_frames_end_their_connection_with_a_reason(server: Server, what: str, joined: bool) -> None:
    with WebSocket(server.address, joined=joined) as client:
        client.send(BAD_FRAMES[what])
        said = client.closing()
        assert said is not None, "closed without a reason"
        assert said.code in (1002, 1007, 1008, 1009)


@pytest.mark.parametrize("watching", [True, False])
def test_a_message_in_pieces_with_pings_between_is_one(server: Server, session: str, watching: bool) -> None:
    with WebSocket(server.address) as client:
        if watching:
            client.emit("subscribe", {"session_id": session})
            client.answer()
        text = b'42["quality:set",{"quality":50}]'
        client.send(frame(TEXT, text[:1], fin=False))
        for byte in text[1:]:
            client.send(frame(PING, b"still there?") + frame(CONTINUATION, bytes([byte]), fin=False) + frame(PONG))
        client.send(frame(CONTINUATION))
        while (answer := client.answer())[0] in ("page", "tab:list", "focus"):
            pass  # what whoever subscribes is told
        assert answer == ["quality:updated", {"quality": 50}]


BAD_MESSAGES = [
    "4",
    "4x",
    "42",
    "42{}",
    "42[",
    "42[]",
    "42[5]",
    "43[]",
    "44",
    "47",
    "45-",
    "450-[1]",
    "4599999999-[1]",
    '4{"a":1}',
    "4[1]",
    "4" * 99,
]


@pytest.mark.parametrize("text", BAD_MESSAGES)
def test_a_bad_message_is_an_error_and_the_connection_goes_on(server: Server, text: str) -> None:
    with WebSocket(server.address) as client:
        client.say(text)
        client.emit("quality:set", {"quality": 50})
        told = [client.answer()]
        while told[-1][0] == "error":
            told.append(client.answer())
        assert told[-1] == ["quality:updated", {"quality": 50}]
        assert all(set(payload) == {"message", "code"} for _, payload in told[:-1])


@pytest.mark.parametrize(
    "first", ['451-["input:text",{"_placeholder":true,"num":7}]', '451-["x",{"_placeholder":true,"num":"a"}]', '452-["x"]']
)
def test_attachments_that_do_not_fit_end_with_an_error(server: Server, first: str) -> None:
    with WebSocket(server.address) as client:
        client.say(first)
        client.say(b"attachment")
        client.emit("quality:set", {"quality": 50})
        told = client.answer()
        assert told[0] == "error", told
        assert client.answer() == ["quality:updated", {"quality": 50}]


def test_a_client_that_pings_and_does_not_read_costs_nothing(server: Server, session: str) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with WebSocket(server.address) as client:
        client.socket.settimeout(1)
        flood = frame(PING, b"x" * 125) * 5000
        with contextlib.suppress(OSError):
            for _ in range(60):  # 40 MB
                client.send(flood)
        assert process.memory_info().rss < before + 15e6
        assert_streams(server, session)


def test_half_closed_connections_go(server: Server, session: str) -> None:
    with WebSocket(server.address) as client:
        client.emit("subscribe", {"session_id": session})
        client.answer()
        client.socket.shutdown(socket.SHUT_WR)
        client.closing()


def test_whoever_talks_without_joining_is_let_go(server: Server) -> None:
    with WebSocket(server.address, joined=False) as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                client.say("42[]")
        client.closing()


def test_whoever_was_let_go_and_talks_on_is_cut(server: Server) -> None:
    """python-engineio reads on for as long as a client says anything."""
    with WebSocket(server.address) as client, contextlib.suppress(ConnectionError):
        client.socket.settimeout(0.2)
        deadline = time.monotonic() + PATIENCE
        while True:  # no pong ever; VIEWER_TIMEOUT is
            assert time.monotonic() < deadline, "kept for as long as it talks"
            client.say('42["quality:set",{"quality":50}]')
            with contextlib.suppress(TimeoutError):
                client.receive()
