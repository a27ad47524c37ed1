"""Writes the settings table into README.md, between its markers. tests/unit/test_readme.py holds the two equal."""

from __future__ import annotations

import re
from pathlib import Path

from engine.settings import markdown_table

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(<!-- settings -->\n).*(\n<!-- /settings -->)", re.DOTALL)

if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda match: match[1] + markdown_table() + match[2], README.read_text()))
