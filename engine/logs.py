"""Logs: one line for each thing that a person wants to know, the same in the front and in its children.

    log = logs.logger("jiomosa.session")
    log.info("session closed", session=id, reason=...)

A line is a sentence's worth of words that stay the same, so that they can be looked for, and fields that differ. `session` and
`viewer` are ids; where a whole process is of one session, `about(session=...)` says it once. Nothing is logged for each frame,
packet or input. As text for people (coloured on a terminal), or as JSON for programs.

Secrets do not get in: whatever is written passes `redacted`, also what libraries say and the texts of exceptions. What a person
typed is never handed to a log in the first place.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

NAME = "jiomosa"  # of the logger above all of ours; those of libraries say warnings and worse only, whatever the level
LONGEST = 2000  # characters of one value
SECRET_FIELDS = {"authorization", "cookie", "cookies", "password", "secret", "text", "ticket", "token"}
SECRETS = (  # what looks like one, wherever it stands, and what stays of it
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#'\"]*@)?([^\s?#'\"]*)(?:[?#][^\s'\"]*)?", re.I), r"\1\2"),
    (re.compile(r"\b(data|javascript|blob):\S.*", re.I), r"\1:..."),
    (re.compile(r"([?&](?:access_token|auth|key|password|ticket|token)=)[^\s&'\"]+", re.I), r"\1***"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w.-]+"), "***"),  # a JSON Web Token
    (re.compile(r"\b(bearer|basic) [\w.~+/=-]{8,}", re.I), r"\1 ***"),
    (re.compile(r"\b((?:set-)?cookie|authorization|password): *[^\r\n]+", re.I), r"\1: ***"),
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # a value that breaks the line could forge another

Line = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Logging:
    """`level`: debug, info, warning or error; `format`: text or json."""

    level: str = "info"
    format: str = "text"


_chosen: Logging | None = None
_about: dict[str, Any] = {}


def logger(name: str) -> Any:
    """A structlog logger of this name, which begins with `jiomosa.`."""
    return structlog.stdlib.get_logger(name)


def about(**fields: Any) -> None:
    """From now on every line of this process has these fields."""
    _about.update(fields)


def chosen() -> Logging | None:
    """What this process was told; its children are told the same. None: nothing."""
    return _chosen


def configure(logging_wanted: Logging) -> None:
    """Write lines to standard error from now on."""
    global _chosen
    _chosen = logging_wanted
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(logging_wanted.format, colours=sys.stderr.isatty() and "NO_COLOR" not in os.environ))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(NAME).setLevel(logging_wanted.level.upper())


def formatter(format: str, *, colours: bool = False) -> logging.Formatter:
    """Of standard logging; ours and others' lines alike."""
    last: Any
    if format == "json":
        last = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    else:
        # rich's tracebacks, the default where it is installed, show the values of variables.
        last = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=24)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redacted, last]
    )


def _add_about(logger: Any, method: str, line: Line) -> Line:
    for name, value in _about.items():
        line.setdefault(name, value)
    return line


def redacted(logger: Any, method: str, line: Line) -> Line:
    """The line without secrets: fields that are ones, tokens, passwords; of addresses scheme, host and path are left."""
    for name, value in line.items():
        if name in SECRET_FIELDS:
            line[name] = "***"
        elif not isinstance(value, bool | int | float | None):
            line[name] = clean(value if isinstance(value, str) else str(value), lines=name in ("exception", "stack"))
    return line


def clean(text: str, *, lines: bool = False) -> str:
    """`text` without what looks like a secret and, unless it may have `lines`, in one line."""
    for pattern, stays in SECRETS:
        text = pattern.sub(stays, text)
    if lines:
        return text
    return CONTROL.sub(" ", text[: LONGEST - 3] + "..." if len(text) > LONGEST else text)


SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True),
    structlog.processors.format_exc_info,
    _add_about,
]
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
