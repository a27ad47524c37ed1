"""`jiomosa bench` becomes `python -m bench` with what follows, whatever that is."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import pytest

from api import cli
from bench import runner


class Became(Exception):
    """The arguments are the program's and its own."""


@pytest.mark.parametrize("rest", [[], ["--help"], ["glass", "--quick"]])
def test_what_follows_is_passed_on(monkeypatch: pytest.MonkeyPatch, rest: list[str]) -> None:
    def execv(program: str, arguments: list[str]) -> None:
        raise Became(program, arguments)

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(Became) as caught:
        cli.main(["bench", *rest])
    assert caught.value.args == (sys.executable, [sys.executable, "-m", "bench", *rest])


def test_an_interrupted_one_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: Any, **__: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "_alone", contextlib.nullcontext)
    monkeypatch.setattr(runner, "_run", interrupted)
    assert runner.main(["idle"]) == 130
    assert capsys.readouterr().err.startswith("bench: interrupted; ")
