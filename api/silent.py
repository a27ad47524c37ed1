"""Connections that have not said anything yet: how many of them one address may have.

A request is counted when it comes (`api.gate`), and whoever says nothing is let go of after a while (`engine.requestclock`).
Until then it takes a descriptor. Where an address has too many such connections, the one that has been silent for longest is
closed: whoever means it speaks at once, so that a flood displaces itself and others of its address get in.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Protocol

from api.gate import one_client
from engine.settings import Settings


class Connection(Protocol):
    def leave_silent(self) -> None:
        """Others of its address have come: it need not be kept."""


class Silent:
    """`most` of one address; 0: without end. Those of `proxies` (addresses or networks) are many clients' and not counted."""

    def __init__(self, most: int, proxies: Iterable[str] = ()) -> None:
        self._most = most
        self._proxies = [ip_network(proxy, strict=False) for proxy in proxies]
        self._waiting: dict[str, dict[Connection, None]] = {}

    @classmethod
    def of(cls, settings: Settings) -> Silent:
        return cls(0 if settings.for_this_machine_alone else settings.connections, settings.proxies)

    def came(self, address: str, connection: Connection) -> None:
        if not self._most or self._is_proxy(address):
            return
        waiting = self._waiting.setdefault(one_client(address), {})
        waiting[connection] = None
        if len(waiting) > self._most:
            next(iter(waiting)).leave_silent()

    def left(self, address: str, connection: Connection) -> None:
        """It has spoken, or is gone."""
        client = one_client(address)
        waiting = self._waiting.get(client, {})
        waiting.pop(connection, None)
        if not waiting:
            self._waiting.pop(client, None)

    def _is_proxy(self, address: str) -> bool:
        try:
            there = ip_address(address)
        except ValueError:  # no address: a socket of another family
            return False
        return any(there in proxy for proxy in self._proxies)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))
