"""Who asks, and what they may do. A session belongs to whoever created it; to all others it is not there.

session:create    make sessions of one's own
session:watch     see them: list, info, pictures, streams
session:control   drive them: load, input, close
admin             everything, on everybody's sessions
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CREATE, WATCH, CONTROL, ADMIN = "session:create", "session:watch", "session:control", "admin"
SCOPES = (CREATE, WATCH, CONTROL, ADMIN)


@dataclass(frozen=True, slots=True)
class Identity:
    """`sub`: a name that the login vouches for; None: nobody in particular. `expires_at`: epoch seconds.

    `session`: (id, created_at) of the one session that a share ticket is good for, whoever's it is; a later one of the same id is
    another. None: not a ticket. `names`: what a list of revoked tokens may call it by, (kind, value) each (`api.revoked`).
    """

    sub: str | None
    scopes: frozenset[str]
    expires_at: float = math.inf
    session: tuple[str, float] | None = None
    names: frozenset[tuple[str, str]] = frozenset()

    def sees(self, owner: str | None, session: tuple[str, float]) -> bool:
        """Whether the session (id, created_at) of `owner` is there for them at all."""
        if self.session is not None:
            return self.session == session
        return ADMIN in self.scopes or (self.sub is not None and self.sub == owner)

    def may(self, scope: str) -> bool:
        return scope in self.scopes or (ADMIN in self.scopes and self.session is None)


ANYONE = Identity(None, frozenset({ADMIN}))  # where nobody logs in, all are one
