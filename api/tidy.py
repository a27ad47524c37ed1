"""What connections leave behind refers to itself in circles, and Python looks for those ever more rarely the more there is.

So it is made to look some time after somebody has gone: by then python-engineio has let go of the connection, which its ping task
holds for up to 25 s. What was there when the server started is frozen (`api.front`) and not looked at.
"""

from __future__ import annotations

import asyncio
import gc

SECONDS = 30.0


class Tidy:
    """One a server."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """Somebody has gone."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self._collect)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _collect(self) -> None:
        self._timer = None
        gc.collect()
