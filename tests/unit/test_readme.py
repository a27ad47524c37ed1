"""The README says what is so: its settings and its targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.settings import markdown_table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("path", "whole"), [("README.md", False), ("docs/settings.md", True)])
def test_settings_are_those_of_the_code(path: str, whole: bool) -> None:
    table = (ROOT / path).read_text().partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]
    assert table == markdown_table(whole), "`make readme` writes the tables anew"


def test_targets_are_those_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4}|=\S+ )make ([a-z]+)", README, re.MULTILINE))
    assert {"serve", "test", "doctor"} <= named <= targets


def test_what_the_setup_complains_of_is_in_its_script() -> None:
    script = (ROOT / ".ci" / "setup").read_text()
    for words in ("and only root may install them", "Python 3.11 or newer is needed", "Ubuntu has Chromium only as a snap"):
        assert words in README
        assert words in script
