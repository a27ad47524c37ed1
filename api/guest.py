"""What the front knows of a connection beside its pictures: who it is, until when, and how much it says."""

from __future__ import annotations

import time

from api.validity import Validity
from engine.identity import Identity
from engine.tokenbucket import Flood


class Guest:
    """`flood`: how much it may say, `input_rate` events a second. `validity`: of its identity; None: without an end."""

    def __init__(self, identity: Identity, validity: Validity | None = None, input_rate: float = 0.0) -> None:
        self.identity = identity
        self.flood = Flood(input_rate, time.monotonic())
        self._validity = validity

    def leave(self) -> None:
        """The connection is over."""
        if self._validity is not None:
            self._validity.leave()
