"""Who sees what: the owner, an administrator, and whoever has a ticket to that very session."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.identity import ADMIN, ANYONE, CONTROL, CREATE, SCOPES, WATCH, Identity

subs = st.sampled_from(["ann", "bob", ""])
scopes = st.frozensets(st.sampled_from([*SCOPES, "other"]))
sessions = st.tuples(st.sampled_from(["one", "two"]), st.sampled_from([1.0, 2.0]))


@given(subs, scopes, st.none() | subs, sessions)
def test_a_session_is_there_for_its_owner_and_administrators_alone(
    sub: str, scopes: frozenset[str], owner: str | None, session: tuple[str, float]
) -> None:
    assert Identity(sub, scopes).sees(owner, session) == (sub == owner or ADMIN in scopes)


@given(scopes, st.none() | subs, sessions, sessions)
def test_a_ticket_is_good_for_one_session_and_never_more_than_it_says(
    scopes: frozenset[str], owner: str | None, session: tuple[str, float], other: tuple[str, float]
) -> None:
    ticket = Identity(None, scopes, session=session)
    assert ticket.sees(owner, other) == (other == session)
    assert {scope for scope in SCOPES if ticket.may(scope)} == scopes & set(SCOPES)


def test_scopes_are_apart_and_an_administrator_has_all() -> None:
    assert [Identity("ann", frozenset({scope})).may(CONTROL) for scope in (CREATE, WATCH, CONTROL, ADMIN)] == [0, 0, 1, 1]


def test_nobodys_session_is_nobodys() -> None:
    assert not Identity(None, frozenset({WATCH})).sees(None, ("one", 1.0))
    assert ANYONE.sees(None, ("one", 1.0))
    assert all(ANYONE.may(scope) for scope in SCOPES)
