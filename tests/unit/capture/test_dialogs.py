"""What a page asks is told to whoever watches, answered once, and never left open."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.bidi import CommandFailed
from capture.dialogs import AUTH, CLOSED, DOCUMENTS, MOST_INSISTED, OPENED, Dialogs
from capture.page import NAVIGATED, ShownPage
from engine.errors import NotFound, Unavailable
from engine.pagemessages import Dialog, DialogClosed, Respond
from tests.unit.api.fakes import until
from tests.unit.capture.browser import FakeBidi, destroyed


class World:
    """A browser with the tabs "one" and "two", and what was told of its dialogs."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.bidi = FakeBidi("one", "two")
        self.crashes = 0
        self.page = ShownPage(self._crashed)
        self.told: list[Dialog | DialogClosed] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.dialogs = Dialogs(self.page, self.told.append, seconds, self._later)
        self.bidi.replies |= {
            "network.addIntercept": {},
            "network.continueWithAuth": {},
            "Fetch.enable": {},
            "browsingContext.handleUserPrompt": self._handle,
        }

    def _handle(self, params: dict[str, Any]) -> dict[str, Any]:
        self.event(CLOSED, context=params["context"])
        return {}

    def _crashed(self) -> None:
        self.crashes += 1

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    async def open(self, *, watched: bool = True) -> World:
        await self.page.open(self.bidi)  # type: ignore[arg-type]
        await self.dialogs.open()
        self.dialogs.wants(30.0 if watched else 0.0)
        return self

    def event(self, method: str, **params: Any) -> None:
        self.page.on_event(method, params)

    def asks(self, kind: str = "confirm", context: str = "two", **more: Any) -> int:
        """A dialog opens; its id."""
        self.event(OPENED, context=context, type=kind, message="Sure?", **more)
        return self.dialogs._number

    def asks_who(self, request: str = "7", context: str = "two") -> int:
        response = {"authChallenges": [{"scheme": "Basic", "realm": "the cellar"}]}
        self.event(AUTH, isBlocked=True, context=context, request={"request": request, "url": "http://a/"}, response=response)
        return self.dialogs._number

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)

    def handled(self) -> list[dict[str, Any]]:
        return self.bidi.named("browsingContext.handleUserPrompt")

    def blocked(self) -> list[str]:
        return [tab.id for tab in self.page.tabs.all.values() if tab.blocked]


async def test_a_dialog_is_told_blocks_its_page_and_is_answered_once() -> None:
    world = await World().open()
    world.page.tabs.all["two"].url = "http://a/"
    id = world.asks("prompt", defaultValue="me")
    assert world.told == [Dialog(id, "prompt", "Sure?", "me", "http://a/")]
    assert world.blocked() == ["two"]
    with pytest.raises(Unavailable, match="has a dialog open"):
        await world.page.cdp("Runtime.evaluate", expression="0")
    await world.dialogs.respond(Respond(1, id, accept=True, text="you"))
    assert world.handled() == [{"context": "two", "accept": True, "userText": "you"}]
    assert world.told[1:] == [DialogClosed(id)]
    assert world.blocked() == []
    with pytest.raises(NotFound, match=f"no dialog {id}") as caught:
        await world.dialogs.respond(Respond(2, id, accept=True))
    assert caught.value.code == "no_dialog"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("alert", {"accept": True, "text": "x"}), ("prompt", {"accept": False, "text": "x"}), ("prompt", {"accept": True})],
)
async def test_a_text_is_for_a_prompt_that_is_accepted(kind: str, answer: dict[str, Any]) -> None:
    world = await World().open()
    await world.dialogs.respond(Respond(1, world.asks(kind), **answer))
    assert world.handled() == [{"context": "two", "accept": answer["accept"]}]


@pytest.mark.parametrize(("kind", "accept"), [("confirm", False), ("beforeunload", True)])
async def test_where_nobody_watches_it_is_dismissed_at_once_and_never_told(kind: str, accept: bool) -> None:
    world = await World().open(watched=False)
    world.asks(kind)
    await world.settle()
    assert world.handled() == [{"context": "two", "accept": accept}]
    assert not [told for told in world.told if isinstance(told, Dialog)]
    assert world.blocked() == []


async def test_when_the_last_viewer_goes_all_are_dismissed() -> None:
    world = await World().open()
    world.asks(context="one")
    world.asks_who()
    world.dialogs.wants(0)
    await world.settle()
    assert world.handled() == [{"context": "one", "accept": False}]
    assert [params["action"] for params in world.bidi.named("network.continueWithAuth")] == ["cancel"]
    assert len(world.told) == 4


