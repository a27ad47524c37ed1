"""A user id for each session's browser, unique on the machine: two servers must not take each other's processes for their own.

A claim is an abstract Unix socket of that name, bound: taken atomically, seen by every server of the machine, and gone with
whoever holds it, however that ends.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from engine.errors import Unavailable

ATTEMPTS = 4096  # more sessions than any machine can run


class UserId:
    """A claimed user id; `number` until `release`."""

    def __init__(self, number: int, claim: socket.socket) -> None:
        self.number = number
        self._claim = claim

    @classmethod
    def claim(cls, first: int) -> UserId:
        """The first user id from `first` on that nobody has claimed. Raises `Unavailable` when all are taken."""
        for number in range(first, first + ATTEMPTS):
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                claim.bind(f"\0jiomosa-uid-{number}")
            except OSError:
                claim.close()
            else:
                return cls(number, claim)
        raise Unavailable(f"All user ids from {first} to {first + ATTEMPTS - 1} are taken by other sessions on this machine.")

    def release(self) -> None:
        """Give it back; its processes must have ended."""
        self._claim.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
