"""What a socket's congestion control is told, on sockets of the kernel's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from api.link import ANOTHER, BBR, Wire, renewable
from engine.renewal import Renewal

TCP_CC_INFO = 26  # linux/tcp.h
BBR_INFO = struct.Struct("=IIIII")  # tcp_bbr_info: bandwidth (low, high), shortest round trip, gains
MUCH_LATER = 1e9


class _Eager(Renewal):
    """Wants it at once; then as any other."""

    def due(self, now: float) -> bool:
        return True

    def wanted(self, now: float, min_rtt: float, sent: int, lost: int, *, orderly: bool) -> bool:
        return orderly


@contextlib.contextmanager
def _connected(name: bytes) -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
        with socket.create_connection(listener.getsockname()) as far:
            near, _ = listener.accept()
            with near:
                yield near, far


async def _wire(near: socket.socket) -> tuple[Wire, Any]:
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=near)
    wire = Wire()
    wire.disconnected = False
    wire.tune(transport)
    return wire, transport


def _control(end: socket.socket) -> bytes:
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


def _bandwidth(end: socket.socket) -> int:
    low, high, *_ = BBR_INFO.unpack(end.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, BBR_INFO.size))
    return int(low + (high << 32))


@pytest.mark.skipif(not renewable(), reason="this kernel has no BBR, or does not let us choose it")
async def test_bbr_begins_anew() -> None:
    with _connected(BBR) as (near, far):
        wire, transport = await _wire(near.dup())
        try:
            for _ in range(20):
                near.sendall(bytes(1000))
                far.recv(1000)
            assert _bandwidth(near) > 0, "nothing to forget"
            wire.renew(MUCH_LATER)
            assert _bandwidth(near) > 0, "the link is short: there is no reason"
            wire._renewal = _Eager(0.0)
            wire.renew(0.0)
            assert _control(near) == BBR
            assert _bandwidth(near) == 0
            near.sendall(bytes(1000))
            assert far.recv(1000) == bytes(1000)
        finally:
            transport.abort()


async def test_another_congestion_control_is_left_alone() -> None:
    with _connected(ANOTHER) as (near, _):
        wire, transport = await _wire(near.dup())
        try:
            assert wire._renewal is None
            wire.renew(MUCH_LATER)
            assert _control(near) == ANOTHER
        finally:
            transport.abort()
