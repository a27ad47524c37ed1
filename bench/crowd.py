"""Runs a load of viewers (`bench.load`) against a server, and measures what both cost meanwhile."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass

import msgspec
import psutil

from bench.load import Plan, Seen
from bench.machine import Cost, Meter
from bench.server import Server


@dataclass(frozen=True, slots=True)
class Crowd:
    """`cost`: of the server; `load`: of the load's own process, % of a core. `seconds`: as long as both were measured."""

    seconds: float
    seen: list[Seen]
    cost: Cost
    load: float

    @property
    def rates(self) -> list[float]:
        """Frames a second of each viewer."""
        return [len(seen.seqs) / self.seconds for seen in self.seen]

    @property
    def messages(self) -> float:
        """Frames a second of all viewers."""
        return sum(self.rates)


def watch(server: Server, plan: Plan) -> Crowd:
    """Carry out `plan`. Raises RuntimeError with the load's last words where it fails."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(msgspec.json.encode(plan))
            process.stdin.close()
            if process.stdout.readline() == b"begin\n":
                meter, before = Meter(server.process.pid), _cpu(process.pid)
                if process.stdout.readline() == b"end\n":
                    cost, load = meter.read(), _cpu(process.pid) - before
                    seen = msgspec.json.decode(process.stdout.read(), type=list[Seen])
                    return Crowd(plan.seconds, seen, cost, 100 * load / plan.seconds)
        words.seek(0)
        raise RuntimeError(f"the load of viewers failed: {words.read().decode()[-500:]}")


def _cpu(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system
