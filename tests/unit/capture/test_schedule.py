"""When to grab: a model of a screen and of a front that keeps slots for as long as it likes."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from capture.schedule import Answer, Grab, Schedule
from engine.pacing import SLACK

SLOTS, HEIGHT, MAX_FPS = 4, 12, 60.0
SLOWEST = 1.0  # seconds from frame to frame at the lowest rate that is tried here


class Scheduled(RuleBasedStateMachine):
    """Rows of the screen are numbers that change with each drawing; a slot holds what was fetched into it."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
        self.now = 100.0
        self.screen = [0] * HEIGHT
        self.slots: list[list[int | None]] = [[None] * HEIGHT for _ in range(SLOTS)]
        self.leased: set[int] = set()
        self.last: list[int] | None = None  # the newest frame
        self.drawings = 0
        self.in_frame = 0  # the last drawing that a frame shows
        self.seq = 0
        self.fps = 0.0
        self.tokens = 0
        self.waiting: dict[int, int] = {}  # token -> the drawing that its answer has to show
        self.grabs: list[float] = []

    @rule(top=st.integers(-3, HEIGHT + 3), rows=st.integers(-2, HEIGHT + 6))
    def draw(self, top: int, rows: int) -> None:
        drawn = range(max(0, top), min(HEIGHT, top + rows))
        self.drawings += bool(drawn)
        for row in drawn:
            self.screen[row] = self.drawings
        self.schedule.damaged(top, top + rows)

    @rule(fps=st.sampled_from([0.0, 1.0, 7.5, 30.0, 60.0, -1.0]))
    def want(self, fps: float) -> None:
        self.fps = max(0.0, fps)
        self.schedule.wants(fps)

    @rule()
    def refresh(self) -> None:
        self.tokens += 1
        self.waiting[self.tokens] = self.drawings
        self.schedule.refresh(self.tokens)

    @precondition(lambda self: self.leased)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.leased)))
        self.leased.remove(slot)
        self.schedule.released(slot)

    @rule(slot=st.integers(-1, SLOTS))
    def release_what_is_not_leased(self, slot: int) -> None:
        if slot not in self.leased:
            with pytest.raises(ValueError, match="not leased"):
                self.schedule.released(slot)

    @rule(seconds=st.floats(0, 0.3))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def wait_for_the_pace(self) -> None:
        """When `wake_at` comes something happens, if that is what it was about."""
        due = self.schedule.wake_at
        if due != math.inf:
            self.now = max(self.now, due)
            assert self.step(), "woken for nothing"

    @rule()
    def wake(self) -> None:
        self.step()

    def step(self) -> bool:
        """Do all that is due, as the grabber does; whether anything was."""
        did = False
        while (due := self.schedule.next(self.now)) is not None:
            did = True
            if isinstance(due, Answer):
                self.answered(due)
            else:
                self.grabbed(due)
        # Nothing more now: then it is not the pace that is waited for, or its time has not come.
        assert self.schedule.wake_at == math.inf or self.now < self.schedule.wake_at <= self.now + SLOWEST * (1 + SLACK)
        return did

    def answered(self, answer: Answer) -> None:
        needed = self.waiting.pop(answer.token)  # KeyError: answered twice, or never asked
        assert self.in_frame >= needed
        assert answer.seq == self.seq

    def grabbed(self, grab: Grab) -> None:
        assert grab.slot not in self.leased
        assert self.fps > 0 or self.waiting, "nobody wanted it"
        self.seq += 1
        assert grab.seq == self.seq
        slot = self.slots[grab.slot]
        slot[grab.fetch.top : grab.fetch.bottom] = self.screen[grab.fetch.top : grab.fetch.bottom]
        assert slot == self.screen, "the slot does not show the screen"
        if self.last is None:
            assert grab.changed == (0, HEIGHT)
        else:
            rows = [row for row in range(HEIGHT) if self.last[row] != self.screen[row]]
            assert all(grab.changed.top <= row < grab.changed.bottom for row in rows)
        assert grab.changed.rows > 0, "nothing had changed"
        assert grab.fetch.top <= grab.changed.top
        assert grab.fetch.bottom >= grab.changed.bottom
        self.last = list(self.screen)
        self.in_frame = self.drawings
        self.leased.add(grab.slot)
        self.grabs.append(self.now)

    @invariant()
    def the_pace_is_kept(self) -> None:
        recent = self.grabs[-60:]
        for count in range(2, len(recent) + 1):
            assert recent[-1] - recent[-count] >= (count - 3 - SLACK) / MAX_FPS - 1e-6  # two where a slow pace had rested

    @invariant()
    def leases_are_never_more_than_slots(self) -> None:
        assert len(self.leased) <= SLOTS

    def teardown(self) -> None:
        """Whatever has been: with slots and time every refresh is answered, and with demand the last picture comes."""
        for slot in self.leased:
            self.schedule.released(slot)
        self.leased.clear()
        self.step()
        self.now += 2
        self.step()
        assert not self.waiting
        self.want(60)
        self.now += 2
        self.step()
        if self.leased or self.last is None:
            self.now += 2
            self.step()
        assert self.last == self.screen
        assert self.schedule.wake_at == math.inf


