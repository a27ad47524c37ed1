"""A link to order does to packets what its shape says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.links.shaping import Shape, Shaper


def run(shaper: Shaper, until: float) -> list[tuple[float, bytes]]:
    """(when, packet) of all that arrives by then, looking only when something happens."""
    arrived = []
    while shaper.next_at <= until:
        now = shaper.next_at
        arrived += [(now, packet) for packet in shaper.depart(now)]
    return arrived


def test_packets_pass_one_after_the_other_and_travel_together() -> None:
    shaper = Shaper(Shape(rate=1000, delay=0.5))
    for packet in (b"a" * 100, b"b" * 200):
        shaper.arrive(0.0, packet)
    assert [(round(when, 6), packet[:1]) for when, packet in run(shaper, 10)] == [(0.6, b"a"), (0.8, b"b")]
    assert shaper.carried == 300


def test_a_full_queue_drops_at_its_tail() -> None:
    shaper = Shaper(Shape(rate=1000, queue=250))
    for number in range(5):
        shaper.arrive(0.0, bytes([number]) * 100)
    assert [packet[0] for _, packet in run(shaper, 10)] == [0, 1]
    assert shaper.dropped == 3


def test_loss_takes_its_share_and_passes_the_rest_in_order() -> None:
    shaper = Shaper(Shape(rate=1e6, loss=0.2))
    for number in range(200):
        shaper.arrive(number, bytes([number]) * 10)
    numbers = [packet[0] for _, packet in run(shaper, 1000)]
    assert numbers == sorted(numbers)
    assert 20 <= shaper.lost == 200 - len(numbers) <= 60


def test_a_changed_rate_holds_for_what_is_left_of_a_packet() -> None:
    shaper = Shaper(Shape(rate=100))
    shaper.arrive(0.0, b"x" * 100)
    shaper.change(0.5, Shape(rate=50))
    assert shaper.next_at == pytest.approx(1.5)


def test_a_standstill_keeps_what_it_has_and_goes_on_where_it_stopped() -> None:
    shaper = Shaper(Shape(rate=100, delay=0.2))
    shaper.arrive(0.0, b"x" * 100)
    shaper.arrive(0.0, b"y" * 100)
    shaper.change(1.1, shaper.shape, stalled=True)
    assert [packet[:1] for _, packet in run(shaper, 5)] == [b"x"], "what has passed arrives"
    assert shaper.depart(100.0) == []
    shaper.change(101.1, shaper.shape)
    assert [(round(when, 6), packet[:1]) for when, packet in run(shaper, 200)] == [(102.2, b"y")]


def test_an_unlimited_link_is_a_wire() -> None:
    shaper = Shaper(Shape())
    shaper.arrive(3.0, b"x")
    assert shaper.depart(3.0) == [b"x"]
    assert msgspec.json.decode(msgspec.json.encode(Shape()), type=Shape) == Shape()


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([b"a" * 50, b"b" * 1500, None]), st.floats(1e3, 1e6), st.floats(0, 0.5)),
        max_size=40,
    )
)
def test_nothing_is_made_lost_or_overtaken(steps: list[tuple[float, bytes | None, float, float]]) -> None:
    shaper, now, sent, got = Shaper(Shape(rate=1e5)), 0.0, 0, []
    for wait, packet, rate, delay in steps:
        now += wait
        if packet is None:
            shaper.change(now, Shape(rate=rate, delay=delay))
        else:
            shaper.arrive(now, sent.to_bytes(2, "big") + packet)
            sent += 1
        got += shaper.depart(now)
    got += [packet for _, packet in run(shaper, now + 1e6)]
    assert [int.from_bytes(packet[:2], "big") for packet in got] == list(range(sent))
