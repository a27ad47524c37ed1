"""`jiomosa bench` starts `python -m bench` with what follows, whatever that is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from api import cli


@pytest.mark.parametrize("rest", [[], ["--help"], ["glass", "--quick"]])
def test_what_follows_is_passed_on(monkeypatch: pytest.MonkeyPatch, rest: list[str]) -> None:
    started: list[list[str]] = []

    def call(command: list[str]) -> int:
        started.append(command)
        return 3

    monkeypatch.setattr(subprocess, "call", call)
    assert cli.main(["bench", *rest]) == 3
    assert started == [[sys.executable, "-m", "bench", *rest]]
