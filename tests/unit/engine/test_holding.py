"""What viewers hold down, under any order of what they do: nothing is ever stuck."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import BadRequest
from engine.holding import ANSWER_SECONDS, ASK_SECONDS, MOST_FINGERS, MOST_HELD, Held, HeldButton, HeldKey, Holding
from engine.inputs import TouchPoint

VIEWERS = st.sampled_from(["ann", "bob", "cat"])
THINGS = st.sampled_from([HeldKey("a"), HeldKey("Shift"), HeldKey("left"), HeldButton("left"), HeldButton("right")])
IDS = st.integers(0, 4)


class Page(RuleBasedStateMachine):
    """A page that knows what was pressed and let go, and a record of who should hold what."""

    @initialize()
    def begin(self) -> None:
        self.now = 0.0
        self.holding: Holding[str] = Holding()
        self.page: set[Held] = set()
        self.should: dict[str, set[Held]] = {}
        self.fingers: dict[str, set[int]] = {}
        self.heard: dict[str, float] = {}
        self.asked: dict[str, float] = {}

    def let_go(self, thing: Held) -> None:
        assert thing in self.page, f"{thing} was let go, but is not down"
        self.page.discard(thing)

    @rule(viewer=VIEWERS, thing=THINGS)
    def down(self, viewer: str, thing: Held) -> None:
        if self.holding.down(self.now, viewer, thing):
            assert thing not in self.page, f"{thing} was pressed twice"
            self.page.add(thing)
        self.should.setdefault(viewer, set()).add(thing)
        self.heard[viewer] = self.now

    @rule(viewer=VIEWERS, thing=THINGS)
    def up(self, viewer: str, thing: Held) -> None:
        if self.holding.up(viewer, thing):
            self.let_go(thing)
        self.should.get(viewer, set()).discard(thing)

    @rule(viewer=VIEWERS, ids=st.lists(IDS, min_size=1, max_size=3, unique=True))
    def touch(self, viewer: str, ids: list[int]) -> None:
        new = set(ids) - self.fingers.get(viewer, set())
        try:
            assert self.holding.touch(self.now, viewer, [TouchPoint(id, id, 0) for id in ids]) == bool(new)
        except BadRequest:
            assert sum(map(len, self.fingers.values())) + len(new) > MOST_FINGERS
        else:
            self.fingers.setdefault(viewer, set()).update(ids)
            self.heard[viewer] = self.now

    @rule(viewer=VIEWERS, ids=st.none() | st.lists(IDS, min_size=1, unique=True))
    def lift(self, viewer: str, ids: list[int] | None) -> None:
        down = self.fingers.get(viewer, set())
        gone = down if ids is None else down & set(ids)
        assert self.holding.lift(viewer, ids) == bool(gone)
        self.fingers[viewer] = down - gone

    @rule(viewer=VIEWERS)
    def leave(self, viewer: str) -> None:
        for thing in self.holding.leave(viewer):
            self.let_go(thing)
        self.should.pop(viewer, None)
        self.fingers.pop(viewer, None)

    @rule(viewer=VIEWERS)
    def hear(self, viewer: str) -> None:
        self.holding.heard(self.now, viewer)
        self.heard[viewer] = self.now

    @rule(seconds=st.floats(0.01, 7))
    def wait(self, seconds: float) -> None:
        """Looks whenever it is time to."""
        end = self.now + seconds
        while (look_at := self.holding.look_at()) <= end:
            assert look_at >= self.now, "it asks to be looked at in the past"
            self.now = look_at
            self.look()
        self.now = end

    @rule(seconds=st.floats(0.01, 20))
    def sleep(self, seconds: float) -> None:
        """Looks only afterwards."""
        self.now += seconds
        if self.holding.look_at() <= self.now:
            self.look()

    def look(self) -> None:
        for viewer in self.holding.silent(self.now):
            assert self.asked[viewer] >= self.heard[viewer], "it is called silent and was not asked"
            assert self.now - self.asked[viewer] >= ANSWER_SECONDS - 1e-6
            self.leave(viewer)
        for viewer in self.holding.unsure(self.now):
            assert self.now - self.heard[viewer] >= ASK_SECONDS - 1e-6
            self.asked[viewer] = self.now

    @rule()
    def forget(self) -> None:
        self.holding.forget()
        self.page.clear()
        self.should.clear()
        self.fingers.clear()

    @invariant()
    def the_page_has_down_what_somebody_holds(self) -> None:
        assert self.page == set().union(*self.should.values())
        assert len(self.holding.touching) == sum(map(len, self.fingers.values()))
        assert len({point.id for point in self.holding.touching}) == len(self.holding.touching)

    @invariant()
    def nobody_holds_anything_for_long_without_a_word(self) -> None:
        holders = {viewer for viewer, held in self.should.items() if held} | {v for v, ids in self.fingers.items() if ids}
        assert set(self.holding.holders) == holders
        assert self.holding.look_at() > self.now, "it is not looked at again"
        assert (self.holding.look_at() == math.inf) == (not holders)


TestPage = Page.TestCase


def test_a_viewer_that_answers_holds_on_for_as_long_as_it_likes() -> None:
    holding: Holding[str] = Holding()
    now = 0.0
    assert holding.down(now, "ann", HeldKey("w"))
    for _ in range(100):
        now = holding.look_at()
        assert holding.silent(now) == []
        assert holding.unsure(now) == ["ann"]
        now += 0.3
        holding.heard(now, "ann")
    assert holding.holds(HeldKey("w"))


def test_too_much_is_refused_and_changes_nothing() -> None:
    holding: Holding[str] = Holding()
    for number in range(MOST_HELD):
        holding.down(0.0, "ann", HeldKey(str(number)))
    with pytest.raises(BadRequest, match="let go of some"):
        holding.down(0.0, "ann", HeldKey("one more"))
    assert not holding.down(0.0, "ann", HeldKey("1")), "what it holds already it may press again"
    assert holding.down(0.0, "bob", HeldKey("one more"))
    with pytest.raises(BadRequest, match="fingers"):
        holding.touch(0.0, "cat", [TouchPoint(id, 0, 0) for id in range(MOST_FINGERS + 1)])
    assert holding.touching == ()
    assert "cat" not in holding.holders
    assert holding.look_at() < math.inf
