"""Each row of the threat model names tests that are there, by file and name; one at least has real processes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "security.md"
LINES = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in LINES[2:]]
ENTRY = re.compile(r"`(?P<file>[^`]+\.py)`: (?P<names>`[^`]+`(, `[^`]+`)*)")


def functions_of(file: str) -> dict[str, str]:
    """Their names, with what their decorators say."""
    return {
        node.name: " ".join(map(ast.unparse, node.decorator_list))
        for node in ast.parse((TESTS / file).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_there_are_rows() -> None:
    assert [set(cell.strip()) for cell in LINES[1].split("|")[1:-1]] == [{"-"}] * 4
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1][:50])
def test_every_row_names_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 4
    entries = [ENTRY.fullmatch(entry) for entry in row[3].split("; ")]
    files = []
    for entry in entries:
        assert entry is not None, f"not `file`: `test`, `test`; ...: {row[3]}"
        files.append(entry["file"])
        there = functions_of(entry["file"])
        for name, case in re.findall(r"`(\w+)(?:\[([^`]+)\])?`", entry["names"]):
            assert f"test_{name}" in there, f"{entry['file']} has no test_{name}"
            assert not case or repr(case) in there[f"test_{name}"], f"test_{name} has no case {case}"
    assert any(file.startswith(("e2e/", "process/")) for file in files), "nothing real is tried"
