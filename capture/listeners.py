"""No port stays open that only we had a use for.

ChromeDriver listens on loopback, asks nobody who they are, and lists its sessions to whoever asks. Once our connections to it are
there nobody needs another. Where the session has a network of its own (`capture.apart`) nobody else could make one anyway.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator

PIDFD_GETFD = 438  # the number of the system call, on all machines; Linux 5.6

_libc = ctypes.CDLL(None, use_errno=True)


def shut(pid: int) -> int:
    """Have process `pid` listen on none of the TCP ports any more that it listens on; its connections stay. How many there were.

    Raises OSError where the kernel does not let us at its descriptors.
    """
    pidfd = os.pidfd_open(pid)
    count = 0
    try:
        for listener in _sockets(pid, pidfd):
            with listener:
                if listener.family in (socket.AF_INET, socket.AF_INET6) and _listens(listener):
                    listener.shutdown(socket.SHUT_RDWR)  # of the socket itself, whoever else holds it
                    count += 1
    finally:
        os.close(pidfd)
    return count


def _sockets(pid: int, pidfd: int) -> Iterator[socket.socket]:
    """Copies of its sockets."""
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(entry.path).startswith("socket:"):
                copy = _libc.syscall(PIDFD_GETFD, pidfd, int(entry.name), 0)
                if copy < 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                yield socket.socket(fileno=copy)


def _listens(one: socket.socket) -> bool:
    return one.type == socket.SOCK_STREAM and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
