"""What a scenario is given and what it may say: its options, where it tells its steps, and that it cannot run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.result import Result

SECONDS, RUNS = 10.0, 3
QUICK_SECONDS = 3.0


class CannotRun(Exception):
    """This machine lacks what the scenario needs. The message is a sentence that says what."""


class Steps(Protocol):
    """Where a scenario tells how far it is."""

    def begin(self, total: int) -> None:
        """There will be `total` steps."""

    def step(self, text: str) -> None:
        """The next step begins: `text` says what it measures."""


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds` each measurement takes; `runs` of each, alternating between what is compared; `quick`: for a glance only.

    only       the one part of a scenario to run, where it has parts; None: all
    times      how often, where the scenario counts in its own way and somebody has said so; 0: as often as it should be
    length     seconds that the whole scenario takes, likewise
    folder     where results go
    documents  whether tables in docs/ are written, too
    """

    seconds: float = SECONDS
    runs: int = RUNS
    quick: bool = False
    only: str | None = None
    times: int = 0
    length: float = 0.0
    folder: Path = Path("results")
    documents: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """`what`: one line for the list and the report; `explanation`: the definitions, from its module's docstring."""

    name: str
    what: str
    explanation: str
    run: Callable[[Options, Steps], Result]
