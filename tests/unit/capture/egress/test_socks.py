"""SOCKS 5 in whatever pieces it comes; what is none is answered as the protocol says, and never believed."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.egress.socks import MAX_BYTES, Code, Handshake, Malformed, reply

HELLO = b"\x05\x01\x00"
PORTS = st.integers(0, 65535)
NAMES = st.from_regex(r"[a-z0-9.-]{1,255}", fullmatch=True)


def asked(kind: int, address: bytes, port: int) -> bytes:
    return HELLO + bytes((5, 1, 0, kind)) + address + port.to_bytes(2, "big")


REQUESTS = st.one_of(
    st.tuples(NAMES, PORTS).map(lambda at: (*at, asked(3, bytes((len(at[0]),)) + at[0].encode(), at[1]))),
    st.tuples(st.ip_addresses(v=4), PORTS).map(lambda at: (str(at[0]), at[1], asked(1, at[0].packed, at[1]))),
    st.tuples(st.ip_addresses(v=6), PORTS).map(lambda at: (str(at[0]), at[1], asked(4, at[0].packed, at[1]))),
)


@given(REQUESTS, st.binary(max_size=40), st.lists(st.integers(1, 300), max_size=20))
def test_a_request_is_the_same_in_whatever_pieces_it_comes(request: tuple[str, int, bytes], more: bytes, cuts: list[int]) -> None:
    host, port, data = request
    handshake, answers, left = Handshake(), b"", data
    for size in [*cuts, len(data)]:
        piece, left = left[:size], left[size:]
        if not left:
            piece += more
        if piece and handshake.request is None:
            answers += handshake.feed(piece)
    assert answers == b"\x05\x00"
    assert handshake.request is not None
    assert (handshake.request.host, handshake.request.port, handshake.request.rest) == (host, port, more)
    assert len(data) <= MAX_BYTES


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"GET / HTTP/1.1\r\n", b""),
        (b"\x04\x01\x00\x50", b""),
        (b"\x05\x01\x02", b"\x05\xff"),
        (HELLO + b"\x05\x02\x00\x01" + bytes(6), reply(Code.NO_SUCH_COMMAND)),
        (HELLO + b"\x05\x03\x00\x01" + bytes(6), reply(Code.NO_SUCH_COMMAND)),
        (HELLO + b"\x05\x01\x00\x02" + bytes(6), reply(Code.NO_SUCH_ADDRESS)),
        (HELLO + b"\x05\x01\x00\x03\x00" + bytes(6), reply(Code.NO_SUCH_ADDRESS)),
        (HELLO + b"\x05\x01\x00\x03\x01\xff" + bytes(6), reply(Code.NO_SUCH_ADDRESS)),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, answer: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        Handshake().feed(data)
    assert caught.value.answer == answer


@given(st.binary(max_size=600))
def test_no_bytes_do_any_harm(data: bytes) -> None:
    handshake = Handshake()
    try:
        handshake.feed(data)
    except Malformed:
        return
    if handshake.request is not None:
        assert handshake.request.host
        assert data[:1] == b"\x05"


@pytest.mark.parametrize("code", Code)
def test_a_reply_says_its_code_and_nothing_of_us(code: Code) -> None:
    assert reply(code) == bytes((5, code, 0, 1)) + ipaddress.IPv4Address(0).packed + b"\0\0"
