"""What a TCP socket tells of the link behind it, and whether that has room for another picture.

`Wire` is a part of the protocol classes in `api.transport`. The next picture may start when no more than about one
bandwidth-delay product waits in the kernel (DESIGN.md, section 6): a client's newest picture is then never behind older ones.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import Any

# linux/tcp.h; the socket module lacks some of these before Python 3.12.
TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT = 18, 25
SIOCOUTQ = 0x5411
TCP_INFO_BYTES = 168
_u32 = struct.Struct("=I").unpack_from
_u64 = struct.Struct("=Q").unpack_from

# A client that stops reading is otherwise never let go: its task waits in `send` for good (DESIGN.md, section 6).
USER_TIMEOUT_MS = 20_000
PROBE_SECONDS = 10  # between two questions whether the other end is still there; USER_TIMEOUT_MS says when it is not
# The kernel calls the socket writable only below this many unsent bytes: what waits there must not be seconds old.
NOTSENT_LOWAT_BYTES = 16 * 1024
BUDGET = 1.25  # times one bandwidth-delay product may wait in the kernel when the next picture starts
SEGMENTS_ALWAYS_ALLOWED = 2
RECHECK_SECONDS = (0.002, 0.1)  # the shortest and longest wait before asking the kernel again


class Link:
    """What a TCP socket tells of its link. Units: bytes, seconds."""

    __slots__ = ("app_limited", "min_rtt", "mss", "rate")

    def __init__(self, info: bytes) -> None:
        self.mss: int = _u32(info, 16)[0]
        self.app_limited = bool(info[7] & 1)
        self.min_rtt: float = _u32(info, 148)[0] / 1e6
        self.rate: int = _u64(info, 160)[0]

    def excess(self, unsent: int) -> float:
        """How many of `unsent` bytes are too many for the next picture to start; not positive: it may."""
        return unsent - max(SEGMENTS_ALWAYS_ALLOWED * self.mss, BUDGET * self.rate * self.min_rtt)


class Wire:
    """One connection's socket; `disconnected` says that it is no more."""

    disconnected: bool
    _fd = -1  # stays so where the socket cannot tell

    def tune(self, transport: Any) -> None:
        """Have nothing wait on this side of the kernel, little in it, and nobody who stops reading stay."""
        transport.set_write_buffer_limits(high=0)
        end = transport.get_extra_info("socket")
        if end is not None and end.family in (socket.AF_INET, socket.AF_INET6):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
            end.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)
            self._fd = end.fileno()
            self._end = end

    def keep_alive_probes(self) -> None:
        """Have the kernel find out when the other end is gone, for a connection on which it may have nothing to say for long."""
        if self._fd >= 0:
            self._end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_SECONDS)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_SECONDS)

    def unsent(self) -> int:
        """Bytes that the other end has not acknowledged, in the kernel or behind it; 0 where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return 0
        return int(struct.unpack("i", fcntl.ioctl(self._fd, SIOCOUTQ, b"\0\0\0\0"))[0])

    def link(self) -> Link | None:
        """The link's state; None where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return None
        return Link(self._end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES))


def congestion(wire: Any) -> float:
    """Seconds to wait before the kernel of a `Wire` is worth asking again; 0 when a picture may start now."""
    unsent = wire.unsent()
    link = wire.link() if unsent else None
    if link is None:
        return 0.0
    excess = link.excess(unsent)
    shortest, longest = RECHECK_SECONDS
    return 0.0 if excess <= 0 else min(longest, max(shortest, excess / (link.rate or 1e5)))
