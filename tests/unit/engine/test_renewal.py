"""BBR begins anew before it lets a link rest, and rests once a minute all the same."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.renewal import LEAST_RTT, MOST_LOST, PERIOD_SECONDS, REST_EVERY_SECONDS, Renewal

BBR_SECONDS = 10.0  # without the shortest round trip, until it rests (tcp_bbr.c: bbr_min_rtt_win_sec)

WATCHED_SECONDS = 300.0


def _renewed(renewal: Renewal, times: list[float], *, rtt: float = 0.4, orderly: bool = True, lost: float = 0.0) -> list[float]:
    """When it began anew, of a thousand packets a second of which that share is lost."""

    def wanted(now: float) -> bool:
        return renewal.due(now) and renewal.wanted(now, rtt, int(1000 * now), int(1000 * now * lost), orderly=orderly)

    return [now for now in times if wanted(now)]


@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=7))
def test_it_rests_once_a_minute_and_at_no_other_time(steps: list[float]) -> None:
    times = list(itertools.takewhile(lambda now: now < WATCHED_SECONDS, itertools.accumulate(itertools.cycle(steps))))
    renewed = [0.0, *_renewed(Renewal(0.0), times)]
    pauses = [(before, after - before) for before, after in itertools.pairwise(renewed)]
    rests = [at for at, pause in pauses if pause >= BBR_SECONDS]
    assert all(pause <= PERIOD_SECONDS + max(steps) for _, pause in pauses if pause < BBR_SECONDS)
    assert all(after - before > REST_EVERY_SECONDS - PERIOD_SECONDS - 2 for before, after in itertools.pairwise([0.0, *rests]))
    assert len(rests) >= 3


def test_a_short_link_and_one_that_loses_are_left_alone() -> None:
    times = [float(second) for second in range(60)]
    assert not _renewed(Renewal(0.0), times, rtt=LEAST_RTT / 2)
    assert not _renewed(Renewal(0.0), times, orderly=False)
    assert not _renewed(Renewal(0.0), times, lost=2 * MOST_LOST)
    assert _renewed(Renewal(0.0), times, lost=MOST_LOST / 2)
    assert _renewed(Renewal(0.0), times, rtt=LEAST_RTT)


def test_what_was_left_out_is_made_up_for_before_it_rests() -> None:
    renewal = Renewal(0.0)
    assert not _renewed(renewal, [PERIOD_SECONDS], orderly=False)
    assert _renewed(renewal, [2 * PERIOD_SECONDS])
    assert 2 * PERIOD_SECONDS < BBR_SECONDS


def test_only_what_was_lost_lately_counts() -> None:
    renewal = Renewal(0.0)
    assert not renewal.wanted(4.0, 0.4, 1000, 100, orderly=True)
    assert renewal.wanted(8.0, 0.4, 2000, 100, orderly=True)
