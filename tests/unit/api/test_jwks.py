"""The keys of whoever issues tokens: read when needed, not more often, and not used for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.jwks import FRESH_SECONDS, RETRY_SECONDS, STALE_SECONDS, Jwks, keys_in
from engine.errors import Unauthorized, Unavailable
from tests.unit.api.test_tokens import EC_KEY, ED_KEY, public


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.answer: bytes | OSError = json.dumps({"keys": [public(EC_KEY, "a")]}).encode()
        self.reads = 0
        self.keys = Jwks("keys.json", self.read, lambda: self.now)

    def read(self, source: str) -> bytes:
        self.reads += 1
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


async def test_read_once_and_anew_when_it_is_old() -> None:
    world = World()
    for _ in range(3):
        assert (await world.keys.key("a")).algorithm == "ES256"
    assert world.reads == 1
    world.now += FRESH_SECONDS + 1
    world.answer = json.dumps({"keys": [public(ED_KEY, "b")]}).encode()
    with pytest.raises(Unauthorized):
        await world.keys.key("a")
    assert world.reads == 2


async def test_a_new_key_is_found_and_made_up_ones_do_not_have_us_ask_each_time() -> None:
    world = World()
    await world.keys.key("a")
    for number in range(5):
        with pytest.raises(Unauthorized):
            await world.keys.key(f"made-up-{number}")
    assert world.reads == 1
    world.answer = json.dumps({"keys": [public(EC_KEY, "a"), public(ED_KEY, "b")]}).encode()
    world.now += RETRY_SECONDS
    assert (await world.keys.key("b")).algorithm == "EdDSA"
    assert world.reads == 2


async def test_keys_go_on_for_a_while_when_they_cannot_be_read() -> None:
    world = World()
    await world.keys.key("a")
    world.answer = OSError("no route")
    world.now += STALE_SECONDS - 1
    assert (await world.keys.key("a")).algorithm == "ES256"
    world.now += 2 + RETRY_SECONDS
    with pytest.raises(Unavailable, match="cannot be read"):
        await world.keys.key("a")


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"keys": 5}', b'{"keys": [5, {}, {"kty": "oct", "k": "AA"}]}', b"\xff"])
async def test_what_is_no_set_is_unavailable(text: bytes) -> None:
    with pytest.raises(ValueError):  # json's or our own
        keys_in(text)
    world = World()
    world.answer = text
    with pytest.raises(Unavailable):
        await world.keys.key("a")


async def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [public(EC_KEY, "a"), public(ED_KEY, "b", use="enc")]}))
    assert (await Jwks(str(path)).key("a")).algorithm == "ES256"
    with pytest.raises(Unauthorized):
        await Jwks(str(path)).key("b")
