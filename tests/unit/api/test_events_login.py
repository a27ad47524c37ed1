"""The door of Socket.IO with a login: whose session, what for, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from api.events import HANDLERS, ROOMS
from api.guest import Guest
from engine.errors import Unauthorized
from engine.identity import ANYONE, CONTROL, WATCH, Identity
from tests.unit.api.door import BROWSING, GOOD, SID, World, only_error
from tests.unit.api.fakes import turns

SECRET = "a secret that is long enough for HS256"


def world(identity: Identity, **options: Any) -> World:
    made = World(auth_secret=SECRET, **options)
    made.sockets._guests[SID] = Guest(identity)
    for session in made.sessions.values():
        session.owner = "ann"
    return made


@pytest.mark.parametrize("event", ROOMS)
async def test_whatever_drives_a_session_needs_control(event: str) -> None:
    payload = (GOOD | BROWSING)[event]
    watching = world(Identity("ann", frozenset({WATCH})))
    before = watching.state()
    assert only_error(await watching.say(event, payload))["code"] == "forbidden"
    assert (watching.state(), watching.session.browsed) == (before, [])
    controlling = world(Identity("ann", frozenset({CONTROL})))
    assert "error" not in [name for name, *_ in await controlling.say(event, payload)]


def test_what_needs_none_is_what_a_viewer_says_of_itself() -> None:
    free = {"subscribe", "unsubscribe", "quality:set", "fps:set", "adaptive:toggle", "stats:toggle"}
    assert set(HANDLERS) - set(ROOMS) == free


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (Identity("bob", frozenset({WATCH})), "not_found"),
        (Identity("ann", frozenset({CONTROL})), "forbidden"),
        (Identity(None, frozenset({WATCH}), session=("a", 1.0)), "not_found"),
        (Identity(None, frozenset({WATCH}), session=("b", 2.0)), "not_found"),
    ],
)
async def test_whose_session_it_is_not(identity: Identity, code: str) -> None:
    refused = world(identity)
    before = refused.state()
    assert only_error(await refused.say("subscribe", {"session_id": "b"}))["code"] == code
    assert refused.state() == before


@pytest.mark.parametrize(
    "identity",
    [Identity("ann", frozenset({WATCH})), Identity(None, frozenset({WATCH}), session=("b", 1.0))],
    ids=["owner", "ticket"],
)
async def test_whose_session_it_is(identity: Identity) -> None:
    (told, *_) = await world(identity).say("subscribe", {"session_id": "b"})
    assert told[0] == "subscribed"


async def test_when_the_time_is_up_watching_ends_at_once() -> None:
    expiring = world(Identity("ann", frozenset({WATCH})))
    dismissed: list[Any] = []
    expiring.sockets.start_background_task = lambda *work: dismissed.append(work[1:])
    expiring.sockets._let_go(SID, Unauthorized("Over.", code="token_expired"))
    assert only_error(expiring.told())["code"] == "token_expired"
    assert expiring.session.watching == []
    assert dismissed == [(SID,)]


async def test_a_connection_that_asks_for_nothing_is_closed() -> None:
    idle = world(Identity("ann", frozenset()))
    closed: list[Any] = []

    class Connection:
        closed = False

        async def close(self, wait: bool) -> None:
            closed.append(wait)

    idle.sockets.eio.sockets["other"] = Connection()
    idle.sockets._joined("gone already")
    idle.sockets._joined("other")

    await turns()
    assert closed == [False]


async def test_a_flood_is_dropped_with_one_error_and_counted() -> None:
    flooded = World()
    guest = flooded.sockets._guests[SID] = Guest(ANYONE, input_rate=5)
    assert [flooded.sockets._admit(SID) for _ in range(100)] == [True] * 10 + [False] * 90
    assert only_error(flooded.told())["code"] == "too_many"
    assert guest.flood.dropped == 90
    assert flooded.sockets._admit(None), "who is not in yet has said nothing yet"
