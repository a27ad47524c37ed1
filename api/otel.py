"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: only then is this module loaded.

    request       "GET /api/sessions", with the route, the status and the session that it names
    session       from its creation to its end; what its browser did in between are events of it
    session start, session load     pieces of work, children of the request that asked for them

The SDK reads its standard environment variables (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, ...). It
sends in batches from a thread of its own; what cannot be sent is dropped by it, and logged.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from quart import Quart, Response, g, request

from engine import traces
from engine.errors import ConfigurationError, JiomosaError

MISSING = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: `pip install '.[otel]'`, or unset it."

try:
    from opentelemetry import context, propagate, trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
except ImportError:
    raise ConfigurationError(MISSING) from None

QUIET = {"/health", "/ready", "/metrics"}  # asked all the time, by machines


class OpenTelemetry:
    """What `engine.traces` is given. Of an error its code is told, not its sentence, which may hold an address."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self.tracer = tracer

    @contextlib.contextmanager
    def span(self, name: str, attributes: traces.Attributes) -> Iterator[trace.Span]:
        with self.tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except JiomosaError as error:
                span.set_status(trace.StatusCode.ERROR, error.code)
                raise

    def begin(self, name: str, attributes: traces.Attributes) -> _Life:
        return _Life(self.tracer.start_span(name, attributes=attributes))


class _Life:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, event: str, attributes: traces.Attributes | None = None) -> None:
        self._span.add_event(event, attributes)

    def end(self, attributes: traces.Attributes | None = None, *, error: str | None = None) -> None:
        self._span.set_attributes(attributes or {})
        if error is not None:
            self._span.set_status(trace.StatusCode.ERROR, error)
        self._span.end()


def exporting() -> SpanProcessor:
    """To where the environment says, over HTTP. Raises `ConfigurationError`."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise ConfigurationError(MISSING) from None
    return BatchSpanProcessor(OTLPSpanExporter())


class Tracing:
    """Collects from when it is made, and gives what it has to `processor`."""

    def __init__(self, version: str, processor: SpanProcessor) -> None:
        os.environ.setdefault("OTEL_SERVICE_NAME", "jiomosa")
        self._provider = TracerProvider(resource=Resource.create({"service.version": version}), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("jiomosa", version)
        traces.use(OpenTelemetry(self._tracer))

    def shutdown(self) -> None:
        """Give away the rest; collect nothing any more."""
        traces.use(traces.NOTHING)
        self._provider.shutdown()

    def trace_requests(self, app: Quart) -> None:
        """Make a span of each request to `app`, within the trace that its `traceparent` names."""
        app.before_request(self._started)
        app.after_request(self._answered)

    async def _started(self) -> None:
        if request.path in QUIET:
            return
        route = request.url_rule.rule if request.url_rule else "(none)"
        attributes: dict[str, Any] = {"http.request.method": request.method, "http.route": route, "url.path": request.path}
        if session := (request.view_args or {}).get("id"):
            attributes["session.id"] = session
        parent = propagate.extract(dict(request.headers.items(lower=True)))
        span = self._tracer.start_span(f"{request.method} {route}", parent, trace.SpanKind.SERVER, attributes)
        g.span, g.token = span, context.attach(trace.set_span_in_context(span))

    async def _answered(self, response: Response) -> Response:
        span: trace.Span | None = g.get("span")
        if span is not None:
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(trace.StatusCode.ERROR)
            span.end()
            context.detach(g.token)
        return response
