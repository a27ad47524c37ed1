"""Nobody is called hung who may still answer, and everybody is who never does."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.patience import Patience

STEPS = st.lists(st.tuples(st.sampled_from(["ask", "answer", "look"]), st.floats(0, 3)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_only_who_owes_and_was_given_the_time_is_called_hung(steps: list[tuple[str, float]]) -> None:
    patience, now, owed, last = Patience(1.0), 100.0, 0, -math.inf
    for kind, seconds in steps:
        now += seconds
        if kind == "ask":
            last, owed = (last, owed + 1) if owed else (now, 1)
            patience.asked(now)
        elif kind == "answer" and owed:
            last, owed = now, owed - 1
            patience.answered(now)
        elif kind == "look" and patience.over(now):
            assert owed
            assert now >= last + 1.0
        assert patience.owed == owed
        assert (patience.deadline < math.inf) == bool(owed)
        assert patience.deadline >= last + 1.0 or not owed
    if owed:
        assert patience.over(patience.deadline), "who never answers is never called hung"


def test_the_time_in_which_nobody_looked_does_not_count() -> None:
    patience = Patience(1.0)
    patience.asked(0.0)
    assert not patience.over(3600.0)
    assert not patience.over(3600.9)
    assert patience.over(3601.0)


def test_more_time_is_granted_once_for_each_answer() -> None:
    patience = Patience(1.0)
    patience.asked(0.0)
    assert patience.over(1.0)
    assert patience.grant(2.0)
    assert not patience.over(2.9)
    assert patience.over(3.0)
    assert not patience.grant(2.0)
    patience.asked(3.0)
    patience.answered(3.1)
    assert patience.over(4.1)
    assert patience.grant(2.0)
