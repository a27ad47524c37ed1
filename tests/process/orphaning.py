"""A front that starts a child, tells its pid, and waits to be killed; for test_child.py."""

from __future__ import annotations

import asyncio
import sys

from engine.child import Child


async def front(spec: str) -> None:
    child = Child("orphan", "tests.process.obedient", spec)
    child.start(lambda message: None)
    await child.ready(60)
    print(child.pid, flush=True)
    await asyncio.sleep(120)


if __name__ == "__main__":
    asyncio.run(front(sys.argv[1]))