Scheduled.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestScheduled = Scheduled.TestCase


def take(schedule: Schedule, now: float) -> Grab:
    due = schedule.next(now)
    assert isinstance(due, Grab)
    return due


def test_a_session_that_nobody_wants_is_never_grabbed() -> None:
    schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
    for now in range(100):
        schedule.damaged(0, HEIGHT)
        assert schedule.next(float(now)) is None
        assert schedule.wake_at == math.inf


def test_the_first_frame_is_the_whole_screen_without_any_damage() -> None:
    schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
    schedule.wants(30)
    assert take(schedule, 0.0)[1:] == (1, (0, HEIGHT), (0, HEIGHT))
    assert schedule.next(10.0) is None


def test_a_refresh_of_what_has_not_changed_is_answered_without_a_grab() -> None:
    schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
    schedule.refresh(1)
    take(schedule, 0.0)
    assert schedule.next(0.0) == Answer(1, 1)
    schedule.refresh(2)
    schedule.refresh(3)
    assert [schedule.next(0.0), schedule.next(0.0), schedule.next(9.0)] == [Answer(2, 1), Answer(3, 1), None]


def test_a_refresh_waits_for_a_slot_and_its_answer_for_the_frame() -> None:
    schedule = Schedule(1, HEIGHT, MAX_FPS)
    schedule.refresh(1)
    slot = take(schedule, 0.0).slot
    assert schedule.next(0.0) == Answer(1, 1)
    schedule.damaged(3, 5)
    schedule.refresh(2)
    assert schedule.next(9.0) is None
    assert schedule.wake_at == math.inf, "no time makes a slot free"
    schedule.released(slot)
    assert take(schedule, 9.0) == Grab(slot, 2, (3, 5), (3, 5))  # type: ignore[arg-type]
    assert schedule.next(9.0) == Answer(2, 2)


def test_the_slot_that_came_back_last_is_filled_first() -> None:
    schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
    schedule.wants(60)
    slots = []
    for number in range(SLOTS):
        schedule.damaged(0, 1)
        slots.append(take(schedule, number * 1.0).slot)
    assert sorted(slots) == list(range(SLOTS))
    schedule.released(slots[2])
    schedule.released(slots[0])
    schedule.damaged(0, 1)
    assert take(schedule, 99.0).slot == slots[0]


def test_the_pace_is_the_demands_and_a_refresh_is_held_to_it() -> None:
    schedule = Schedule(SLOTS, HEIGHT, MAX_FPS)
    schedule.wants(10)
    taken = 0
    for tick in range(2000):  # 2 s, with damage in each millisecond
        now = tick / 1000
        schedule.damaged(0, 1)
        schedule.refresh(tick)
        while (due := schedule.next(now)) is not None:
            if isinstance(due, Grab):
                taken += 1
                schedule.released(due.slot)
    assert 20 <= taken <= 22  # a pace that has rested may begin with two


@pytest.mark.parametrize("slot", [-1, 0, SLOTS])
def test_a_lease_that_there_is_not_cannot_end(slot: int) -> None:
    with pytest.raises(ValueError, match=f"slot {slot} was released but not leased"):
        Schedule(SLOTS, HEIGHT, MAX_FPS).released(slot)
