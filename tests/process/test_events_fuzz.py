"""Viewers that say anything that a viewer can say, in any order, over real sockets, to sessions without browsers.

Driven by the server's own table of events, so that none is left out. Each event is answered: by one `error`, or by what its
handler says that it answers. `FUZZ_EXAMPLES=500 make test ARGS="-k events_fuzz"` tries more of them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule, run_state_machine_as_test

from api.events import HANDLERS
from bench import stage
from bench.server import Server
from tests.process.hostile import WebSocket
from tests.unit.api.door import GOOD
from tests.unit.api.test_events_refused import PAYLOADS, VALUES

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
ID = "fuzzed"
RIGHT: dict[str, dict[str, Any]] = {
    **GOOD,
    "subscribe": {"session_id": ID},
    "quality:set": {"quality": 50},
    "fps:set": {"fps": 20},
    "adaptive:toggle": {"enabled": True},
    "stats:toggle": {"enabled": True},
}
# What comes by itself, or may come beside an answer.
UNASKED = {
    "frame",
    "cursor",
    "stats",
    "status",
    "quality:updated",
    "fps:updated",
    "page",
    "tab:list",
    "dialog",
    "focus",
    "resized",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with stage.synthetic(encoders=1, input_rate=0) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)
    assert not [line for line in running.log if "Traceback" in line or " ERROR " in line], "\n".join(running.log)


@contextlib.contextmanager
def shown(server: Server) -> Iterator[None]:
    """The session `ID`."""
    url = stage.feed("text", fps=5)
    server.post("/api/session/create", session_id=ID, width=stage.WIDTH, height=stage.HEIGHT, url=url)
    yield
    server.post(f"/api/session/{ID}/close")


def payloads(event: str) -> st.SearchStrategy[Any]:
    """What is right for `event`, nearly right, and anything."""
    right = RIGHT.get(event, {})
    if not right:
        return st.just(right) | PAYLOADS.filter(sayable)
    spoilt = st.tuples(st.sampled_from(sorted(right)), VALUES).map(lambda change: right | {change[0]: change[1]})
    return st.just(right) | spoilt.filter(sayable) | PAYLOADS.filter(sayable)


def sayable(payload: Any) -> bool:
    """Whether JSON has it; what it has not, `test_bad_websocket` sends."""
    with contextlib.suppress(TypeError, UnicodeEncodeError):
        json.dumps(payload).encode()
        return True
    return False


def test_whatever_viewers_say_is_answered(server: Server) -> None:
    class Viewers(RuleBasedStateMachine):
        """Some connections, each of which watches or does not."""

        viewers = Bundle("viewers")

        def __init__(self) -> None:
            super().__init__()
            self.open: list[WebSocket] = []

        @rule(target=viewers)
        def comes(self) -> WebSocket:
            self.open.append(WebSocket(server.address))
            return self.open[-1]

        @rule(viewer=viewers)
        def subscribes(self, viewer: WebSocket) -> None:
            viewer.emit("subscribe", {"session_id": ID})
            assert answer(viewer, "subscribe")[0] == "subscribed"

        @rule(viewer=viewers, event=st.sampled_from(sorted(HANDLERS)), data=st.data())
        def says(self, viewer: WebSocket, event: str, data: st.DataObject) -> None:
            viewer.emit(event, data.draw(payloads(event)))
            told = answer(viewer, event)
            if told[0] == "error":
                assert set(told[1]) == {"message", "code"}
                assert told[1]["code"] != "internal", told

        @rule(viewer=viewers, event=st.text(max_size=10))
        def says_what_is_no_event(self, viewer: WebSocket, event: str) -> None:
            viewer.emit(event, {})
            assert event in HANDLERS or answer(viewer, "")[0] == "error"

        @rule(viewer=consumes(viewers))
        def goes(self, viewer: WebSocket) -> None:
            viewer.socket.close()

        def teardown(self) -> None:
            for viewer in self.open:
                viewer.socket.close()

    with shown(server):
        run_state_machine_as_test(
            Viewers,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=30,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert server.get(f"/api/session/{ID}/info")["session_id"] == ID


def answer(viewer: WebSocket, event: str) -> Any:
    """What is answered to `event`. Raises AssertionError for what is no answer to it."""
    handler = HANDLERS.get(event)
    answers = {"error", *(handler.answers if handler else ())}
    while True:
        told = viewer.answer()
        if told[0] in answers:
            return told
        assert told[0] in UNASKED, f"{told} is no answer to {event!r}"
