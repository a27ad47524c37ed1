"""REST against its own description: whatever /openapi.json allows, or does not, is answered as it says, and never by a 500.

A real server whose sessions have no browser. The examples are the same each time; `FUZZ_EXAMPLES=1000 make test
ARGS="-k rest_fuzz"` tries more of them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from bench import stage
from bench.server import Server
from tests.process.hostile import PATIENCE

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))  # of each operation, without a session and with one
repeated = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# With these a server may say that it is full, or that a page does not load.
EXPLAINED = {502, 503}
# What no description can say: not every text is an address, one field bounds another, and here nobody logs in.
BEYOND = ("`url`", "`max_width` and `max_height`", "`passive`", "Nobody logs in")
ENDLESS = "stream.mjpeg"  # tried apart: its answer never ends
NOT_HERE = f"{ENDLESS}|/end$|/close$"  # the others would end the session that everybody asks of


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with stage.synthetic(encoders=1, max_sessions=4, load_timeout=1, viewer_timeout=5) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)
    assert not [line for line in running.log if "Traceback" in line or " ERROR " in line], "\n".join(running.log)


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[str]:
    with stage.session(server, stage.feed("text", fps=5)) as id:
        yield id


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: f"what is {mode.value}")
def test_rest_answers_as_it_says(server: Server, session: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json").exclude(path_regex=NOT_HERE)
    failures: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 10
    for operation in operations:
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            try_out(strategy, server, session)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "nothing is right"  # there is nothing in it that could be wrong
        except FailureGroup as group:
            failures += [f"{operation.label}: {failure} {failure.__notes__}" for failure in group.exceptions]
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: f"what is {mode.value}")
def test_the_stream_that_never_ends_begins_or_says_why_not(server: Server, session: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json").include(path_regex=ENDLESS)
    (operation,) = (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
    begun = set()

    @repeated
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        for id in (case.path_parameters["id"], session):
            case.path_parameters["id"] = id
            asked = case.as_transport_kwargs(base_url=server.address)
            with contextlib.closing(requests.request(**asked, stream=True, timeout=PATIENCE)) as response:
                begun.add(response.status_code)
                if response.status_code == 200:
                    assert response.headers["Content-Type"].startswith("multipart/x-mixed-replace")
                    assert b"image/jpeg" in response.raw.read(512)
                else:
                    assert 400 <= response.status_code < 500, response.text
                    assert set(response.json()) == {"error", "code"}

    ask()
    assert begun >= ({200, 404} if mode is GenerationMode.POSITIVE else {400}), begun
    deadline = time.monotonic() + PATIENCE
    while watched(server, session):
        assert time.monotonic() < deadline, "those that went are still viewers"
        time.sleep(0.1)


def watched(server: Server, session: str) -> bool:
    """Whether it has viewers."""
    return bool(server.get(f"/api/session/{session}/info")["viewers"])


def try_out(strategy: Any, server: Server, session: str) -> None:
    """Ask what `strategy` makes up, also of a session that there is."""

    @repeated
    @given(strategy)
    def ask(case: Case[Any]) -> None:
        validate(case, server)
        if "id" in case.path_parameters:
            case.path_parameters["id"] = session
            validate(case, server, negative_data_rejection)  # that id may have been what was wrong with it

    ask()


def validate(case: Case[Any], server: Server, *excluded: Any) -> None:
    response = case.call(timeout=PATIENCE)
    if response.status_code == 201 and case.path.endswith("/create"):
        requests.post(f"{server.address}/api/session/{response.json()['session_id']}/close", timeout=PATIENCE)
    if response.status_code in EXPLAINED:
        assert set(response.json()) == {"error", "code"}
        excluded = (*excluded, not_a_server_error)
    elif response.status_code == 400 and any(words in response.json()["error"] for words in BEYOND):
        excluded = (*excluded, positive_data_acceptance)
    try:
        case.validate_response(response, excluded_checks=list(excluded))
    except FailureGroup as group:
        group.exceptions[0].add_note(response.text[:500])
        raise
