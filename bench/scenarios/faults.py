"""Faults: everything that can die, hang or run out does, under a live stream with three viewers, and frames flow again.

Each fault is injected into a session of 320x240 pixels that is watched by three viewers at 30 frames a second; another session is
streamed beside it. `HANG_TIMEOUT` is 2 seconds. `--only NAME` injects one of them and leaves what was measured of the others;
`--runs` says how often (20 times, and 5 for what lasts a while of its own). The table goes into docs/reliability.md.

recovered   from the fault to the first frame from which on, for a second, none came more than 0.25 s after the one before, for
            the slowest of the three viewers; where nothing was interrupted for a second, the longest time without a frame
others      frames that were grabbed from the session not concerned and did not reach its viewer
left        after all: processes, descriptors of the front, threads and segments beyond those before; orphans: processes of any
            session, seen before and after each fault, that still run and are not the front's descendants any more
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor

import requests

from bench import site
from bench.faults import catalogue, processes, remains, table
from bench.faults.catalogue import BYSTANDER, Fault
from bench.faults.victims import Outcome, Stage
from bench.result import Result
from bench.scenario import CannotRun, Options, Steps

APART_SECONDS = 4.0  # between two injections that are waited for at the same time: a browser has been rebuilt by then
AT_ONCE = max(1, min(3, (os.cpu_count() or 1) // 2))  # of those: two browsers that start take two cores, and each other's time
QUICK_TIMES = 2
POOL_THREADS = min(32, (os.cpu_count() or 1) + 4)  # of asyncio's pool, which keeps those that blocking work once needed
SETTLE_SECONDS = 10.0
FAILURES = (RuntimeError, OSError, TimeoutError, requests.RequestException, AssertionError, StopIteration, ValueError)


def run(options: Options, steps: Steps) -> Result:
    if os.geteuid() != 0:
        raise CannotRun("Only root may give a server file systems of its own, and stop processes of other users.")
    result = Result("faults")
    with site.serve() as address, catalogue.stage(address) as (stage, faults):
        names = [fault.name for fault in faults]
        if options.only and options.only not in names:
            raise CannotRun(f"There is no fault {options.only!r}; there are {', '.join(names)}.")
        entries = table.read(options.folder)
        chosen = [fault for fault in faults if options.only in (None, fault.name)]
        steps.begin(sum(_times(fault, options) for fault in chosen))
        time.sleep(1.0)
        before = remains.counts(stage.server, BYSTANDER)
        for fault in chosen:
            outcomes, failed = inject(stage, fault, _times(fault, options), steps)
            entries[fault.name] = table.Entry(fault.what, outcomes, failed, fault.spares, table.now())
            entries = {name: entries[name] for name in names if name in entries}
            table.keep(options.folder, entries)
        over = _settled(stage, before)
        if over["processes"] or over["orphans"]:
            there = remains.descendants(stage.server, BYSTANDER) | remains.orphans(stage.server, stage.seen)
            result.notes += [f"left: {process.pid} {processes.title(process)}" for process in there]
        spared = sum(outcome.others for fault in chosen if fault.spares for outcome in entries[fault.name].outcomes)
    for fault in chosen:
        entry = entries[fault.name]
        recovered = [outcome.recovered for outcome in entry.outcomes if outcome.recovered is not None]
        if recovered:
            result.add(f"{fault.name}: recovered", recovered, "s", f"after {fault.what}")
        result.notes += [f"{fault.name} failed: {reason}" for reason in entry.failed]
    result.add(
        "failed", [sum(len(entries[fault.name].failed) for fault in chosen)], "", "injections that nothing good came of", "<= 0"
    )
    result.add("others", [spared], "", "frames lost by the session not concerned", "<= 0")
    for kind, count in over.items():
        most = POOL_THREADS if kind == "threads" else 0
        result.add(f"left: {kind}", [count], "", "beyond those before the faults", f"<= {most}")
    result.add("exit code", [stage.server.process.returncode], "", "of the server, which is told to stop at the end", "<= 0")
    if options.documents:
        table.write(entries)
    return result


def _times(fault: Fault, options: Options) -> int:
    return QUICK_TIMES if options.quick else min(fault.times, options.times or fault.times)


def inject(stage: Stage, fault: Fault, times: int, steps: Steps) -> tuple[list[Outcome], list[str]]:
    """Do it so many times; what became of it, and why nothing did where it did not."""
    outcomes: list[Outcome] = []
    failed: list[str] = []

    def once(number: int) -> Outcome:
        since = time.monotonic()
        outcome = fault.inject(stage, number)
        outcome.others = stage.bystander.missing(since, time.monotonic())
        return outcome

    with ThreadPoolExecutor(AT_ONCE if fault.apart else 1) as pool:
        waiting: list[Future[Outcome]] = []
        for number in range(times):
            steps.step(f"{fault.name}, {number + 1} of {times}")
            waiting.append(pool.submit(once, number))
            if not fault.apart:
                waiting[-1].exception()
            elif number + 1 < times:
                time.sleep(APART_SECONDS)
        for future in waiting:
            try:
                outcomes.append(future.result())
            except FAILURES as error:
                failed.append(f"{type(error).__name__}: {error}")
    return outcomes, failed


def _settled(stage: Stage, before: dict[str, int]) -> dict[str, int]:
    """What there is more of than before, once it has had the time to go; and orphans of any session."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        over = {kind: max(0, count - before[kind]) for kind, count in remains.counts(stage.server, BYSTANDER).items()}
        over["orphans"] = len(remains.orphans(stage.server, stage.seen))
        if not any(over.values()) or time.monotonic() > deadline:
            return over
        time.sleep(0.2)
