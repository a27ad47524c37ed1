"""A user id for each session's browser, unique on the machine: two servers must not take each other's processes for their own.

A claim is a lock on one byte of a file, the byte of that number: taken atomically, seen by every server of the machine whatever
its network namespace, and gone with whoever holds it, however that ends. The file stays empty.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import Unavailable

LOCKS = Path("/run/jiomosa-user-ids")
ATTEMPTS = 4096  # more sessions than any machine can run
FLOCK = struct.Struct("hhqqi0q")  # struct flock of fcntl(2): type, whence, start, length, process


class UserId:
    """A claimed user id; `number` until `release`."""

    def __init__(self, number: int, claim: int) -> None:
        self.number = number
        self._claim = claim

    @classmethod
    def claim(cls, first: int) -> UserId:
        """The first user id from `first` on that nobody has claimed. For root.

        Raises `Unavailable` when all are taken, or the machine lets nobody claim one (it has no file descriptor left, say).
        """
        try:
            claim = os.open(LOCKS, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                return cls(_lock_first(claim, first), claim)
            except BaseException:
                os.close(claim)
                raise
        except OSError as error:
            raise Unavailable(
                f"No user id for a browser could be claimed in {LOCKS}: {error.strerror}.", code="no_user"
            ) from error

    def release(self) -> None:
        """Give it back; its processes must have ended."""
        if self._claim >= 0:
            os.close(self._claim)
            self._claim = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _lock_first(claim: int, first: int) -> int:
    """Lock the first byte from `first` on that nobody has locked; its number."""
    for number in range(first, first + ATTEMPTS):
        # The open file's lock and not the process's: that would see no other claim of this process.
        with contextlib.suppress(BlockingIOError):
            fcntl.fcntl(claim, fcntl.F_OFD_SETLK, FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0))
            return number
    raise Unavailable(f"All user ids from {first} to {first + ATTEMPTS - 1} are taken by other sessions on this machine.")
