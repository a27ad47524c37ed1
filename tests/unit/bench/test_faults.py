"""What the audience of a fault saw, what is left of a server, and the table that is made of it."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faults import catalogue, remains, table
from bench.faults.audience import GAP_SECONDS, STEADY_SECONDS, Spectator
from bench.faults.surroundings import World
from bench.faults.table import Entry
from bench.faults.victims import Outcome


def spectator(*frames: tuple[float, int], told: tuple[tuple[float, str], ...] = ()) -> Spectator:
    """One who saw `frames` and was told `told`, without any connection."""
    made = Spectator.__new__(Spectator)
    made.frames, made.told, made.lost = list(frames), list(told), False
    return made


def steady(begin: float, seconds: float, first: int = 1, fps: int = 20) -> list[tuple[float, int]]:
    return [(begin + number / fps, first + number) for number in range(round(seconds * fps) + 1)]


def test_frames_flow_from_the_first_after_which_none_is_late() -> None:
    seen = spectator(*steady(10.0, 0.5), *steady(11.0, 1.5, first=20))
    assert seen.flows_since(9.0) == 11.0
    assert seen.flows_since(11.02) == pytest.approx(11.05)
    assert seen.flows_since(12.0) is None, "not for long enough"
    assert spectator().flows_since(0.0) is None


@given(st.lists(st.floats(0.01, 0.6), max_size=60), st.floats(0, 10))
def test_where_they_flow_there_is_no_gap(pauses: list[float], since: float) -> None:
    at, frames = 0.0, []
    for seq, pause in enumerate(pauses):
        at += pause
        frames.append((at, seq))
    begin = spectator(*frames).flows_since(since)
    if begin is None:
        return
    times = [at for at, _ in frames if at >= begin]
    assert begin >= since
    within = [at for at in times if at <= begin + STEADY_SECONDS]
    assert all(later - earlier <= GAP_SECONDS for earlier, later in itertools.pairwise(within))
    assert times[-1] - begin >= STEADY_SECONDS


def test_gaps_and_what_is_missing_count_from_the_fault_to_its_end() -> None:
    seen = spectator((1.0, 1), (1.1, 2), (3.1, 7), (3.2, 8), (9.0, 50))
    assert seen.longest_gap(1.05, 3.3) == pytest.approx(2.0)
    assert seen.longest_gap(4.0, 8.0) == 4.0
    assert seen.missing(1.0, 3.3) == 4
    assert seen.missing(4.0, 8.0) == 0


def test_only_what_was_told_since_the_fault_counts() -> None:
    seen = spectator(told=((1.0, "rebuilt"), (2.0, "rebuilding"), (3.0, "rebuilt")))
    assert (seen.heard("rebuilt", 1.5), seen.heard("rebuilt", 3.5)) == (3.0, None)


def test_no_two_faults_have_one_name(tmp_path: Path) -> None:
    names = [fault.name for fault in catalogue.all_faults(World(tmp_path))]
    assert len(names) == len(set(names)) > 15


def test_only_what_is_still_there_is_left(tmp_path: Path) -> None:
    segment, folder = tmp_path / "jiomosa-1-a", tmp_path / "jiomosa-1-b"
    segment.touch()
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
        socket.socket(socket.AF_UNIX) as x,
    ):
        lives = f"process {process.pid} python"
        display = tmp_path / "X7"
        x.bind(str(display))
        found = {lives, str(segment), str(folder), f"display {display}"}
        assert remains.left(found) == {lives, str(segment), f"display {display}"}, "nobody listens there any more"
        assert remains.processes_of(found) == {lives}
        x.listen()
        segment.unlink()
        process.kill()
        process.wait()
        assert remains.left(found) == set(), "that display is another server's"


GOOD = Entry(
    what="SIGKILL of Chromium",
    outcomes=[
        Outcome(noticed=0.1, recovered=1.0, missing=30, kept=["viewers", "page", "cookie"], others=0),
        Outcome(noticed=0.3, recovered=3.0, missing=60, kept=["viewers", "page"], others=2),
    ],
    failed=[],
    spares=True,
    measured="2026-11-24 10:00",
)


def test_a_row_says_the_typical_and_the_worst_and_only_what_was_kept_each_time() -> None:
    (row,) = table.rows({"kill": GOOD})
    assert row == ("SIGKILL of Chromium", "2", "0.20", "2.00", "3.00", "45", "viewers, page", "2")


def test_failures_are_not_hidden() -> None:
    failed = Entry(what="loop", outcomes=[], failed=["TimeoutError"], spares=False, measured="2026-11-25 10:00")
    (row,) = table.rows({"loop": failed})
    assert row == ("loop", "1, **1 failed**", "-", "-", "-", "-", "nothing", "concerned, too")


def test_the_table_goes_between_its_marks_and_what_was_measured_is_kept(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{table.BEGIN}\nof before\n{table.END}\nafter\n")
    table.keep(tmp_path, {"kill": GOOD})
    kept = table.read(tmp_path)
    assert kept == {"kill": GOOD}
    table.write(kept, document)
    text = document.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\nMade by")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "of before" not in text
    assert "| SIGKILL of Chromium | 2 |" in text
    table.write(kept, document)
    assert document.read_text() == text
    document.write_text("nothing")
    with pytest.raises(RuntimeError, match="has no place for the table"):
        table.write(kept, document)
    assert table.read(tmp_path / "nowhere") == {}
