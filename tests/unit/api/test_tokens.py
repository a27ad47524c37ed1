"""Tokens: those that count, and every way of forging one."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from api.jwks import Jwks
from api.tokens import Tokens, mint, tokens_of
from engine.errors import ConfigurationError, JiomosaError, Unauthorized
from engine.identity import CONTROL, WATCH, Identity
from engine.settings import Settings
from tests.unit.api.forging import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    KEYS,
    OTHER,
    RSA_KEY,
    SECRET,
    key_set,
    public,
    segment,
    signed,
    spoilt,
    written,
)

SETTINGS = Settings(auth_secret=SECRET, auth_audience=AUDIENCE, auth_issuer=ISSUER)


def tokens(settings: Settings = SETTINGS) -> Tokens:
    made = tokens_of(settings)
    assert made is not None
    return made


def of_set(*keys: dict[str, Any]) -> Tokens:
    settings = Settings(auth_jwks="keys.json", auth_audience=AUDIENCE, auth_issuer=ISSUER)
    return Tokens(settings, Jwks("keys.json", lambda _: key_set(*keys)))


async def test_a_good_token_says_who_and_what_and_until_when() -> None:
    identity = await tokens().identify(signed(scope="session:watch session:control", exp=2_000_000_000))
    assert identity == Identity("ann", frozenset({WATCH, CONTROL}), 2_000_000_010, names=frozenset({("sub", "ann")}))
    assert (await tokens().identify(signed(scope=None))).scopes == frozenset()


async def test_what_the_command_makes_is_taken() -> None:
    assert (await tokens().identify(mint(SETTINGS, "ann", WATCH, 60))).sub == "ann"
    with pytest.raises(ConfigurationError, match="AUTH_SECRET is not set"):
        mint(Settings(), "ann", WATCH, 60)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER},
        {"key": "", "algorithm": "none"},
        {"algorithm": "HS512"},
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"scope": ["admin"]},
        {"nbf": 3_000_000_000},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": [1]},
        {"headers": {"kid": ["x"]}},
    ],
    ids=str,
)
async def test_forged_and_foreign_tokens_are_not_valid(changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized) as caught:
        await tokens().identify(signed(**changes))
    assert caught.value.code == "unauthorized"
    assert caught.value.message.endswith(".")


async def test_an_expired_one_is_told_apart_after_the_leeway() -> None:
    assert (await tokens().identify(signed(exp=time.time() - 5))).sub == "ann"
    with pytest.raises(Unauthorized) as caught:
        await tokens().identify(signed(exp=time.time() - 15))
    assert caught.value.code == "token_expired"


async def test_a_token_for_somebody_else_is_refused_also_where_no_audience_is_set() -> None:
    with pytest.raises(Unauthorized):
        await tokens(Settings(auth_secret=SECRET)).identify(signed())


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", fullmatch=True))
def test_whatever_is_no_token_is_401(text: str) -> None:
    work = tokens().identify(text)
    with pytest.raises(Unauthorized):
        work.send(None)


@pytest.mark.parametrize("text", ["x" * 8193, base64.urlsafe_b64encode(b"[" * 6000).decode() + ".e30.x"])
async def test_a_token_that_is_too_long_or_too_deep(text: str) -> None:
    with pytest.raises(Unauthorized):
        await tokens().identify(text)


# ---- tickets


async def test_a_ticket_is_for_one_session_and_for_what_it_says() -> None:
    door = tokens()
    for access, scopes in (("watch", {WATCH}), ("control", {WATCH, CONTROL})):
        ticket = door.ticket(("one", 12.25), access, 2_000_000_000.9)
        assert await door.identify(ticket, only_ticket=True) == Identity(None, frozenset(scopes), 2_000_000_000, ("one", 12.25))


async def test_a_ticket_that_is_forged_or_another_servers_or_over_is_none() -> None:
    wanted = {"session": ["one", 1.0], "access": "control", "exp": 2_000_000_000}
    door = tokens()
    for ticket in (
        jwt.encode(wanted, SECRET, "HS256", {"typ": "ticket"}),  # by whoever may make tokens
        jwt.encode(wanted, "", "none", {"typ": "ticket"}),
        tokens().ticket(("one", 1.0), "control", 2_000_000_000),
        door.ticket(("one", 1.0), "control", 1_000_000_000),
    ):
        with pytest.raises(Unauthorized):
            await door.identify(ticket)


async def test_no_token_in_an_address() -> None:
    with pytest.raises(Unauthorized, match="ticket"):
        await tokens().identify(signed(), only_ticket=True)


# ---- sets of public keys


@pytest.mark.parametrize("algorithm", KEYS)
async def test_each_kind_of_public_key(algorithm: str) -> None:
    key = KEYS[algorithm]
    door = of_set(*(public(one, name) for name, one in KEYS.items()))
    assert (await door.identify(signed(key, algorithm, {"kid": algorithm}))).sub == "ann"
    with pytest.raises(Unauthorized):
        await door.identify(spoilt(signed(key, algorithm, {"kid": algorithm})))
    with pytest.raises(Unauthorized):
        await door.identify(signed(key, algorithm, {"kid": "c"}))
    with pytest.raises(Unauthorized):
        await door.identify(signed(key, algorithm))  # which of them?
    assert (await of_set(public(key, "x")).identify(signed(key, algorithm))).sub == "ann"


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_a_public_key_is_no_secret(key: Any) -> None:
    """The classic confusion: HS256 with the public key, which everybody has, as the secret."""
    entry = public(key, "a")
    files = [written(key, encoding) for encoding in (Encoding.PEM, Encoding.DER)]
    for secret in (*files, json.dumps(entry).encode()):
        with pytest.raises(Unauthorized):
            await of_set(entry).identify(signed(secret, "HS256", {"kid": "a"}))
    with pytest.raises(Unauthorized):
        await of_set(entry).identify(signed("", "none", {"kid": "a"}))


async def test_a_key_goes_with_one_algorithm() -> None:
    with pytest.raises(Unauthorized):
        await of_set(public(EC_KEY, "a"), public(ED_KEY, "b")).identify(signed(ED_KEY, "EdDSA", {"kid": "a"}))
    for algorithm in ("RS512", "PS256"):  # by its owner, but in another way
        with pytest.raises(Unauthorized):
            await of_set(public(RSA_KEY, "a")).identify(signed(RSA_KEY, algorithm))


async def test_a_secret_in_a_public_set_counts_for_nothing() -> None:
    secret = segment(SECRET.encode())
    with pytest.raises(Unauthorized):
        await of_set(public(EC_KEY, "a"), {"kty": "oct", "k": secret, "kid": "s"}).identify(signed(headers={"kid": "s"}))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"auth_secret": SECRET, "auth_jwks": "x", "auth_audience": "y"}, "both"),
        ({"auth_jwks": "x"}, "AUTH_AUDIENCE"),
        ({"auth_jwks": "http://id.example/keys", "auth_audience": "y"}, "https"),
        ({"auth_jwks": "file:///etc/passwd", "auth_audience": "y"}, "https"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        tokens_of(Settings(**settings))
    assert tokens_of(Settings()) is None
    assert issubclass(ConfigurationError, JiomosaError)
