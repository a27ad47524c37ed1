"""Each row of the threat model names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "security.md"


def test_every_row_names_tests_that_exist() -> None:
    rows = [line.split("|")[1:-1] for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    rows = [row for row in rows if not row[0].startswith(" ---")]
    assert len(rows) > 15
    names = {name for path in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    for row in rows:
        assert len(row) == 4, row
        named = re.findall(r"`([^`]+)`", row[3])
        assert named, row
        for name in named:
            if name.endswith(".py"):
                assert (TESTS / name).exists(), name
            else:
                assert any(name.partition("[")[0] in test for test in names), name
