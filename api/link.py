"""What a TCP socket tells of the link behind it. `engine.flow` decides what follows from that.

`Wire` is a part of the protocol classes in `api.transport`.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import socket
import struct
import time
from typing import Any

from engine.flow import Flow
from engine.renewal import Renewal

# linux/tcp.h; the socket module lacks some of these before Python 3.12.
TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT = 18, 25
SIOCOUTQ = 0x5411
TCP_INFO_BYTES = 176
_u32 = struct.Struct("=I").unpack_from
_u64 = struct.Struct("=Q").unpack_from

BBR = b"bbr"
ANOTHER = b"reno"  # every kernel has it, and lets everybody have it
ORDERLY = 0  # tcpi_ca_state: TCP_CA_Open

TICK_SECONDS = 0.01  # the kernel's, at 100 Hz, the slowest there is
PROBE_SECONDS = 10  # between two questions whether the other end is still there; TCP_USER_TIMEOUT says when it is not
# The kernel calls the socket writable only below this many unsent bytes. This to begin with (16 KB are half a second at 256
# kbit/s); then a whole frame, so that a look tells what holds it up: `engine.flow` lets no other in.
NOTSENT_LOWAT_BYTES = 16 * 1024
LEAST_LOWAT_BYTES, MOST_LOWAT_BYTES = 2 * 1024, 1024 * 1024


class Link:
    """What a TCP socket tells of its link. Units: bytes, seconds.

    silent   since the kernel was sent anything, by its ticks
    busy     for which anything was on the way, since the connection began
    sent     packets with data, since then; `lost`: those sent again; `orderly`: none is taken for lost now
    """

    __slots__ = ("busy", "lost", "min_rtt", "mss", "notsent", "orderly", "rate", "rtt", "sent", "silent")

    def __init__(self, info: bytes) -> None:
        self.orderly: bool = info[1] == ORDERLY
        self.mss: int = _u32(info, 16)[0]
        self.silent: float = _u32(info, 52)[0] / 1e3
        self.rtt: float = _u32(info, 68)[0] / 1e6
        self.lost: int = _u32(info, 100)[0]
        self.notsent: int = _u32(info, 144)[0]
        self.min_rtt: float = _u32(info, 148)[0] / 1e6
        self.sent: int = _u32(info, 156)[0]
        self.rate = float(_u64(info, 160)[0])
        self.busy: float = _u64(info, 168)[0] / 1e6


@functools.cache
def renewable() -> bool:
    """Whether a connection may leave BBR and get it back."""
    with contextlib.suppress(OSError), socket.socket() as end:
        for name in (ANOTHER, BBR):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
        return True
    return False


class Wire:
    """One connection's socket; `disconnected` says that it is no more."""

    disconnected: bool
    _fd = -1  # stays so where the socket cannot tell
    _lowat = NOTSENT_LOWAT_BYTES
    _renewal: Renewal | None = None  # stays so where there is no BBR, or we may not choose it

    def tune(self, transport: Any) -> None:
        """Have nothing wait on this side of the kernel, and little in it."""
        self._transport = transport
        # A TLS transport stops its writer also at as many bytes as this, and would stop it with none.
        transport.set_write_buffer_limits(high=0 if transport.get_extra_info("sslcontext") is None else 1)
        end = transport.get_extra_info("socket")
        if end is not None and end.family in (socket.AF_INET, socket.AF_INET6):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)
            self._fd = end.fileno()
            self._end = end
            if renewable() and end.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0") == BBR:
                self._renewal = Renewal(time.monotonic())

    def keep_alive_probes(self) -> None:
        """Have the kernel find out when the other end is gone, for a connection on which it may have nothing to say for long."""
        if self._fd >= 0:
            self._end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_SECONDS)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_SECONDS)

    def unsent(self) -> int:
        """Bytes that the other end has not acknowledged, here, in the kernel or behind it; 0 where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return 0
        kernel = int(struct.unpack("i", fcntl.ioctl(self._fd, SIOCOUTQ, b"\0\0\0\0"))[0])
        return kernel + int(self._transport.get_write_buffer_size())

    def keep(self, size: float) -> None:
        """The kernel may have about `size` bytes that it has not sent."""
        lowat = int(min(max(size, LEAST_LOWAT_BYTES), MOST_LOWAT_BYTES))
        if self._fd >= 0 and not self.disconnected and not self._lowat / 2 < lowat < self._lowat * 2:
            self._lowat = lowat
            self._end.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, lowat)

    def cut(self) -> None:
        """End the connection now; what has not been sent is lost."""
        self._transport.abort()

    def look(self, flow: Flow, *, whole: bool = False) -> None:
        """Tell `flow` what the socket says; of its link only where something is on the way, or the `whole` is asked for."""
        unsent = self.unsent()
        link = self.link() if unsent or whole else None
        now = time.monotonic()  # uvloop's own clock stands still within an iteration
        flow.told(now, unsent, link)
        self.renew(now)

    def renew(self, now: float) -> None:
        """Have BBR begin anew where `engine.renewal` wants it: another congestion control and back, which keeps the window."""
        if self._renewal is None or not self._renewal.due(now) or (link := self.link()) is None:
            return
        if self._renewal.wanted(now, link.min_rtt, link.sent, link.lost, orderly=link.orderly):
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, ANOTHER)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, BBR)

    def arrived_at(self, now: float) -> float:
        """When the kernel got what is heard `now`, at the latest: a server that is busy hears of it later."""
        link = self.link()
        return now if link is None else now - max(0.0, link.silent - TICK_SECONDS)

    def link(self) -> Link | None:
        """The link's state; None where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return None
        return Link(self._end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES))
