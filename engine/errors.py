"""Every error that a person may meet, in one hierarchy.

    JiomosaError                something went wrong that we can explain
    ├── BadRequest        400   the caller sent something that cannot be used
    ├── Unauthorized      401   nobody knows who asks: no token, or one that is not valid
    ├── Forbidden         403   who asks may not do this, or is not asking by the right way
    ├── NotFound          404   no such session, page or endpoint
    ├── NotAllowed        405   a method that is not for this
    ├── Conflict          409   it exists already
    ├── LengthRequired    411   a body of unknown length, where its length has to be known
    ├── TooLarge          413   a body or message larger than is read
    ├── TooMany           429   more, or more often, than one client may
    ├── LoadFailed        502   the browser could not load the page; the message is the browser's own reason
    ├── Unavailable       503   the server or the session cannot do it now, or no longer
    │   └── ChildGone           a child process ended, hangs or could not be started
    └── ConfigurationError 503  a setting or the machine is not fit; says what mends it

Each message is a sentence that says what was wrong and, where there is something to do, what to do. `code` is one word for
programs, `status` the HTTP status it maps to.
"""

from __future__ import annotations


class JiomosaError(Exception):
    """Base of all errors that are ours to explain. `str()` is the sentence for a person, `code` the word for a program."""

    code = "internal"
    status = 500
    retry_after: int | None = None  # seconds after which to try again makes sense

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class BadRequest(JiomosaError):
    code = "bad_request"
    status = 400


class Unauthorized(JiomosaError):
    code = "unauthorized"
    status = 401


class Forbidden(JiomosaError):
    code = "forbidden"
    status = 403


class NotFound(JiomosaError):
    code = "not_found"
    status = 404


class NotAllowed(JiomosaError):
    code = "method_not_allowed"
    status = 405


class Conflict(JiomosaError):
    code = "conflict"
    status = 409


class LengthRequired(JiomosaError):
    code = "length_required"
    status = 411


class TooLarge(JiomosaError):
    code = "too_large"
    status = 413


class TooMany(JiomosaError):
    code = "too_many"
    status = 429


class LoadFailed(JiomosaError):
    code = "load_failed"
    status = 502


class Unavailable(JiomosaError):
    code = "unavailable"
    status = 503
    retry_after = 5


class ChildGone(Unavailable):
    code = "child_gone"


class ConfigurationError(JiomosaError):
    code = "configuration"
    status = 503


BY_CODE: dict[str, type[JiomosaError]] = {
    kind.code: kind
    for kind in (
        *(JiomosaError, BadRequest, Unauthorized, Forbidden, NotFound, NotAllowed, Conflict, LengthRequired, TooLarge),
        *(TooMany, LoadFailed, ChildGone, ConfigurationError),
    )
}
# Codes of single cases that a process reports, and which kind each is of; those that are not here are `Unavailable`'s.
CASES: dict[str, type[JiomosaError]] = {
    "no_tab": NotFound,
    "no_dialog": NotFound,
    "no_history": Conflict,
    "superseded": LoadFailed,
    "stopped": LoadFailed,
    "browser_failed": ConfigurationError,
}


def rebuild(code: str, message: str) -> JiomosaError:
    """The error that another process reported as `code` and `message`."""
    return (BY_CODE | CASES).get(code, Unavailable)(message, code=code)
