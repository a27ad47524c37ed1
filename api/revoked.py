"""Tokens that are not valid any more though they have not expired: a file, read again whenever it has changed.

    # comment
    sub ann            whatever names this user, and the tickets that they have made
    jti 7f3c-0b        one token, by its id

Who is refused so is refused from the next request and the next connection on. A connection that is open stays open until its
token expires, as before: keep tokens short.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from engine import logs
from engine.errors import ConfigurationError, Unauthorized

log = logs.logger("jiomosa.login")

LOOK_SECONDS = 1.0  # between two looks whether it has changed
KINDS = ("sub", "jti")


class Revoked:
    """The file at `path`; "": nothing is revoked. Raises `ConfigurationError` where it cannot be read."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._looked = 0.0
        self._stamp: tuple[int, int, int] | None = None
        self._entries: frozenset[tuple[str, str]] = frozenset()
        if self._path is not None:
            try:
                self._read(self._path)
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"AUTH_REVOKED {path!r} cannot be read: {error}.") from None

    def check(self, claims: dict[str, Any], now: float | None = None) -> None:
        """Raises `Unauthorized` where `claims`, of a token that is valid otherwise, have been revoked."""
        self._look(time.monotonic() if now is None else now)
        if any((kind, str(claims[kind])) in self._entries for kind in KINDS if claims.get(kind) is not None):
            raise Unauthorized("Your token has been revoked; ask for a new one.", code="token_revoked")

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
