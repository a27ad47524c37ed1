"""What a setting may be: each check takes a value and says, as the end of a sentence, what it must be; None: it is fine."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from engine.destinations import entries

MIN_WIDTH, MIN_HEIGHT = 160, 120
MAX_WIDTH, MAX_HEIGHT = 3840, 2160  # or the other way round
MIN_SECRET = 32  # characters: as long as what HS256 makes of it


def between(low: float, high: float) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if low <= value <= high else f"must be from {low:g} to {high:g}"

    return check


def one_of(*words: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if value in words else "must be one of " + ", ".join(words)

    return check


def word(value: str) -> str | None:
    return None if re.fullmatch(r"\w{0,15}", value) else "must be one word of at most 15 letters"


def size(value: str) -> str | None:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value)
    fits = found and MIN_WIDTH <= int(found[1]) <= MAX_WIDTH and MIN_HEIGHT <= int(found[2]) <= MAX_HEIGHT
    return None if fits else f"must be WIDTHxHEIGHT, from {MIN_WIDTH}x{MIN_HEIGHT} to {MAX_WIDTH}x{MAX_HEIGHT}"


def secret(value: Any) -> str | None:
    return None if not value or len(value) >= MIN_SECRET else f"must have {MIN_SECRET} characters or more"


def networks(value: Any) -> str | None:
    try:
        for entry in listed(value):
            ip_network(entry)
    except ValueError as error:
        return f"must be addresses or networks such as 10.0.0.0/8: {error}"
    return None


def destinations(value: Any) -> str | None:
    try:
        entries(listed(value))
    except ValueError as error:
        return f"must be names, addresses or networks: {error}"
    return None


def is_loopback(host: str) -> bool:
    """Whether `host`, an address or `localhost`, leads to this machine only."""
    try:
        return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def listed(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())
