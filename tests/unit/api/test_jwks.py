"""The keys of whoever issues tokens: read when needed, not more often, and not used for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.jwks import FRESH_SECONDS, MAX_BYTES, RETRY_SECONDS, STALE_SECONDS, Jwks, keys_in
from engine.errors import Unauthorized, Unavailable
from tests.unit.api.forging import EC_KEY, ED_KEY, key_set, public
from tests.unit.api.key_site import key_site


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.answer: bytes | OSError = key_set(public(EC_KEY, "a"))
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
    world.answer = key_set(public(ED_KEY, "b"))
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
    world.answer = key_set(public(EC_KEY, "a"), public(ED_KEY, "b"))
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
    path.write_bytes(key_set(public(EC_KEY, "a"), public(ED_KEY, "b", use="enc")))
    assert (await Jwks(str(path)).key("a")).algorithm == "ES256"
    with pytest.raises(Unauthorized):
        await Jwks(str(path)).key("b")


# ---- from an address


BROKEN: dict[str, bytes | int] = {
    "no set": b"{}",
    "not found": 404,
    "an error": 500,
    "too large": b"{" + b" " * MAX_BYTES + key_set(public(EC_KEY, "a"))[1:],
    "no HTTP": b"whatever\r\n\r\n",
    "half of it": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{",
    "nothing": b"",
}


async def test_a_key_that_is_rotated_at_its_address_is_found_and_the_one_before_is_gone() -> None:
    now = 1000.0
    with key_site(key_set(public(EC_KEY, "a"))) as site:
        keys = Jwks(site.address, clock=lambda: now)
        assert (await keys.key("a")).algorithm == "ES256"
        site.answer = key_set(public(ED_KEY, "b"))
        now += RETRY_SECONDS
        assert (await keys.key("b")).algorithm == "EdDSA"
        with pytest.raises(Unauthorized):
            await keys.key("a")
        assert site.asked == 2


@pytest.mark.parametrize("broken", BROKEN)
async def test_an_address_that_fails_is_unavailable_and_asked_again(broken: str) -> None:
    now = 1000.0
    with key_site(BROKEN[broken]) as site:
        keys = Jwks(site.address, clock=lambda: now)
        for _ in range(2):
            with pytest.raises(Unavailable, match="cannot be read"):
                await keys.key("a")
        assert site.asked == 1
        site.answer = key_set(public(EC_KEY, "a"))
        now += RETRY_SECONDS
        assert (await keys.key("a")).algorithm == "ES256"
        site.answer = BROKEN[broken]
        now += FRESH_SECONDS + 1
        assert (await keys.key("a")).algorithm == "ES256", "what it had goes on for a while"
        assert site.asked == 3


async def test_an_address_where_nobody_answers_is_unavailable() -> None:
    with key_site(404) as site:
        address = site.address
    with pytest.raises(Unavailable, match="cannot be read"):
        await Jwks(address).key("a")


async def test_an_address_that_leads_elsewhere_is_unavailable() -> None:
    """It may be one without TLS, where others could put keys of their own into the answer."""
    with key_site(key_set(public(EC_KEY, "a"))) as other, key_site(404) as site:
        site.leads_to = other.address
        with pytest.raises(Unavailable, match="cannot be read"):
            await Jwks(site.address).key("a")
        assert (site.asked, other.asked) == (1, 0)
