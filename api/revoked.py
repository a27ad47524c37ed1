"""Tokens that are not valid any more though they have not expired: a file, read again whenever it has changed.

    # comment
    sub ann            whatever names this user, and the tickets that they have made
    jti 7f3c-0b        one token, by its id

Who is refused so is refused from the next request and the next connection on, and what they have open ends (`api.validity`):
while there is such, the file is looked at once a second; else when somebody asks.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine import logs
from engine.errors import ConfigurationError, Unauthorized

log = logs.logger("jiomosa.login")

LOOK_SECONDS = 1.0  # between two looks whether it has changed
KINDS = ("sub", "jti")

Names = frozenset[tuple[str, str]]


def names_of(claims: dict[str, Any]) -> Names:
    """What the list may call a token with these claims by."""
    return frozenset((kind, str(claims[kind])) for kind in KINDS if claims.get(kind) is not None)


def refusal() -> Unauthorized:
    """What whoever is on the list hears."""
    return Unauthorized("Your token has been revoked; ask for a new one.", code="token_revoked")


class _Follower(NamedTuple):
    names: Names
    on_revoked: Callable[[], None]


class Revoked:
    """The file at `path`; "": nothing is revoked. Raises `ConfigurationError` where it cannot be read."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._looked = 0.0
        self._stamp: tuple[int, int, int] | None = None
        self._entries: Names = frozenset()
        self._followers: dict[object, _Follower] = {}
        self._timer: asyncio.TimerHandle | None = None
        if self._path is not None:
            try:
                self._read(self._path)
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"AUTH_REVOKED {path!r} cannot be read: {error}.") from None

    def check(self, names: Names, now: float | None = None) -> None:
        """Raises `Unauthorized` where a token that goes by `names`, and is valid otherwise, has been revoked."""
        self._look(time.monotonic() if now is None else now)
        if names & self._entries:
            raise refusal()

    def follow(self, names: Names, on_revoked: Callable[[], None]) -> Callable[[], None]:
        """Call `on_revoked` once, and not within this call, when one of `names` is on the list, now or later; until what
        this returns is called."""
        if self._path is None:
            return lambda: None
        key = object()
        self._followers[key] = _Follower(names, on_revoked)
        if names & self._entries:
            asyncio.get_running_loop().call_soon(self._tell, key)
        if self._timer is None:
            self._again()
        return lambda: self._leave(key)

    def _leave(self, key: object) -> None:
        self._followers.pop(key, None)
        if not self._followers and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, key: object) -> None:
        follower = self._followers.get(key)
        if follower is not None:
            self._leave(key)
            follower.on_revoked()

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._again)
        self._look(time.monotonic())

    def _look(self, now: float) -> None:
        if self._path is None or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        try:
            self._read(self._path)
        except (OSError, ValueError) as error:  # being written just now, or removed: who was out stays out
            log.warning("list of revoked tokens cannot be read; that of before counts", reason=str(error))

    def _read(self, path: Path) -> None:
        found = os.stat(path)
        stamp = found.st_mtime_ns, found.st_size, found.st_ino
        if stamp == self._stamp:
            return
        entries = set()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            kind, _, value = line.partition("#")[0].strip().partition(" ")
            if kind and (kind not in KINDS or not value.strip()):
                raise ValueError(f"line {number} is neither `sub NAME` nor `jti ID`")
            if kind:
                entries.add((kind, value.strip()))
        self._stamp, self._entries = stamp, frozenset(entries)
        for key, follower in self._followers.items():
            if follower.names & self._entries:
                asyncio.get_running_loop().call_soon(self._tell, key)
