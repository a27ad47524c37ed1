"""Revoked tokens are refused from the moment on at which the file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.revoked import LOOK_SECONDS, Revoked, names_of
from api.tokens import mint, tokens_of
from engine.errors import ConfigurationError, Unauthorized
from engine.settings import Settings

ANN, BOB = {"sub": "ann", "jti": "1"}, {"sub": "bob"}


def test_what_is_listed_is_refused_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    path.write_text("# left the company\nsub  ann\n\njti 7 # lost\n")
    revoked = Revoked(str(path))
    for claims in (ANN, {"sub": "carl", "jti": "7"}, {"sub": "carl", "jti": 7}):
        with pytest.raises(Unauthorized) as caught:
            revoked.check(names_of(claims))
        assert caught.value.code == "token_revoked"
    for claims in (BOB, {"sub": "ann2"}, {"sub": "7"}, {"jti": "ann", "sub": "x"}):
        revoked.check(names_of(claims))
    Revoked("").check(names_of(ANN))


def test_a_change_counts_from_the_next_look_on(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    path.write_text("")
    revoked = Revoked(str(path))
    now = revoked._looked + 1000.0
    revoked.check(names_of(ANN), now)
    path.write_text("sub ann\n")
    revoked.check(names_of(ANN), now + LOOK_SECONDS / 2)
    with pytest.raises(Unauthorized):
        revoked.check(names_of(ANN), now + LOOK_SECONDS)
    path.write_text("sub ann\nnonsense\n")
    with pytest.raises(Unauthorized):
        revoked.check(names_of(ANN), now + 2 * LOOK_SECONDS)
    path.unlink()
    with pytest.raises(Unauthorized):
        revoked.check(names_of(ANN), now + 3 * LOOK_SECONDS)
    path.write_text("sub bob\n")
    revoked.check(names_of(ANN), now + 4 * LOOK_SECONDS)


@pytest.mark.parametrize("text", ["ann", "sub", "sub #x", "user ann", None])
def test_a_list_that_cannot_be_read_is_said_at_the_start(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "revoked"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match="AUTH_REVOKED"):
        Revoked(str(path))


async def test_a_token_and_the_tickets_made_with_it_are_refused_once_it_is_revoked(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    path.write_text("")
    settings = Settings(auth_secret="s" * 32, auth_revoked=str(path))
    tokens = tokens_of(settings)
    assert tokens is not None
    token = mint(settings, "ann", "session:watch", 60)
    ticket = tokens.ticket(("one", 1.0), "watch", 2_000_000_000, "ann")
    other = tokens.ticket(("one", 1.0), "watch", 2_000_000_000, "bob")
    assert (await tokens.identify(token)).sub == "ann"
    path.write_text("sub ann\n")
    tokens.revoked._looked = 0.0
    for one in (token, ticket):
        with pytest.raises(Unauthorized) as caught:
            await tokens.identify(one)
        assert caught.value.code == "token_revoked"
    assert (await tokens.identify(other)).session == ("one", 1.0)
