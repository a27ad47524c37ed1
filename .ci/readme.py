"""Writes the tables of settings into README.md and docs/settings.md, between their markers; a test holds them equal."""

from __future__ import annotations

from pathlib import Path

from engine.settings import markdown_table

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def write(path: Path, table: str) -> None:
    head, _, rest = path.read_text().partition(BEGIN)
    path.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    write(ROOT / "README.md", markdown_table())
    write(ROOT / "docs" / "settings.md", markdown_table(whole=True))
