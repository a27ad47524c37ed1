"""The description of the Socket.IO side: whole, no reference leads nowhere, and it has all that the code says and takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from api.asyncapi import document
from api.events import HANDLERS
from api.exchange import clipboard_payload, cursor_event, file_payload, focus_payload
from api.told import TOLD
from engine.exchange import Clipboard, Cursor, FileAsked, Focus
from tests.unit.api.door import GOOD, check_told
from tests.unit.api.fakes import FakeViewer

ROOT = Path(__file__).parents[3]
API = ROOT / "api"
SCHEMA = ROOT / "build/clients/node_modules/@asyncapi/specs/schemas/3.0.0.json"  # `make setup` puts it there
TELLERS = {"tell", "tell_viewers", "_tell_controllers", "_tell_all"}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(found := value.get("$ref"), str):
            yield found
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_every_reference_leads_somewhere_and_keys_are_as_asyncapi_wants_them() -> None:
    whole = msgspec.json.decode(msgspec.json.encode(document()))
    assert whole["asyncapi"] == "3.0.0"
    for reference in set(references(whole)):
        place = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    for keys in (whole["operations"], whole["components"]["messages"], whole["channels"]["socket"]["messages"]):
        assert all(key.replace(".", "").replace("-", "").replace("_", "").isalnum() for key in keys)


def test_it_is_what_asyncapi_itself_says_it_has_to_be() -> None:
    schema = jsonschema_rs.validator_for(msgspec.json.decode(SCHEMA.read_bytes()))
    whole = msgspec.json.decode(msgspec.json.encode(document()))
    assert [f"{list(error.instance_path)}: {error.message[:200]}" for error in schema.iter_errors(whole)] == []
    del whole["operations"]["told"]["action"]
    assert not schema.is_valid(whole), "everything passes"


def test_all_that_is_taken_and_answered_is_described() -> None:
    whole = document()
    names = [message["name"] for message in whole["components"]["messages"].values()]
    assert sorted(names) == sorted([*HANDLERS, *TOLD])
    for event, handler in HANDLERS.items():
        assert set(handler.answers) <= set(TOLD), f"{event!r} is answered by what has no row in api.told"


@pytest.mark.parametrize("event", GOOD)
def test_good_payloads_are_of_the_described_types(event: str) -> None:
    payload = HANDLERS[event].payload
    if payload is not None:
        msgspec.convert(GOOD[event], payload)


def told_in_code() -> set[str]:
    """The names of events that the code tells, wherever it is a plain word there."""
    found = set()
    for path in API.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TELLERS and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    found.add(name.value)
    return found


def test_every_event_that_the_code_tells_has_a_row_and_every_row_is_told() -> None:
    elsewhere = {"frame", "cursor"}  # packets, finished by an encoder and by api.exchange
    assert told_in_code() | elsewhere == set(TOLD)


def test_what_is_told_is_of_the_described_types() -> None:
    viewer: Any = FakeViewer()
    check_told("focus", focus_payload(Focus(), viewer))
    check_told("focus", focus_payload(Focus(True, "text", True, 3, 1, 2, 3, 4), viewer))
    check_told("clipboard", clipboard_payload(Clipboard(0, "x", True)))
    check_told("file", file_payload(FileAsked("1", True, "")))
    check_told(*msgspec.json.decode(cursor_event(Cursor(b"", 1, 1, 0, 0, "hand"))[2:]))
