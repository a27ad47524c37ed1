"""What a setting may be. A check takes a value and says, as the end of a sentence, what it must be; None: it is fine."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from engine.destinations import entries

MIN_WIDTH, MIN_HEIGHT = 160, 120
MAX_WIDTH, MAX_HEIGHT = 3840, 2160  # or the other way round
MIN_SECRET = 32  # characters: as long as what HS256 makes of it


class Check:
    """`allowed` ends the sentence "it must ..."; `fits` says whether a value does, or raises ValueError with the reason."""

    def __init__(self, allowed: str, fits: Callable[[Any], object]) -> None:
        self.allowed = allowed
        self._fits = fits

    def __call__(self, value: Any) -> str | None:
        try:
            return None if self._fits(value) else f"must {self.allowed}"
        except ValueError as error:
            return f"must {self.allowed}: {error}"


def between(low: float, high: float) -> Check:
    return Check(f"be from {low:.10g} to {high:.10g}", lambda value: low <= value <= high)


def one_of(*words: str) -> Check:
    return Check("be one of " + ", ".join(words), lambda value: value in words)


def _is_size(value: str) -> bool:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value)
    return found is not None and MIN_WIDTH <= int(found[1]) <= MAX_WIDTH and MIN_HEIGHT <= int(found[2]) <= MAX_HEIGHT


def _are_networks(value: str) -> bool:
    for entry in listed(value):
        ip_network(entry)
    return True


def _are_destinations(value: str) -> bool:
    entries(listed(value))
    return True


word = Check("be one word of at most 15 letters", lambda value: re.fullmatch(r"\w{0,15}", value))
size = Check(f"be WIDTHxHEIGHT, from {MIN_WIDTH}x{MIN_HEIGHT} to {MAX_WIDTH}x{MAX_HEIGHT}", _is_size)
secret = Check(f"have {MIN_SECRET} characters or more", lambda value: not value or len(value) >= MIN_SECRET)
networks = Check("be addresses or networks such as 10.0.0.0/8", _are_networks)
destinations = Check("be names, addresses or networks", _are_destinations)


def is_loopback(host: str) -> bool:
    """Whether `host`, an address or `localhost`, leads to this machine only."""
    try:
        return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def listed(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())
