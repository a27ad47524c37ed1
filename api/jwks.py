"""The public keys of whoever issues the tokens: a JSON Web Key Set from a file or an address, read anew from time to time."""

from __future__ import annotations

import asyncio
import json
import math
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt

from engine import logs
from engine.errors import ConfigurationError, Unauthorized, Unavailable

log = logs.logger("jiomosa.jwks")

ALGORITHMS = ("RS256", "ES256", "EdDSA")  # public keys only: a set that everybody can read must not hold a secret
FRESH_SECONDS = 300.0  # how long a key that was withdrawn may go on working
STALE_SECONDS = 3600.0  # how long keys are used when they cannot be read anew
RETRY_SECONDS = 10.0  # tokens with made-up key ids must not have us ask for each
READ_SECONDS = 5.0
MAX_BYTES = 1_000_000


class Key(NamedTuple):
    """A key, and the one algorithm that it is for."""

    key: Any
    algorithm: str


class Jwks:
    """`source`: a path or an address; `read` gets it."""

    def __init__(
        self, source: str, read: Callable[[str], bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        parts = urlsplit(source)
        local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
        if parts.scheme and parts.scheme != "https" and not local:
            raise ConfigurationError(f"AUTH_JWKS is {source!r} but must be a path or begin with https:// or http://localhost.")
        self._source = source
        self._read = read or (_fetch if parts.scheme else _open)
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        self._read_at = self._tried_at = -math.inf
        self._reading = asyncio.Lock()

    async def key(self, kid: str | None) -> Key:
        """The key that a token names, or the only one. Raises `Unauthorized`, `Unavailable`."""
        async with self._reading:
            now = self._clock()
            wanted = now - self._read_at > FRESH_SECONDS or self._find(kid) is None
            if wanted and now - self._tried_at >= RETRY_SECONDS:
                self._tried_at = now
                await self._refresh()
        if not self._keys or self._clock() - self._read_at > STALE_SECONDS:
            raise Unavailable("The keys that tokens are checked with cannot be read just now; try again in a moment.")
        found = self._find(kid)
        if found is None:
            raise Unauthorized("Your token is not valid: it is signed with a key that is not known here.")
        return found

    def _find(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        try:
            self._keys = keys_in(await asyncio.to_thread(self._read, self._source))
        except (OSError, ValueError, HTTPException) as error:  # the last: what answers there does not speak HTTP
            log.error("AUTH_JWKS not read", source=self._source, reason=str(error))  # noqa: TRY400  # the reason says it all
        else:
            self._read_at = self._clock()


def keys_in(text: bytes) -> dict[str | None, Key]:
    """The usable keys of a set, by their ids. Raises `ValueError`."""
    found: dict[str | None, Key] = {}
    entries = json.loads(text)
    for entry in entries["keys"] if isinstance(entries, dict) and isinstance(entries.get("keys"), list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(entry)
        except jwt.PyJWTError:
            continue  # of a kind that we do not use
        if key.algorithm_name in ALGORITHMS:
            found[entry.get("kid")] = Key(key.key, key.algorithm_name)
    if not found:
        raise ValueError("there is no public key in it for " + ", ".join(ALGORITHMS))
    return found


def _open(path: str) -> bytes:
    return Path(path).read_bytes()


class _Here(urllib.request.HTTPRedirectHandler):
    """An address that leads elsewhere, to one without TLS maybe, is one that cannot be read."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _fetch(address: str) -> bytes:
    with urllib.request.build_opener(_Here).open(address, timeout=READ_SECONDS) as response:
        data: bytes = response.read(MAX_BYTES)
    return data
