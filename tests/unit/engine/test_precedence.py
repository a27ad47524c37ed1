"""What streams goes first where the kernel lets us; what was chosen by others stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.precedence import FIRST

TELL = "print(os.getpriority(os.PRIO_PROCESS, 0), end=' ')"
FIRST_, BACK = "precedence.go_first();", "precedence.go_with_all();"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _niceness(*steps: str, within: tuple[str, ...] = ()) -> list[int]:
    code = f"import os; from engine import precedence; {' '.join(step + TELL + ';' for step in steps)}"
    command = [*within, sys.executable, "-c", code]
    return [int(word) for word in subprocess.check_output(command, start_new_session=True, text=True).split()]


@as_root
def test_first_and_back() -> None:
    assert _niceness(FIRST_, FIRST_, BACK, BACK) == [FIRST, FIRST, 0, 0]


def test_another_niceness_stays() -> None:
    assert _niceness(FIRST_, BACK, within=("nice", "-n", "3")) == [3, 3]


@as_root
def test_where_it_is_not_allowed_nothing_happens() -> None:
    nobody = ("setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set", "-all", "--")
    assert _niceness(FIRST_, BACK, within=nobody) == [0, 0]
