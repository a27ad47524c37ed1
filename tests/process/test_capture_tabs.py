"""Tabs of a real browser: what pages open is shown, `back` leaves it, and the last one to close leaves an empty one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from engine.messages import Refused, ToCapture
from engine.pagemessages import CloseTab, GetPage, Go, Navigate, OpenTab, Page, ShowTab, Way
from tests.process.capture_rig import SECONDS, Rig, click, text

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENS = "<title>opener</title><body style='height:100vh;background:rgb(0,200,0)' onclick=\"window.open('{url}', '', '{how}')\">"
COLOURED = (
    "<title>{title}</title><body style='height:100vh;background:rgb{colour}'><input autofocus oninput='document.title=value'>"
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started() -> AsyncIterator[Rig]:
    rig = Rig(max_tabs=3)
    try:
        yield await rig.start()
    finally:
        await rig.stop()


def go(way: Way, timeout: float = SECONDS) -> Callable[[int], ToCapture]:
    return lambda token: Go(token, way, timeout)


def navigate(url: str) -> Callable[[int], ToCapture]:
    return lambda token: Navigate(token, url, SECONDS)


def tabs(rig: Rig) -> list[tuple[str, bool]]:
    return [(tab.title, tab.active) for tab in rig.tabs[-1].tabs] if rig.tabs else []


async def page(rig: Rig, build: Callable[[int], ToCapture]) -> Page:
    answer = await rig.ask(build)
    assert isinstance(answer, Page), answer
    return answer


@pytest.mark.parametrize("how", ["", "width=200,height=100"])
async def test_a_popup_is_shown_takes_input_and_is_left_by_back(rig: Rig, address: Callable[..., str], how: str) -> None:
    popup = address(COLOURED.format(title="popup", colour="(200,0,0)"))
    await rig.load(address(OPENS.format(url=popup, how=how)))
    await rig.done(click(300, 200))
    await rig.until(lambda: tabs(rig) == [("opener", False), ("popup", True)])
    await rig.colour_is(300, 5, (200, 0, 0))  # all of the screen is its page's
    await rig.done(text("typed"))
    await rig.title_is("typed")
    first, second = (tab.tab for tab in rig.tabs[-1].tabs)
    assert (await page(rig, lambda token: ShowTab(token, first))).title == "opener"
    await rig.colour_is(300, 5, (0, 200, 0))
    assert (await page(rig, lambda token: ShowTab(token, second))).title == "typed"
    await rig.colour_is(300, 5, (200, 0, 0))
    assert (await page(rig, GetPage)).can_go_back
    left = await page(rig, go("back"))
    assert left.title == "opener"
    await rig.until(lambda: tabs(rig) == [("opener", True)])
    await rig.colour_is(300, 5, (0, 200, 0))


async def test_the_history_of_a_tab_is_told_and_can_be_gone_through(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/page/one")
    await rig.load(f"{site}/page/two")
    there = await page(rig, GetPage)
    assert (there.title, there.can_go_back, there.can_go_forward, there.loading) == ("two", True, False, False)
    back = await page(rig, go("back"))
    assert (back.title, back.can_go_forward) == ("one", True)
    assert (await page(rig, go("forward"))).title == "two"
    assert (await page(rig, go("reload"))).title == "two"
    refused = await rig.ask(go("forward"))
    assert isinstance(refused, Refused)
    assert refused.code == "no_history"


async def test_what_happens_to_the_page_is_told_by_itself(rig: Rig, address: Callable[..., str]) -> None:
    await rig.load(address("<title>first</title><script>setTimeout(() => { document.title = 'later' }, 100)</script>"))
    await rig.until(lambda: rig.pages[-1].title == "later")
    moves = "<title>moves</title><script>setTimeout(() => history.pushState(0, '', '/elsewhere'), 100)</script>"
    await rig.load(address(moves))
    await rig.until(lambda: rig.pages[-1].url.endswith("/elsewhere"))


async def test_a_page_that_never_stops_loading_is_stopped(rig: Rig, site: str) -> None:
    loading = rig.ask(navigate(f"{site}/slow"))
    await rig.until(lambda: any(told.loading for told in rig.pages))
    stopped = await page(rig, go("stop"))
    assert not stopped.loading
    refused = await loading
    assert (refused.code, "stopped" in refused.message) == ("stopped", True)
    await rig.until(lambda: not rig.pages[-1].loading)


async def test_a_page_that_closes_the_last_tab_leaves_an_empty_one(rig: Rig, address: Callable[..., str]) -> None:
    script = "<title>closing</title><body style='height:100vh' onclick='window.close()'>"
    opener = address(OPENS.format(url=address(script), how=""))
    await rig.load(opener)
    before = rig.tabs[-1].tabs[0].tab
    await rig.done(click(300, 200))
    await rig.until(lambda: len(rig.tabs[-1].tabs) == 2)
    await page(rig, lambda token: CloseTab(token, before))
    await rig.until(lambda: len(tabs(rig)) == 2 and tabs(rig)[0] == ("closing", True))
    await rig.done(click(300, 200))
    await rig.until(lambda: len(rig.tabs[-1].tabs) == 1 and rig.tabs[-1].tabs[0].url == "about:blank")
    assert (await rig.load(address(COLOURED.format(title="alive", colour="(0,0,200)")))).title == "alive"
    await rig.colour_is(300, 5, (0, 0, 200))
    last = rig.tabs[-1].tabs[0].tab
    assert (await page(rig, lambda token: CloseTab(token, last))).url == "about:blank"
    assert not rig.ended.done()


async def test_there_are_only_so_many_tabs(rig: Rig, address: Callable[..., str]) -> None:
    while len(tabs(rig)) < 3:
        await page(rig, OpenTab)
    refused = await rig.ask(OpenTab)
    assert isinstance(refused, Refused)
    assert refused.code == "full"
    await rig.load(address(OPENS.format(url="about:blank", how="")))
    await rig.done(click(300, 200))
    await rig.until(lambda: [note.code for note in rig.notes][-1:] == ["tab_limit"])
    await rig.until(lambda: tabs(rig)[-1] == ("opener", True) and len(tabs(rig)) == 3)
    nowhere = await rig.ask(lambda token: ShowTab(token, "nowhere"))
    assert nowhere.code == "no_tab"


async def test_what_does_not_load_is_told_in_words(rig: Rig, site: str) -> None:
    refused = await rig.ask(navigate(f"{site}/again"))
    assert isinstance(refused, Refused)
    assert "ERR_TOO_MANY_REDIRECTS (it redirects without end)" in refused.message
    await rig.load(f"{site}/page/link")
    await rig.show(f"<body style='height:100vh' onclick=\"location='{site}/again'\">")
    await rig.done(click(300, 200))
    await rig.until(lambda: [note.code for note in rig.notes][-1:] == ["load_failed"])
    assert "redirects without end" in rig.notes[-1].message


async def test_what_a_page_wants_and_does_not_get_is_told(rig: Rig, address: Callable[..., str]) -> None:
    wants = "<title>wants</title><body style='height:100vh' onclick=\"{script}\">"
    geolocation = "navigator.geolocation.getCurrentPosition(() => 0, e => document.title = 'refused')"
    await rig.load(address(wants.format(script=geolocation)))
    await rig.done(click(300, 200))
    await rig.title_is("refused")
    # Last: without the policies, which a browser of its own account only has, the address opens a window of another program.
    await rig.load(address(wants.format(script="location = 'mailto:ann@example.com'")))
    before = len(rig.notes)
    await rig.done(click(300, 200))
    await rig.until(lambda: len(rig.notes) > before)
    assert rig.notes[before].code == "no_program"
