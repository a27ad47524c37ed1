"""What a figure's reader is told of the machine."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from bench import machine


class Times(SimpleNamespace):
    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(vars(self).values())


def test_what_the_host_gave_to_others_is_a_share_of_the_time_between(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [Times(user=10.0, idle=80.0, steal=5.0), Times(user=14.0, idle=83.0, steal=6.0)]
    monkeypatch.setattr(psutil, "cpu_times", lambda: times.pop(0))
    assert machine.Theft().share == pytest.approx(1 / 8)


def test_on_this_machine_it_is_a_share() -> None:
    assert 0.0 <= machine.Theft().share <= 1.0


def test_the_machine_is_described_in_words() -> None:
    assert all(machine.describe().values())
