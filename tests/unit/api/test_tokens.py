"""Tokens: those that count, and every way of forging one."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from api.jwks import Jwks
from api.tokens import Tokens, mint, tokens_of
from engine.errors import ConfigurationError, JiomosaError, Unauthorized
from engine.identity import CONTROL, WATCH, Identity
from engine.settings import Settings

SECRET = "a secret that is long enough for HS256"
OTHER = "another secret, as long as the first one"
SETTINGS = Settings(auth_secret=SECRET, auth_audience="jiomosa", auth_issuer="https://id.example")
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def tokens(settings: Settings = SETTINGS) -> Tokens:
    made = tokens_of(settings)
    assert made is not None
    return made


def claims(**changes: Any) -> dict[str, Any]:
    good = {"sub": "ann", "aud": "jiomosa", "iss": "https://id.example", "exp": time.time() + 60, "scope": "session:watch"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """By hand where HMAC does it, since PyJWT refuses to make most forgeries."""
    if algorithm in ("ES256", "EdDSA"):
        return jwt.encode(claims(**changes), key, algorithm, headers)
    head = {"alg": algorithm, "typ": "JWT"} | (headers or {})
    text = ".".join(segment(json.dumps(part).encode()) for part in (head, claims(**changes)))
    digest = {"HS256": "sha256", "HS512": "sha512"}.get(algorithm)
    key = key.encode() if isinstance(key, str) else key
    mac = hmac.digest(key, text.encode(), digest) if digest else b""
    return f"{text}.{segment(mac)}"


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    kind: Any = jwt.get_algorithm_by_name("ES256" if key is EC_KEY else "EdDSA")
    made: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    return made | {"kid": kid} | more


def of_set(*keys: dict[str, Any]) -> Tokens:
    settings = Settings(auth_jwks="keys.json", auth_audience="jiomosa", auth_issuer="https://id.example")
    return Tokens(settings, Jwks("keys.json", lambda _: json.dumps({"keys": keys}).encode()))


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


@pytest.mark.parametrize(("key", "algorithm"), [(EC_KEY, "ES256"), (ED_KEY, "EdDSA")])
async def test_each_kind_of_public_key(key: Any, algorithm: str) -> None:
    door = of_set(public(EC_KEY, "a"), public(ED_KEY, "b"))
    kid = "a" if key is EC_KEY else "b"
    assert (await door.identify(signed(key, algorithm, {"kid": kid}))).sub == "ann"
    with pytest.raises(Unauthorized):
        await door.identify(signed(key, algorithm, {"kid": "c"}))
    with pytest.raises(Unauthorized):
        await door.identify(signed(key, algorithm))  # which of the two?
    assert (await of_set(public(key, "x")).identify(signed(key, algorithm))).sub == "ann"


async def test_a_public_key_is_no_secret() -> None:
    """The classic confusion: HS256 with the public key, which everybody has, as the secret."""
    entry = public(EC_KEY, "a")
    key, form = EC_KEY.public_key(), serialization.PublicFormat.SubjectPublicKeyInfo
    files = [key.public_bytes(encoding, form) for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)]
    for secret in (*files, json.dumps(entry).encode()):
        with pytest.raises(Unauthorized):
            await of_set(entry).identify(signed(secret, "HS256", {"kid": "a"}))
    with pytest.raises(Unauthorized):
        await of_set(entry).identify(signed("", "none", {"kid": "a"}))
    with pytest.raises(Unauthorized):
        await of_set(entry, public(ED_KEY, "b")).identify(signed(ED_KEY, "EdDSA", {"kid": "a"}))


async def test_a_secret_in_a_public_set_counts_for_nothing() -> None:
    secret = base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")
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
