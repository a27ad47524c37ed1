"""A slot that has been filled shows the screen, whatever changed and in whatever order slots were filled."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.damage import NOTHING, Band, StaleRows

HEIGHT, SLOTS = 12, 4
ROWS = st.integers(-5, HEIGHT + 5)


class Screen(RuleBasedStateMachine):
    """A screen of HEIGHT numbers, and slots into which only the rows are copied that `fill` asks for."""

    @initialize()
    def begin(self) -> None:
        self.stale = StaleRows(SLOTS, HEIGHT)
        self.screen = [0] * HEIGHT
        self.slots = [[-1] * HEIGHT for _ in range(SLOTS)]
        self.last_frame = [-1] * HEIGHT
        self.clock = 0

    @rule(top=ROWS, bottom=ROWS)
    def paint(self, top: int, bottom: int) -> None:
        self.clock += 1
        for row in range(max(0, top), min(HEIGHT, bottom)):
            self.screen[row] = self.clock
        self.stale.damaged(top, bottom)

    @rule(slot=st.integers(0, SLOTS - 1))
    def fill(self, slot: int) -> None:
        fetch, changed = self.stale.fill(slot)
        for band in (fetch, changed):
            assert 0 <= band.top <= band.bottom <= HEIGHT
        self.slots[slot][fetch.top : fetch.bottom] = self.screen[fetch.top : fetch.bottom]
        assert self.slots[slot] == self.screen
        differ = [row for row in range(HEIGHT) if self.screen[row] != self.last_frame[row]]
        assert all(changed.top <= row < changed.bottom for row in differ)
        # A band, and no wider than the rows that need it.
        assert bool(differ) == bool(changed.rows)
        if differ:
            assert changed == Band(differ[0], differ[-1] + 1)
        self.last_frame = list(self.screen)

    @rule(slot=st.integers(0, SLOTS - 1))
    def fill_again_without_damage(self, slot: int) -> None:
        self.fill(slot)
        assert self.stale.fill(slot) == (NOTHING, NOTHING)

    @invariant()
    def what_has_changed_since_the_last_frame_is_known(self) -> None:
        assert (self.stale.since_last_frame.rows > 0) == (self.screen != self.last_frame)


Screen.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestScreen = Screen.TestCase


def test_a_new_ring_is_stale_altogether() -> None:
    stale = StaleRows(2, 100)
    assert stale.fill(0) == (Band(0, 100), Band(0, 100))
    assert stale.fill(1) == (Band(0, 100), NOTHING)


def test_damage_is_clamped_to_the_screen() -> None:
    stale = StaleRows(1, 100)
    stale.fill(0)
    for outside in ((-20, 0), (100, 130), (50, 50), (60, 40), (-30, -10)):
        stale.damaged(*outside)
    assert stale.fill(0) == (NOTHING, NOTHING)
    stale.damaged(-5, 3)
    stale.damaged(98, 500)
    assert stale.fill(0) == (Band(0, 100), Band(0, 100))
    stale.damaged(40, 41)
    assert stale.fill(0) == (Band(40, 41), Band(40, 41))


@given(st.tuples(ROWS, ROWS), st.tuples(ROWS, ROWS))
def test_the_union_of_bands(one: tuple[int, int], other: tuple[int, int]) -> None:
    union = Band(*one) | Band(*other)
    rows = set(range(*one)) | set(range(*other))
    assert rows <= set(range(union.top, union.bottom))
    if rows:
        assert union == Band(min(rows), max(rows) + 1)
    else:
        assert union.rows <= 0
