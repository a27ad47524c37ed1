"""What a session's processes take is added up, what they share once, and too much is told once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from capture import footprint
from capture.footprint import PAGE_BYTES, Footprint, proportional, resident
from engine.errors import JiomosaError

MB = 1_000_000


class Processes:
    """A /proc of our own."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self.asked: list[str] = []

    def set(self, pid: int, mapped: int, shared: int, pss: int | None) -> None:
        folder = self.proc / str(pid)
        folder.mkdir(exist_ok=True)
        (folder / "statm").write_text(f"999999 {mapped // PAGE_BYTES} {shared // PAGE_BYTES} 1 0 1 0\n")
        if pss is not None:
            (folder / "smaps_rollup").write_text(f"0-f ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss:     {pss // 1024} kB\n")

    def is_ours(self, process: Path) -> bool:
        self.asked.append(process.name)
        return int(process.name) < 100


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    monkeypatch.setattr(footprint, "PROC", tmp_path)
    monkeypatch.setattr(footprint, "LOOK_SECONDS", 0.001)
    (tmp_path / "meminfo").write_text("")
    return Processes(tmp_path)


async def test_what_is_shared_counts_once_and_what_others_take_not_at_all(processes: Processes) -> None:
    for pid in (1, 2, 3):
        processes.set(pid, 100 * MB, 90 * MB, 40 * MB)
    processes.set(500, 900 * MB, 0, 900 * MB)
    told: list[JiomosaError] = []
    look = Footprint(processes.is_ours, 200 * MB, told.append)
    assert look._room() == pytest.approx(80 * MB, abs=4096 * 3)
    processes.set(4, 90 * MB, 0, 90 * MB)
    assert look._room() == pytest.approx(-10 * MB, abs=4096 * 4)
    await look.run()
    assert [(error.code, "200 MB, MAX_SESSION_MEMORY" in error.message) for error in told] == [("memory", True)]


def test_a_process_is_asked_once_who_it_is_and_another_of_its_number_again(processes: Processes) -> None:
    look = Footprint(processes.is_ours, 1, lambda error: None)
    processes.set(1, 0, 0, 0)
    for _ in range(3):
        look._room()
    assert processes.asked == ["1"]
    for file in (processes.proc / "1").iterdir():
        file.unlink()
    (processes.proc / "1").rmdir()
    look._room()
    processes.set(1, 0, 0, 0)
    look._room()
    assert processes.asked == ["1", "1"]


async def test_what_could_not_be_taken_sooner_is_looked_at_later(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        processes.set(1, 200 * MB if len(pauses) == 1 else 1001 * MB, 0, 1001 * MB)

    monkeypatch.setattr("capture.footprint.asyncio.sleep", sleep)
    monkeypatch.setattr(footprint, "LOOK_SECONDS", 1.0)
    told: list[JiomosaError] = []
    await Footprint(processes.is_ours, 1000 * MB, told.append).run()
    assert pauses == [pytest.approx(2.0), pytest.approx(1.8, abs=0.01)]
    assert len(told) == 1


def test_where_the_kernel_does_not_tell_it_is_what_is_shared_with_nobody(processes: Processes) -> None:
    processes.set(1, 100 * PAGE_BYTES, 60 * PAGE_BYTES, None)
    assert proportional(processes.proc / "1") == 40 * PAGE_BYTES
    assert resident(processes.proc / "1") == 100 * PAGE_BYTES


def test_of_a_real_process_both_are_known_and_of_one_that_has_ended_nothing() -> None:
    ours = Path(f"/proc/{os.getpid()}")
    assert 1_000_000 < proportional(ours) <= resident(ours) * 1.05
    assert proportional(Path("/proc/none")) == resident(Path("/proc/none")) == 0
