"""Progress on the terminal: a bar where there is one, plain lines where there is none."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Terminal:
    """One scenario's steps as a bar."""

    def __init__(self, scenario: str, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("[bold]{task.fields[scenario]}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, TimeElapsedColumn(), TextColumn("{task.description}"), console=console, transient=True)
        self._task = self._bar.add_task("", scenario=scenario, total=None)
        self._begun = False

    def begin(self, total: int) -> None:
        self._bar.update(self._task, total=total)

    def step(self, text: str) -> None:
        self._bar.update(self._task, description=text, advance=1 if self._begun else 0)
        self._begun = True

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()


class Lines:
    """One scenario's steps as lines on stderr."""

    def __init__(self, scenario: str) -> None:
        self._scenario = scenario
        self._begin = time.monotonic()
        self._total = 0
        self._number = 0

    def begin(self, total: int) -> None:
        self._total = total

    def step(self, text: str) -> None:
        self._number += 1
        seconds = time.monotonic() - self._begin
        print(f"{self._scenario} {self._number}/{self._total or '?'} {seconds:6.1f} s  {text}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


def show(scenario: str, console: Console) -> Terminal | Lines:
    return Terminal(scenario, console) if console.is_terminal else Lines(scenario)
