"""Input that a real capture process gives to a real Chromium: on the right pixel, in the right element, in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest
import pytest_asyncio

from bench import site as bench_site
from engine.inputs import Click, Move, Scroll
from engine.messages import Done, Refresh, Refused, ToCapture
from tests.process.capture_rig import SECONDS, Rig, click, key, text
from tests.process.echo_site import echo

pytestmark = pytest.mark.asyncio(loop_scope="module")

AREA, FIELD = click(200, 100), click(200, 300)  # in bench/pages/form.html


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with bench_site.serve() as address:
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[Callable[..., str]]:
    with echo() as make:
        yield make


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started() -> AsyncIterator[Rig]:
    rig = Rig()
    try:
        yield await rig.start()
    finally:
        await rig.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def rig(started: Rig) -> Rig:
    await started.calm()
    return started


@contextlib.contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that leave no core idle."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def scroll(dx: float, dy: float, x: int | None = None, y: int | None = None) -> Callable[[int], ToCapture]:
    return lambda token: Scroll(token, dx, dy, x, y)


# ---- pointer


async def test_clicks_land_on_the_exact_pixel(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/pointer.html")
    for x, y in ((0, 0), (639, 0), (0, 479), (639, 479), (123, 456), (320, 240)):
        await rig.done(click(x, y))
        await rig.title_is(f"click {x},{y}")


async def test_the_right_button_is_the_right_one(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/pointer.html")
    await rig.done(lambda token: Click(token, 77, 88, "right"))
    await rig.title_is("right 77,88")


async def test_the_middle_button_and_a_double_click(rig: Rig) -> None:
    await rig.show("<script>onauxclick=e=>document.title='button '+e.button;ondblclick=e=>document.title='double'</script>")
    await rig.done(lambda token: Click(token, 50, 50, "middle"))
    await rig.title_is("button 1")
    await rig.done(click(50, 50))
    await asyncio.sleep(0.05)  # X counts milliseconds, and two presses in one are one to Chromium
    await rig.done(click(50, 50))
    await rig.title_is("double")


async def test_moving_the_pointer_hovers(rig: Rig) -> None:
    await rig.show("<style>body{margin:0}i{position:fixed;inset:100px;background:#00f}i:hover{background:#0f0}</style><i></i>")
    await rig.done(lambda token: Move(token, 10, 10))
    await rig.colour_is(300, 200, (0, 0, 255))
    await rig.done(lambda token: Move(token, 300, 200))
    await rig.colour_is(300, 200, (0, 255, 0))


# ---- text and keys


@pytest.mark.parametrize(
    "words", ["hello world", "नमस्ते दुनिया", "你好,世界", "👩‍🚀🎉", "one\ntwo", "crlf\r\nend", 'quotes " and \\', "x" * 20_000]
)
async def test_text_of_any_script_arrives_whole(rig: Rig, site: str, words: str) -> None:
    await rig.load(f"{site}/form.html")
    await rig.done(AREA, text(words))
    if len(words) < 1000:
        await rig.title_is("area " + json.dumps(words.replace("\r\n", "\n"), ensure_ascii=False))


async def test_keys_edit_and_shortcuts_are_the_pages(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/form.html")
    await rig.done(FIELD, text("abcd"), key("ArrowLeft"), key("Backspace"))
    await rig.title_is('field "abd"')
    await rig.done(key("a", "Control"), key("c", "Control"), key("End"), key("v", "Control"))
    await rig.title_is('field "abdabd"')
    await rig.done(key("z", "Control"))
    await rig.title_is('field "abd"')
    await rig.done(key("a", "Control"), key("Z", "Shift"))
    await rig.title_is('field "Z"')
    await rig.done(text("\n"))
    await rig.title_is('submitted "Z"')


async def test_a_tab_in_a_text_goes_to_the_next_field(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/form.html")
    await rig.done(AREA, text("first\tsecond"))
    await rig.title_is('field "second"')


async def test_keys_are_what_a_page_expects(rig: Rig) -> None:
    await rig.show("<script>onkeydown=e=>document.title=[e.key,e.code,e.keyCode,e.ctrlKey,e.shiftKey,e.altKey].join()</script>")
    for name, modifiers, told in (
        ("Enter", (), "Enter,Enter,13,false,false,false"),
        ("F5", (), "F5,F5,116,false,false,false"),
        ("a", ("Control", "Shift"), "a,KeyA,65,true,true,false"),
        ("5", ("Alt",), "5,Digit5,53,false,false,true"),
        ("ß", (), "ß,,0,false,false,false"),
    ):
        await rig.done(key(name, *modifiers))
        await rig.title_is(told)


@pytest.mark.parametrize("shortcut", [("w", "Control"), ("t", "Control"), ("F4", "Alt"), ("F11",), ("q", "Control")])
async def test_keys_never_reach_the_browsers_own_interface(rig: Rig, site: str, shortcut: tuple[str, ...]) -> None:
    await rig.load(f"{site}/form.html")
    await rig.done(FIELD, key(*shortcut), text("still here"))  # type: ignore[arg-type]
    await rig.title_is('field "still here"')


async def test_a_key_that_there_is_not_is_refused_and_the_next_goes_in(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/form.html")
    await rig.done(FIELD)
    refused, done = rig.ask(key("NoSuchKey")), rig.ask(text("next"))
    assert isinstance(await refused, Refused)
    assert (await refused).code == "bad_request"
    assert isinstance(await done, Done)
    await rig.title_is('field "next"')


# ---- order


@pytest.mark.parametrize("burners", [0, 3])
async def test_texts_go_into_the_fields_that_were_clicked_before(rig: Rig, burners: int) -> None:
    """Clicks and texts take two ways into the browser, and yet each text has to wait for its click."""
    await rig.show(
        "<style>textarea{position:fixed;left:0;width:300px;height:150px}#b{top:200px}</style><textarea id=a></textarea>"
        "<textarea id=b></textarea><script>oninput=()=>document.title=a.value+'|'+b.value</script>"
    )
    count = 40
    with burning(burners):
        steps = [
            step
            for number in range(count)
            for step in (click(100, 75), text(f"a{number} "), click(100, 275), text(f"b{number} "))
        ]
        first = len(rig.answers)
        await rig.done(*steps)
        tokens = [answer.token for answer in rig.answers[first:]]
        assert tokens == sorted(tokens)
        await rig.title_is("|".join("".join(f"{field}{number} " for number in range(count)) for field in "ab").strip())


async def test_keys_follow_clicks_too(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/form.html")
    for number in range(10):
        await rig.done(AREA, text("x"), FIELD, key("a", "Control"), text(f"{number}"))
    await rig.title_is('field "9"')


# ---- wheel


async def test_scrolls_are_exact_and_go_to_what_lies_under_the_pointer(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/scroll.html")
    await rig.done(scroll(0, 50, 600, 400))
    await rig.title_is("page 50 box 0")
    await rig.done(scroll(0, 120, 100, 100))
    await rig.title_is("page 50 box 120")
    await rig.done(scroll(0, -20))
    await rig.title_is("page 50 box 100")
    await rig.done(lambda token: Move(token, 600, 400), scroll(0, 1))
    await rig.title_is("page 51 box 100")


async def test_many_scrolls_at_once_add_up_and_are_each_answered(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/scroll.html")
    await rig.done(*[scroll(0, 7, 600, 400)] * 30, *[scroll(0, 3, 100, 100)] * 10)
    await rig.title_is("page 210 box 30")


# ---- popups, dialogs, tabs


SELECT = """<style>body{margin:0;background:#fff}select{position:fixed;left:40px;top:40px;width:200px;height:40px;font-size:20px}
option{background:#0c0;color:#0c0}</style><select onchange="document.title='chose '+value">
<option>zero<option>one<option>two<option>three</select>"""


def green(rig_picture: np.ndarray) -> np.ndarray:
    """Rows in which there is much of the options' colour."""
    found: np.ndarray = np.flatnonzero((rig_picture == (0, 0xCC, 0)).all(axis=2).sum(axis=1) > 50)
    return found


async def test_the_list_of_a_select_is_seen_and_can_be_chosen_from(rig: Rig) -> None:
    await rig.show(SELECT)
    await rig.rest(0.1)
    assert len(green(await rig.picture())) == 0
    await rig.done(click(140, 60))
    rows = np.array([])
    for _ in range(200):
        rows = green(await rig.picture())
        if len(rows) > 20:
            break
        await rig.rest(0.05)
    assert len(rows) > 20, "the list is not in the picture"
    await rig.rest(0.1)
    assert rows.min() >= 80, "it covers its own field"
    below, bottom = int(rows.min()), int(green(await rig.picture()).max())
    await rig.done(click(140, bottom - (bottom - below) // 10))
    await rig.title_is("chose three")
    await rig.rest(0.1)
    assert len(green(await rig.picture())) < 20, "the list is still open"


async def test_the_wheel_scrolls_a_list_that_is_open(rig: Rig) -> None:
    options = "".join(f"<option style=background:{'#0c0' if number < 3 else '#00c'}>{number}" for number in range(100))
    await rig.show(SELECT.partition("<option>")[0] + options)
    await rig.done(click(140, 60))
    while len(green(await rig.picture())) < 20:
        await rig.rest(0.05)
    await rig.done(scroll(0, 300, 140, 200))
    while len(green(await rig.picture())) >= 20:
        await rig.rest(0.05)
    blue = (await rig.picture() == (0xCC, 0, 0)).all(axis=2)
    assert blue[100:300].sum() > 100, "it was closed, not scrolled"
    await rig.done(key("Escape"))


async def test_a_new_tab_is_shown_and_when_it_closes_the_old_one_is(rig: Rig, address: Callable[..., str]) -> None:
    second = address("<title>second</title><style>body{background:#0f0}</style><script>onclick=()=>close()</script>")
    link = f'<a href="{second}" target=_blank rel=opener style="position:fixed;inset:0">go</a>'
    await rig.load(address("<title>first</title><style>body{background:#f00}</style>" + link))
    await rig.colour_is(600, 400, (255, 0, 0))
    await rig.done(click(300, 200))
    await rig.title_is("second")
    await rig.colour_is(600, 400, (0, 255, 0))
    await rig.done(click(300, 200))
    await rig.title_is("first")
    await rig.colour_is(600, 400, (255, 0, 0))


async def test_a_window_that_a_page_opens_fills_the_screen_and_takes_input(rig: Rig, address: Callable[..., str]) -> None:
    popup = address(
        "<title>popup</title><style>body{background:#0f0}</style><input id=i><script>"
        "onclick=e=>{document.title=e.clientX+','+e.clientY;i.focus()};oninput=()=>{if(i.value=='bye')close()}</script>"
    )
    opener = f"<title>opener</title><script>onclick=()=>open({json.dumps(popup)},'','popup,width=200,height=150')</script>"
    await rig.load(address(opener))
    await rig.done(click(300, 200))
    await rig.title_is("popup")
    await rig.colour_is(635, 475, (0, 255, 0))
    await rig.done(click(5, 470))
    await rig.rest()
    await rig.done(text("bye"))
    await rig.title_is("opener")


@pytest.mark.parametrize("kind", ["alert", "confirm", "prompt"])
async def test_a_dialog_does_not_stop_a_page_for_good(rig: Rig, kind: str) -> None:
    page = await rig.show(f"<title>before</title><script>{kind}('!');document.title='after'</script>")
    assert page.title == "after"
    await rig.show(f"<input id=i autofocus><script>setTimeout(()=>{{{kind}('!');document.title='later'}},100)</script>")
    await rig.title_is("later")
    await rig.show("<input id=i autofocus oninput='document.title=value'>")
    await rig.done(text("goes on"))
    await rig.title_is("goes on")


async def test_a_page_that_asks_whether_to_leave_it_is_left(rig: Rig, site: str) -> None:
    await rig.show("<input oninput='document.title=value'><script>onbeforeunload=e=>{e.preventDefault();return '?'}</script>")
    await rig.done(click(50, 20), text("edited"))
    await rig.title_is("edited")
    assert (await rig.load(f"{site}/page/next", SECONDS)).title == "next"
    await rig.done(Refresh)
