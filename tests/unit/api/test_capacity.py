"""The memory that is left is the machine's or the container's, whichever is less."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from api import capacity


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(capacity, "PROC", tmp_path)
    monkeypatch.setattr(capacity, "CGROUPS", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal:  2000 kB\nMemAvailable:    1000 kB\n")


def test_outside_of_a_container_it_is_the_machines() -> None:
    assert capacity.room().memory == 1_024_000


@pytest.mark.parametrize(("limit", "left"), [("max\n", 1_024_000), ("900000\n", 600_000), ("99999999999\n", 1_024_000)])
def test_a_container_may_have_less(tmp_path: Path, limit: str, left: float) -> None:
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("500000\n")
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 200000\n")
    assert capacity.room().memory == left


def test_the_load_counts_for_the_cores_of_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (4.0, 0.0, 0.0))
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(8))
    for text, load in (("max 100000\n", 0.5), ("200000 100000\n", 2.0), ("", 0.5)):
        (tmp_path / "cpu.max").write_text(text)
        assert capacity.room().load == load


def test_the_first_version_of_cgroups_counts_too(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("900000\n")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("500000\n")
    assert capacity.room().memory == 400_000


def test_a_limit_of_any_level_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A systemd service has its own group below a slice; a container sees neither."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("4:cpu,cpuacct:/\n0::/system.slice/jiomosa.service\n")
    service = tmp_path / "system.slice" / "jiomosa.service"
    service.mkdir(parents=True)
    for folder, limit in ((service, "max"), (service.parent, "900000")):
        (folder / "memory.max").write_text(limit)
        (folder / "memory.current").write_text("500000\n")
    assert capacity.room().memory == 400_000
    monkeypatch.setattr("os.getloadavg", lambda: (4.0, 0.0, 0.0))
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(8))
    (service / "cpu.max").write_text("200000 100000\n")
    assert capacity.room().load == 2.0
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert capacity.room().load == 4.0


def test_where_nobody_knows_there_is_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").unlink()
    monkeypatch.setattr(capacity, "SHARED_MEMORY", str(tmp_path / "none"))
    room = capacity.room()
    assert (room.memory, room.shared_memory) == (math.inf, math.inf)
    assert room.load >= 0
