"""Traces: what took how long, for whoever collects them: nobody, nothing being loaded, unless `use` is called (see `api.otel`).

with traces.span("session load", {"session.id": id}): ...     a piece of work, within whatever is going on
life = traces.begin("session", {...}); life.note("browser rebuilt"); life.end()     what outlives the work that began it
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

Attributes = Mapping[str, str | int | float | bool]


class Life(Protocol):
    """Something that has begun."""

    def note(self, event: str, attributes: Attributes | None = None) -> None:
        """It happened to it now."""

    def end(self, attributes: Attributes | None = None, *, error: str | None = None) -> None:
        """Once. `error`: why it failed, where it did."""


class Tracer(Protocol):
    """Who collects."""

    def span(self, name: str, attributes: Attributes) -> AbstractContextManager[object]:
        """Of the body; an exception that leaves it is noted, and goes on."""

    def begin(self, name: str, attributes: Attributes) -> Life: ...


class _Nothing:
    def note(self, event: str, attributes: Attributes | None = None) -> None: ...
    def end(self, attributes: Attributes | None = None, *, error: str | None = None) -> None: ...
    def span(self, name: str, attributes: Attributes) -> AbstractContextManager[object]:
        return contextlib.nullcontext()

    def begin(self, name: str, attributes: Attributes) -> Life:
        return self


NOTHING = _Nothing()
_tracer: Tracer = NOTHING


def use(tracer: Tracer) -> None:
    """From now on."""
    global _tracer
    _tracer = tracer


def span(name: str, attributes: Attributes) -> AbstractContextManager[object]:
    return _tracer.span(name, attributes)


def begin(name: str, attributes: Attributes) -> Life:
    return _tracer.begin(name, attributes)