@pytest.mark.parametrize("kind", ["confirm", "beforeunload"])
async def test_one_that_nobody_answers_is_dismissed_after_its_time(kind: str) -> None:
    world = await World(0.02).open()
    id = world.asks(kind)
    await until(lambda: world.told[1:])
    assert world.handled() == [{"context": "two", "accept": False}], "a viewer may want to stay"
    assert world.told[1:] == [DialogClosed(id)]


async def test_whoever_leaves_a_page_has_answered_it() -> None:
    world = await World().open()
    world.asks()
    world.page.tabs.all["two"].leaving = True
    await world.page.leave("two")
    world.asks("beforeunload")
    await world.settle()
    assert [params["accept"] for params in world.handled()] == [False, True]
    assert sum(isinstance(told, Dialog) for told in world.told) == 1


async def test_a_page_that_asks_without_end_while_it_is_left_loses_its_browser_once() -> None:
    world = await World().open()
    world.page.tabs.all["two"].leaving = True
    for _ in range(MOST_INSISTED + 5):
        world.asks("alert")
        await world.settle()
    assert world.crashes == 1


async def test_a_login_is_answered_with_name_and_password_and_blocks_nothing() -> None:
    world = await World().open()
    id = world.asks_who("9")
    assert world.told == [Dialog(id, "login", "the cellar", None, "http://a/")]
    assert world.blocked() == []
    await world.dialogs.respond(Respond(1, id, accept=True, username="ann", password="secret"))  # noqa: S106
    secret = {"type": "password", "username": "ann", "password": "secret"}
    told = {"request": "9", "action": "provideCredentials", "credentials": secret}
    assert world.bidi.named("network.continueWithAuth") == [told]
    assert world.told[1:] == [DialogClosed(id)]


async def test_one_that_the_browser_closes_by_itself_is_closed_for_all_and_its_timer_with_it() -> None:
    world = await World(0.02).open()
    ids = [world.asks(context="one"), world.asks_who(), world.asks()]
    world.event(CLOSED, context="one")
    world.page.on_event(*destroyed("two"))
    assert world.told[3:] == [DialogClosed(id) for id in ids]
    await asyncio.sleep(0.05)
    assert (world.handled(), world.bidi.named("network.continueWithAuth")) == ([], [])


async def test_a_browser_that_refuses_has_no_dialog_open_either() -> None:
    world = await World().open()
    world.bidi.replies["browsingContext.handleUserPrompt"] = CommandFailed("no such alert", "gone")
    with pytest.raises(Unavailable):
        await world.dialogs.respond(Respond(1, world.asks(), accept=True))
    assert world.blocked() == []
    world.asks()
    await world.page.leave("two")
    assert world.blocked() == []


async def test_only_documents_are_stopped_in_each_process_of_a_page_once() -> None:
    world = await World().open()
    for session in ("session of one", "a frame's", "a frame's", None):
        world.event(NAVIGATED, params={"frame": {"id": "f"}}, session=session)
    await world.settle()
    narrowed = world.bidi.named("Fetch.enable")
    assert [params["session"] for params in narrowed] == ["session of one", "session of two", "a frame's"]
    assert all(params["params"] == DOCUMENTS for params in narrowed)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["confirm", "beforeunload", "alert", "login", "closed"]), st.sampled_from(["one", "two", "frame"])
        ),
        st.tuples(st.sampled_from(["watch", "unwatch", "answer", "time"]), st.just("")),
    ),
    max_size=25,
)


@given(STEPS)
def test_each_that_is_told_is_closed_once_and_no_page_stays_blocked(steps: list[tuple[str, str]]) -> None:
    async def play() -> None:
        world = await World().open()
        for step, where in steps:
            match step:
                case "login":
                    world.asks_who(context=where)
                case "closed":
                    world.event(CLOSED, context=where)
                case "watch" | "unwatch":
                    world.dialogs.wants(30.0 if step == "watch" else 0.0)
                case "answer":
                    for id in list(world.dialogs._open)[:1]:
                        await world.dialogs.respond(Respond(1, id, accept=True))
                case "time":
                    await world.settle()
                case _:
                    world.asks(step, where)
        world.dialogs.wants(0)
        await world.settle()
        opened = [told.id for told in world.told if isinstance(told, Dialog)]
        closed = [told.id for told in world.told if isinstance(told, DialogClosed)]
        assert len(closed) == len(set(closed))
        assert set(opened) <= set(closed)
        assert world.blocked() == []

    asyncio.run(play())
