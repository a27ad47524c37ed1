"""Slots go back to whoever they came from, and a ring goes once, when nothing of it is held."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.leases import Leases


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["take", "take", "end", "renew"]), st.integers(0, 7)), max_size=60))
def test_leases_and_rings_under_any_order(steps: list[tuple[str, int]]) -> None:
    leases, present, held, gone = Leases("ring 0"), 0, dict[int, tuple[str, int]](), set[str]()
    for kind, number in steps:
        went = None
        if kind == "take":
            lease = leases.take(number)
            assert lease not in held
            held[lease] = (f"ring {present}", number)
            assert leases.place(lease) == held[lease]
        elif kind == "renew":
            present += 1
            went = leases.renew(f"ring {present}")
        elif held:
            lease = sorted(held)[number % len(held)]
            ring, slot = held.pop(lease)
            back, went = leases.end(lease)
            assert back == (slot if ring == f"ring {present}" else None)
        if went is not None:
            assert went not in gone
            gone.add(went)
        used = {ring for ring, _ in held.values()} | {f"ring {present}"}
        assert set(leases.rings) == used
        assert gone == {f"ring {number}" for number in range(present + 1)} - used
