"""`python -m bench [NAME ...]`: runs scenarios one after the other, prints and writes their results, pictures and the report."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table
from websockets.exceptions import WebSocketException

from bench import machine, pictures, progress, report, scenarios, store
from bench.scenario import QUICK_SECONDS, RUNS, SECONDS, CannotRun, Options, Scenario

LOCK = Path("/tmp/jiomosa-bench.lock")
FAILURES = (RuntimeError, OSError, requests.RequestException, WebSocketException)  # TimeoutError is an OSError
INTERRUPTED = 130  # as a shell says it of what SIGINT has ended


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 1 where a scenario could not run, or with `--strict` missed a target."""
    options = _parser().parse_args(arguments)
    console = Console()
    unknown = [name for name in options.names if name not in scenarios.NAMES]
    if unknown:
        print(f"bench: there is no scenario {unknown[0]!r}; there are {', '.join(scenarios.NAMES)}.", file=sys.stderr)
        return 2
    if options.list:
        for name in scenarios.NAMES:
            console.print(f"[bold]{name:10}[/bold] {scenarios.find(name).what}", highlight=False)
        return 0
    if options.report:
        _report(options.out)
        return 0
    chosen = Options(
        seconds=options.seconds or (QUICK_SECONDS if options.quick else SECONDS),
        runs=options.runs or (1 if options.quick else RUNS),
        quick=options.quick,
        only=options.only,
        times=options.runs or 0,
        length=options.seconds or 0.0,
        folder=options.out,
        documents=options.out == store.RESULTS,
    )
    try:
        with _alone():
            names = options.names or scenarios.MEASURED
            complete = [_run(scenarios.find(name), chosen, options.out, console, strict=options.strict) for name in names]
    except CannotRun as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; what had been measured to its end is kept, the rest is not.", file=sys.stderr)
        return INTERRUPTED
    return 0 if all(complete) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jiomosa bench", description="Measure this machine with named scenarios, or all.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="scenarios to run (see --list); where none is named all but faults and soak"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--seconds", type=float, help="seconds of each measurement (10; with --quick 3)")
    parser.add_argument("--runs", type=int, help="runs of each measurement (3; with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="short runs for a glance; the report marks them")
    parser.add_argument("--only", metavar="PART", help="of a scenario that has parts (faults) only this one")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a target is not met")
    parser.add_argument("--report", action="store_true", help="measure nothing; only write pictures and report anew")
    parser.add_argument("--out", type=Path, default=store.RESULTS, help="folder for results (bench/results)")
    return parser


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of this machine's benches, and leave no file behind. Raises `CannotRun` while another holds it."""
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(f"Another bench is running (process {lock.read().strip()}); two would measure each other.") from None
        if os.fstat(lock.fileno()).st_nlink == 0:
            raise CannotRun("Another bench ended just now, and took its lock with it; start this one again.")
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            LOCK.unlink()


def _run(scenario: Scenario, options: Options, folder: Path, console: Console, *, strict: bool) -> bool:
    described, theft = machine.describe(), machine.Theft()
    try:
        with progress.show(scenario.name, console) as steps:
            result = scenario.run(options, steps)
    except CannotRun as error:
        console.print(f"[bold]{scenario.name}[/bold] cannot run here: {error}", highlight=False)
        return False
    except FAILURES as error:
        console.print(f"[bold red]{scenario.name}[/bold red] came to nothing: {type(error).__name__}: {error}", highlight=False)
        return False
    described["stolen by the host"] = f"{100 * theft.share:.1f}%"
    saved = store.build(scenario, options, result, described)
    store.write(saved, folder)
    _print(saved, console)
    _report(folder)
    return not strict or all(figure.met is not False for figure in saved.figures)


def _print(saved: store.Saved, console: Console) -> None:
    table = Table(title=saved.scenario, title_justify="left")
    for heading in report.HEADINGS:
        table.add_column(heading, overflow="fold")
    for figure in saved.figures:
        style = "red" if figure.met is False else None
        table.add_row(*report.row(figure), style=style)
    console.print(table)
    for note in saved.notes:
        console.print(f"  {note}", highlight=False)


def _report(folder: Path) -> None:
    """Pictures and report of all that lies in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [report.Section(saved, pictures.draw(saved, folder)) for saved in store.read_all(folder, scenarios.NAMES)]
    (folder / "README.md").write_text(report.markdown(sections))
    (folder / "report.html").write_text(report.page(sections))
