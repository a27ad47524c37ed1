"""SOCKS 5 (RFC 1928) as browsers speak it, without any I/O: no login, and one command, CONNECT.

    client                                          us
    5, count, methods...                     ->
                                             <-     5, method (0: none needed, 255: none of these)
    5, command, 0, kind, address, port       ->
                                             <-     5, code, 0, 1, 0.0.0.0, 0
    from here on whatever it is both ways

kind 1: four bytes of IPv4; 3: a byte of length and a name; 4: sixteen bytes of IPv6. Chromium sends names, and addresses as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

VERSION, NO_LOGIN, NO_METHOD, CONNECT = 5, 0, 255, 1
MAX_BYTES = 2 + 255 + 5 + 255 + 2  # of a greeting and a request: the longest that there are


class Code(IntEnum):
    """What a request comes to."""

    GRANTED = 0
    FAILED = 1
    NOT_ALLOWED = 2
    UNREACHABLE = 4
    REFUSED = 5
    NO_SUCH_COMMAND = 7
    NO_SUCH_ADDRESS = 8


class Malformed(Exception):
    """It is no SOCKS 5, or a part of it that we do not do. `answer`: what the protocol has us say before we hang up."""

    def __init__(self, answer: bytes = b"") -> None:
        super().__init__("not a SOCKS 5 request")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Request:
    """Connect to `port` of `host`, a name or an address; `rest`: what came after the request already."""

    host: str
    port: int
    rest: bytes


class Handshake:
    """One connection up to its request. Give what comes to `feed`, and send what that returns."""

    def __init__(self) -> None:
        self._data = b""
        self._greeted = False
        self.request: Request | None = None

    def feed(self, data: bytes) -> bytes:
        """The answer to what has come so far; `request` is there once it is complete. Raises `Malformed`."""
        self._data += data
        answer = b""
        if not self._greeted:
            if self._data[:1] not in (b"", b"\5"):
                raise Malformed
            if len(self._data) < 2 or len(self._data) < 2 + self._data[1]:
                return b""
            end = 2 + self._data[1]
            if NO_LOGIN not in self._data[2:end]:
                raise Malformed(bytes((VERSION, NO_METHOD)))
            self._data, self._greeted = self._data[end:], True
            answer = bytes((VERSION, NO_LOGIN))
        self._read_request()
        return answer

    def _read_request(self) -> None:
        data = self._data
        if len(data) < 5:
            return
        version, command, _, kind, length = data[:5]
        if version != VERSION:
            raise Malformed
        if command != CONNECT:
            raise Malformed(reply(Code.NO_SUCH_COMMAND))
        begin, size = {1: (4, 4), 3: (5, length), 4: (4, 16)}.get(kind, (0, 0))
        if not size:
            raise Malformed(reply(Code.NO_SUCH_ADDRESS))
        end = begin + size
        if len(data) < end + 2:
            return
        address = data[begin:end]
        try:
            host = address.decode("ascii") if kind == 3 else str(IPv4Address(address) if kind == 1 else IPv6Address(address))
        except UnicodeDecodeError:
            raise Malformed(reply(Code.NO_SUCH_ADDRESS)) from None
        self.request = Request(host, int.from_bytes(data[end : end + 2], "big"), data[end + 2 :])


def reply(code: Code) -> bytes:
    """The answer to a request. (Where we connected from is nobody's business.)"""
    return bytes((VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0))
