"""Pictures that go straight to links do so in one go."""

from __future__ import annotations

from typing import Any, cast

import pytest

from engine.broadcast import Packet
from tests.unit.api.fakes import FakeViewer
from tests.unit.api.test_stream import World


class StraightViewer(FakeViewer):
    """One whose frames go straight to its link."""

    def __init__(self, log: list[str], fps: float) -> None:
        super().__init__(fps)
        self.log = log

    def offer(self, packet: Packet) -> Any:
        self.log.append("offer")
        return self

    def write(self) -> None:
        self.log.append("write")

    def written(self) -> None:
        self.log.append("written")
        self.ready()


@pytest.mark.parametrize("count", [1, 3])
async def test_all_links_are_written_to_in_one_go_and_each_viewer_is_ready_again_after_that(count: int) -> None:
    world, log = World(), list[str]()
    for _ in range(count):
        world.stream.watch(cast(Any, StraightViewer(log, 1000.0)))
    for _ in range(2):
        await world.frame()
    assert log == (["offer"] * count + ["write"] * count + ["written"] * count) * 2
    world.stream.end()
