"""What processes use is counted once, whoever comes and goes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.census import LEAST_SECONDS, Census, Process

FRONT = Process(1, "front", None, 100.0, 0.0, 1000)


def test_the_share_is_that_since_the_look_before() -> None:
    census = Census()
    assert census.due(110.0)
    census.look(110.0, [replace(FRONT, cpu=5.0)])
    assert census.processes[0].share == 0.5, "since its start"
    assert not census.due(110.0 + LEAST_SECONDS / 2)
    census.look(112.0, [replace(FRONT, cpu=5.5)])
    assert census.processes[0].share == 0.25
    assert census.cpu == {"front": 5.5}


def test_a_later_process_of_the_same_id_is_another_one() -> None:
    census = Census()
    browser = Process(7, "browser", "s", 100.0, 3.0, 1)
    census.look(110.0, [browser])
    census.look(120.0, [replace(browser, started=118.0, cpu=1.0)])
    assert census.cpu == {"browser": 4.0}
    assert census.processes[0].share == 0.5


@given(st.lists(st.dictionaries(st.integers(1, 5), st.floats(0, 100)), max_size=10))
def test_the_sum_of_a_kind_never_falls(looks: list[dict[int, float]]) -> None:
    census, before = Census(), 0.0
    for number, found in enumerate(looks):
        census.look(200.0 + number, [Process(pid, "browser", None, 100.0, cpu, 0) for pid, cpu in found.items()])
        assert census.cpu.get("browser", 0.0) >= before
        before = census.cpu.get("browser", 0.0)
