"""What is held down in a real Chromium until it is let go, and what keys and buttons do not do to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from engine.inputs import Click, Down, Drag, Key, KeyAction, Modifier, Move, Up
from engine.messages import ToCapture
from tests.process.capture_rig import Rig, click, key
from tests.process.screen_windows import windows

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    try:
        yield await rig.start()
    finally:
        await rig.stop()


def half(name: str, action: KeyAction) -> Callable[[int], ToCapture]:
    return lambda token: Key(token, name, action=action)


async def test_keys_and_buttons_stay_down_until_they_go_up(rig: Rig) -> None:
    await rig.show(
        "<script>log=[];for(const kind of ['keydown','keyup','mousedown','mouseup'])addEventListener(kind,e=>{log.push("
        "kind+(e.key||e.button)+(e.repeat?'r':'')+(e.shiftKey?'S':''));document.title=log.join(' ')})</script>"
    )
    await rig.done(half("w", "down"), half("w", "down"), half("w", "up"))
    await rig.title_is("keydownw keydownwr keyupw")
    await rig.done(half("Shift", "down"), click(50, 50), key("A"), half("Shift", "up"), key("b"))
    tail = "keydownShiftS mousedown0S mouseup0S keydownAS keyupAS keyupShift keydownb keyupb"
    await rig.title_is(f"keydownw keydownwr keyupw {tail}")


async def test_a_drag_takes_along_what_a_page_lets_drag(rig: Rig) -> None:
    await rig.show(
        "<style>*{margin:0}</style><i draggable=true style='display:block;width:100px;height:100px;background:red'></i>"
        "<b style='position:fixed;left:300px;top:300px;width:100px;height:100px;background:blue'></b>"
        "<script>b=document.querySelector('b');b.ondragover=e=>e.preventDefault();b.ondrop=e=>document.title='dropped'</script>"
    )
    await rig.done(lambda token: Drag(token, 50, 50, 350, 350))
    await rig.title_is("dropped")
    await rig.show("<style>*{margin:0}</style><input type=range style='width:400px' oninput='document.title=value' value=0>")
    await rig.done(lambda token: Drag(token, 8, 10, 200, 10))
    await rig.title_is("50")
    await rig.show("<p style='font:20px monospace' onmouseup='document.title=getSelection()'>select these words")
    await rig.done(lambda token: Down(token, 9, 30), lambda token: Move(token, 60, 30), lambda token: Move(token, 630, 30))
    await rig.done(lambda token: Up(token, 630, 30))
    await rig.title_is("select these words")


# What Chromium would do itself about keys that come from a keyboard.
TAKEN: list[tuple[str, tuple[Modifier, ...]]] = [
    *((letter, ("Control",)) for letter in "tnwosprujlhdgfke1290"),
    *((letter, ("Control", "Shift")) for letter in "tnwijocbmpa"),
    *((name, ("Control",)) for name in ("Tab", "F4", "F5", "PageDown", "PageUp", "+", "-")),
    *((name, ("Alt",)) for name in ("F4", "ArrowLeft", "ArrowRight", "Home", "d", "e", "f", " ")),
    *((name, ()) for name in ("F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "ContextMenu", "Escape")),
    ("F10", ("Shift",)),
    ("Escape", ("Shift",)),
    ("Delete", ("Control", "Shift")),
    ("Meta", ()),
]


async def test_keys_reach_the_page_and_never_the_browser_around_it(rig: Rig) -> None:
    """Each is an event in the page; no window, menu, tab, print, download, zoom, reload or chooser comes of any."""
    await rig.show(
        "<body style='background:#123456'><script>n=0;onkeydown=e=>document.title=++n;onbeforeprint=e=>n=-1e9</script>"
    )
    await rig.title_is("")
    before, shown = await rig.picture(), windows(rig)
    await rig.done(*(key(name, *modifiers) for name, modifiers in TAKEN))
    await rig.title_is(str(len(TAKEN)))
    assert windows(rig) == shown
    await rig.colour_is(320, 240, (0x12, 0x34, 0x56))
    assert (await rig.picture() == before).all()


async def test_no_menu_but_the_pages_comes_of_the_right_button(rig: Rig) -> None:
    await rig.show("<body style='background:#123456'><a href=x>link</a><script>oncontextmenu=e=>document.title='asked'</script>")
    shown = windows(rig)
    await rig.done(lambda token: Click(token, 20, 16, "right"))
    await rig.title_is("asked")
    assert windows(rig) == shown
