"""A client that polls gets pictures that its link can carry, however long it looks at them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.asking import Asking
from engine.messages import Rendition
from engine.watching import sharp_of

RTT = 0.1
FULL_SIZE = 60_000  # of a picture at quality 75


class _Client:
    """Asks over a link of `mbit` for pictures of a page in motion, and looks at each for as long as it likes."""

    def __init__(self, mbit: float, rtt: float = RTT, quality: int = 75) -> None:
        self.asking = Asking(quality)
        self.rate, self.rtt = mbit * 1e6 / 8, rtt
        self.now = self.busy = 0.0
        self.qualities: list[int] = []

    def ask(self, times: int, look: float = 0.0) -> int:
        """The quality of the last answer."""
        for _ in range(times):
            self.asking.asked(self.now, self.busy, self.rtt)
            quality = self.asking.adaptation.quality
            size = int(FULL_SIZE * (quality / 75) ** 0.5)
            self.asking.answered(self.busy, size, quality)
            self.qualities.append(quality)
            passed = size / self.rate + self.rtt
            self.busy += passed
            self.now += passed + look
        return quality


@given(st.floats(0.05, 0.6), st.floats(0.0, 5.0))
def test_a_slow_link_gets_smaller_pictures_however_long_they_are_looked_at(mbit: float, look: float) -> None:
    client = _Client(mbit)
    assert client.ask(20, look) < 50
    assert client.qualities[0] == 75


@given(st.floats(6.0, 1000.0), st.floats(0.0, 5.0), st.floats(0.0005, 0.4))
def test_a_fast_link_gets_what_is_asked_for(mbit: float, look: float, rtt: float) -> None:
    client = _Client(mbit, rtt)
    client.ask(20, look)
    assert set(client.qualities) == {75}


def test_a_window_that_opens_is_no_slow_link() -> None:
    client = _Client(1000, rtt=0.4)
    client.ask(1)
    client.busy += 2 * client.rtt  # two round trips more until the window let all of it pass
    client.now += 2 * client.rtt
    assert client.ask(1) == 75


def test_quality_comes_back_with_the_link() -> None:
    client = _Client(0.25)
    assert client.ask(10) < 50
    client.rate = 100e6 / 8
    assert client.ask(200, look=0.5) == 75
    client.asking.adaptation.enable(False)
    assert client.ask(1) == 75


def test_what_is_asked_for_is_the_most() -> None:
    client = _Client(1000, quality=30)
    client.ask(50, look=1.0)
    assert set(client.qualities) == {30}


def test_who_got_less_is_owed_a_sharp_picture_and_who_has_it_is_not() -> None:
    client = _Client(0.25)
    client.ask(10)
    asking = client.asking
    asking.asked(client.now, client.busy, client.rtt)
    owed = [asking.lowered]
    sharp = sharp_of(Rendition("jpeg-binary", asking.adaptation.quality), asking.adaptation, asking)
    assert sharp is not None
    assert sharp.rendition.quality == 75
    assert sharp.patience > 0, "it takes the link for seconds"
    asking.answered(client.busy, FULL_SIZE, 75)
    asking.asked(client.now + 2, client.busy + 2, client.rtt)
    owed += [asking.lowered, Asking(75).lowered]
    assert owed == [True, False, False]
