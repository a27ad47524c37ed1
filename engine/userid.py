"""A user id for each session's browser, unique on the machine: two servers must not take each other's processes for their own.

A claim is a lock on one byte of a file, the byte of that number: taken atomically, seen by every server of the machine whatever
its network namespace, and gone with whoever holds it, however that ends. The file stays empty.
"""

from __future__ import annotations

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
        """The first user id from `first` on that nobody has claimed. For root. Raises `Unavailable` when all are taken."""
        claim = os.open(LOCKS, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        for number in range(first, first + ATTEMPTS):
            try:
                # The open file's lock and not the process's: that would see no other claim of this process.
                fcntl.fcntl(claim, fcntl.F_OFD_SETLK, FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0))
            except BlockingIOError:
                continue
            return cls(number, claim)
        os.close(claim)
        raise Unavailable(f"All user ids from {first} to {first + ATTEMPTS - 1} are taken by other sessions on this machine.")

    def release(self) -> None:
        """Give it back; its processes must have ended."""
        if self._claim >= 0:
            os.close(self._claim)
            self._claim = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
