"""What may go wrong.

JiomosaError        the server's answer: a sentence, a `code` for programs, an HTTP `status` (0: it came over Socket.IO)
├── SessionEnded    the session is no more: closed, expired, or its browser ended too often
└── ConnectionLost  the server cannot be reached, and trying again has not helped
"""

from __future__ import annotations


class JiomosaError(Exception):
    """See the module's table. `str()` is the sentence."""

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class SessionEnded(JiomosaError):
    pass


class ConnectionLost(JiomosaError):
    pass


ENDED = {"session_closed", "session_expired", "crashing", "not_found"}
REFUSED = {"unauthorized", "token_expired", "token_revoked", "forbidden"}  # trying again with the same token helps nobody


def told(payload: dict[str, str]) -> JiomosaError:
    """The error in the payload of an `error` event."""
    code = payload.get("code", "")
    kind = SessionEnded if code in ENDED else JiomosaError
    return kind(payload.get("message", "The server gave no reason."), code)
