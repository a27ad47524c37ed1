"""Tokens at the doors of real servers, REST and Socket.IO: a right one opens both, and no forged, expired or foreign one does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests
import socketio
from cryptography.hazmat.primitives.asymmetric import rsa

from api.jwks import RETRY_SECONDS
from bench.server import Server, run
from tests.unit.api.forging import (
    AUDIENCE,
    EC_KEY,
    ISSUER,
    OTHER,
    RSA_KEY,
    SECRET,
    key_set,
    public,
    signed,
    spoilt,
    written,
)
from tests.unit.api.key_site import key_site

EXPECTED: dict[str, Any] = {"auth_audience": AUDIENCE, "auth_issuer": ISSUER, "encoders": 1, "request_rate": 0}
ALL = {"scope": "session:create session:watch session:control admin"}
KID = {"kid": "a"}


def of_secret(key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return signed(key, algorithm, **ALL | changes)


def of_key(key: Any = RSA_KEY, algorithm: str = "RS256", **changes: Any) -> str:
    return signed(key, algorithm, **ALL | {"headers": KID} | changes)


FORGED: dict[str, Callable[[], str]] = {
    "another secret": lambda: of_secret(OTHER),
    "broken signature": lambda: spoilt(of_secret()),
    "none": lambda: of_secret("", "none"),
    "another algorithm": lambda: of_secret(algorithm="HS512"),
    "expired": lambda: of_secret(exp=time.time() - 60),
    "without an end": lambda: of_secret(exp=None),
    "of nobody": lambda: of_secret(sub=None),
    "for somebody else": lambda: of_secret(aud="somebody-else"),
    "for anybody": lambda: of_secret(aud=None),
    "from somebody else": lambda: of_secret(iss="https://evil.example"),
    "from anybody": lambda: of_secret(iss=None),
    "as a ticket": lambda: of_secret(headers={"typ": "ticket"}),
}
FORGED_KEY: dict[str, Callable[[], str]] = {
    "public key as the secret": lambda: of_key(written(RSA_KEY), "HS256"),
    "public key as the secret, no id": lambda: of_key(written(RSA_KEY), "HS256", headers={}),
    "none": lambda: of_key("", "none"),
    "another key": lambda: of_key(rsa.generate_private_key(65537, 2048)),
    "a key of another kind": lambda: of_key(EC_KEY, "ES256"),
    "another algorithm": lambda: of_key(algorithm="PS256"),
    "broken signature": lambda: spoilt(of_key()),
    "unknown id": lambda: of_key(headers={"kid": "made up"}),
    "expired": lambda: of_key(exp=time.time() - 60),
    "for somebody else": lambda: of_key(aud="somebody-else"),
    "from somebody else": lambda: of_key(iss="https://evil.example"),
}


@pytest.fixture(scope="module")
def with_secret() -> Iterator[Server]:
    with run(auth_secret=SECRET, **EXPECTED) as server:
        yield server


@pytest.fixture(scope="module")
def with_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_bytes(key_set(public(RSA_KEY, "a")))
    with run(auth_jwks=path, **EXPECTED) as server:
        yield server


def ask(server: Server, token: str, method: str, path: str) -> requests.Response:
    return requests.request(method, server.address + path, json={}, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def connected(server: Server, token: str) -> socketio.Client:
    client = socketio.Client(reconnection=False)
    client.connect(server.address, auth={"token": token}, transports=["websocket"])
    return client


def assert_in(server: Server, token: str) -> None:
    """Both doors are open, and nothing is behind them."""
    answer = ask(server, token, "GET", "/api/sessions")
    assert (answer.status_code, answer.json()["sessions"]) == (200, [])
    client = connected(server, token)
    assert client.connected
    client.disconnect()


def assert_out(server: Server, token: str, code: str = "unauthorized", status: int = 401) -> None:
    for method, path in (("GET", "/api/sessions"), ("POST", "/api/session/create"), ("GET", "/metrics")):
        answer = ask(server, token, method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    for said in ({"auth": {"token": token}}, {"headers": {"Authorization": f"Bearer {token}"}}):
        refused: list[Any] = []
        client = socketio.Client(reconnection=False)
        client.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(server.address, transports=["websocket"], **said)
        assert refused[0]["data"] == {"code": code, "status": status}


@pytest.mark.parametrize("way", FORGED)
def test_no_forged_token_gets_in(with_secret: Server, way: str) -> None:
    assert_out(with_secret, FORGED[way](), "token_expired" if way == "expired" else "unauthorized")
    assert_in(with_secret, of_secret())


@pytest.mark.parametrize("way", FORGED_KEY)
def test_no_token_but_of_a_key_in_the_set_gets_in(with_keys: Server, way: str) -> None:
    assert_out(with_keys, FORGED_KEY[way](), "token_expired" if way == "expired" else "unauthorized")
    assert_in(with_keys, of_key())


def test_keys_at_an_address_are_looked_up_once_and_go_on_when_it_fails() -> None:
    with (
        key_site(key_set(public(RSA_KEY, "a"))) as site,
        run(auth_jwks=site.address, **EXPECTED) as server,
    ):
        begin = time.monotonic()
        assert_in(server, of_key())
        for number in range(5):
            assert_out(server, of_key(headers={"kid": f"made-up-{number}"}))
        site.answer = 500
        assert_in(server, of_key())
        assert 1 <= site.asked <= 1 + (time.monotonic() - begin) / RETRY_SECONDS


def test_keys_that_cannot_be_had_let_nobody_in_and_it_is_said() -> None:
    with key_site(500) as site, run(auth_jwks=site.address, **EXPECTED) as server:
        assert_out(server, of_key(), "unavailable", 503)
        assert any("AUTH_JWKS not read" in line for line in server.log)


def test_what_the_command_makes_gets_in(with_secret: Server) -> None:
    names = {"AUTH_SECRET": SECRET, "AUTH_AUDIENCE": AUDIENCE, "AUTH_ISSUER": ISSUER}
    command = [sys.executable, "-m", "api.cli", "token", "--sub", "ann", "--scope", "session:watch", "--seconds", "90"]
    done = subprocess.run(command, env=os.environ | names, capture_output=True, text=True, timeout=30, check=True)
    token = done.stdout.strip()
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER)
    assert (claims["sub"], claims["scope"], claims["exp"] - claims["iat"]) == ("ann", "session:watch", 90)
    assert_in(with_secret, token)


def test_the_command_says_it_where_there_is_no_secret() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTH")}
    command = [sys.executable, "-m", "api.cli", "token"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AUTH_SECRET is not set" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "a sentence, not a traceback"
