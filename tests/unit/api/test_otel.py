"""Traces, as whoever collects them gets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from quart import Quart

from api import incarnation
from api.otel import Tracing
from api.sessions import Sessions
from engine.device import device_of
from engine.errors import LoadFailed
from engine.pagemessages import Navigate, Page
from engine.settings import Settings
from tests.unit.api.fakes import FakeChild, FakePool

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def tracing() -> Iterator[tuple[Tracing, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    tracing = Tracing("1.2.3", SimpleSpanProcessor(exporter))
    yield tracing, exporter
    tracing.shutdown()


async def test_a_request_and_what_it_does(
    tracing: tuple[Tracing, InMemorySpanExporter], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(incarnation, "Child", FakeChild)
    monkeypatch.setattr(FakeChild, "made", [])
    sessions = Sessions(Settings(runtime_dir=str(tmp_path)), cast(Any, FakePool()))
    app = Quart("test")
    tracing[0].trace_requests(app)

    @app.post("/api/session/<id>/load")
    async def load(id: str) -> str:
        session = await sessions.create(id, device_of(160, 120))
        child = FakeChild.made[-1]
        child.answer = lambda message: Page(message.token, "", "x") if isinstance(message, Navigate) else None
        await session.load("http://example.com/secret?token=x")
        child.hangs = True
        monkeypatch.setattr(session, "ask", refuse)
        with pytest.raises(LoadFailed):
            await session.load("http://example.com/")
        return ""

    async def refuse(*_: Any) -> None:
        raise LoadFailed("http://example.com/secret could not be loaded.")

    @app.get("/health")
    async def health() -> str:
        return ""

    client = app.test_client()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    answer = await client.post("/api/session/mine/load", headers=headers)
    assert answer.status_code == 200
    await client.get("/health")
    await sessions.close_all()

    exporter = tracing[1]
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == [
        *("session start", "session load", "session load", "POST /api/session/<id>/load", "session")
    ]
    start, good, bad, request, life = spans
    assert {format(span.context.trace_id, "032x") for span in spans if span.context} == {TRACE}
    assert request.parent is not None
    assert format(request.parent.span_id, "016x") == PARENT
    assert request.attributes is not None
    assert request.attributes["http.route"] == "/api/session/<id>/load"
    assert request.attributes["http.response.status_code"] == 200
    assert request.resource.attributes["service.name"] == "jiomosa"
    assert request.resource.attributes["service.version"] == "1.2.3"
    for below in (start, good, bad, life):
        assert below.parent is not None
        assert below.parent.span_id == request.context.span_id
        assert below.attributes is not None
        assert below.attributes["session.id"] == "mine"
    assert (good.status.is_ok, bad.status.is_ok, bad.status.description) == (True, False, "load_failed")
    assert life.attributes is not None
    assert life.attributes["session.end"] == "shutting_down"
    assert not any("secret" in span.to_json() for span in spans), "addresses are told by their host alone"
