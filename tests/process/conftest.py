"""A capture process that the tests of a module share, and web sites for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from bench import site as bench_site
from tests.process.capture_rig import Rig
from tests.process.echo_site import echo


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with bench_site.serve() as address:
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[Callable[..., str]]:
    with echo() as make:
        yield make


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started() -> AsyncIterator[Rig]:
    rig = Rig()
    try:
        yield await rig.start()
    finally:
        await rig.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def rig(started: Rig) -> Rig:
    await started.calm()
    return started


# ---- frames
