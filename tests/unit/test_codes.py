"""Words for programs: docs/protocol.md has all of them, and an error is of the same kind after its way between processes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from api import admin, httpprotocol
from capture.page import GivenUp
from engine import errors
from engine.errors import JiomosaError, LoadFailed, rebuild

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "api", "capture", "encoder")
KINDS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, JiomosaError)}


def nodes(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text()))


def word(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    """With the last word of what is called."""
    for node in nodes(*folders):
        if isinstance(node, ast.Call):
            yield (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")), node


def raised(*folders: str) -> set[tuple[str, str]]:
    """Errors that are made with a code of their own: (kind, code)."""
    found = {(name, word(given.value)) for name, call in calls(*folders) for given in call.keywords if given.arg == "code"}
    return {(name, code) for name, code in found if name in KINDS and code is not None}


def codes_of_errors() -> set[str]:
    refused = {code for name, call in calls("capture/egress") if name == "Refusal" and (code := word(call.args[1])) is not None}
    return (
        {kind.code for kind in KINDS.values()}
        | {code for _, code in raised(*FOLDERS)}
        | {*refused, *httpprotocol.CODES.values(), *get_args(GivenUp)}
    )


def codes_of_status() -> set[str]:
    noted = {word(call.args[0]) for name, call in calls("capture") if name == "note"}
    said = [node for node in nodes("api") if isinstance(node, ast.Dict)]
    pairs = [(word(key), word(value)) for node in said for key, value in zip(node.keys, node.values, strict=True)]
    return {code for code in noted | {value for key, value in pairs if key == "code"} if code is not None} | {admin.CODE}


def documented() -> tuple[dict[str, set[int]], set[str]]:
    """The two tables: codes of errors with their statuses over REST, and codes of `status` events."""
    text = (ROOT / "docs" / "protocol.md").read_text().partition("\n### Codes\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    of_errors = {
        code: {int(number) for number in row[1].split(", ") if number}
        for row in rows
        if len(row) == 3
        for code in re.findall(r"`(\w+)`", row[0])
    }
    return of_errors, {code for row in rows if len(row) == 2 for code in re.findall(r"`(\w+)`", row[0])}


def test_every_code_is_told_to_those_who_write_clients() -> None:
    of_errors, of_status = documented()
    assert set(of_errors) == codes_of_errors()
    assert of_status == codes_of_status()


def test_their_statuses_are_those_of_the_code() -> None:
    of_errors, _ = documented()
    for kind in KINDS.values():
        assert kind.status in of_errors[kind.code], kind.code
    for name, code in raised(*FOLDERS):
        assert KINDS[name].status in of_errors[code], (name, code)


@pytest.mark.parametrize(("kind", "code"), sorted(raised("capture", "encoder") | {(LoadFailed.__name__, "stopped")}))
def test_a_child_says_the_code_and_the_front_knows_the_kind(kind: str, code: str) -> None:
    assert type(rebuild(code, "What is wrong.")) is KINDS[kind]
