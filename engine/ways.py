"""What the processes say to one another of ways out: how a session's browser gets its connections from the egress process.

    capture -> front   WayOut      here is where my browser will ask
    front -> egress    OpenWay     serve it
    egress -> front    Denied      it was not connected to what it asked for
    front -> egress    CloseWay    it is gone

Part of `engine.messages`.
"""

from __future__ import annotations

import msgspec


class EgressSpec(msgspec.Struct, frozen=True):
    """All that the egress process needs when it starts: the rule (`engine.destinations`), and its user; None: the front's."""

    private: bool
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    uid: int | None = None


class WayOut(msgspec.Struct, frozen=True, tag=True):
    """With a file: the listening socket at which the browser will ask for connections, in the network that it is in."""


class OpenWay(msgspec.Struct, frozen=True, tag=True):
    """With a file, a `WayOut`'s: serve the browser that asks there, as way `way`."""

    way: int


class CloseWay(msgspec.Struct, frozen=True, tag=True):
    """End way `way` and everything that goes through it."""

    way: int


class Denied(msgspec.Struct, frozen=True, tag=True):
    """The browser of way `way` was not connected to `host`:`port`. `code` and `message` as in `engine.errors`."""

    way: int
    host: str
    port: int
    code: str
    message: str


class Traffic(msgspec.Struct, frozen=True, tag=True):
    """Answers a `Ping`: tunnels `open`; since its start connections `made`, `denied` and `failed`, and bytes `up` and `down`."""

    token: int
    open: int
    made: int
    denied: int
    failed: int
    up: int
    down: int
