"""What a real Chromium and its viewers exchange besides pictures and input: clipboard, focus, files, and the screen's size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.device import device_of
from engine.exchange import Clipboard, FileAsked, Focus, GetClipboard, GiveFiles, Resize, Resized, SetClipboard
from engine.framering import FrameRing
from engine.messages import Done, Refused, Wants
from tests.process.capture_rig import Rig, click, key, text
from tests.process.echo_site import echo
from tests.process.screen_windows import windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTH, HEIGHT = 640, 480


@pytest.fixture(scope="module")
def address() -> Iterator[Callable[..., str]]:
    with echo() as make:
        yield make


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig() -> AsyncIterator[Rig]:
    rig = Rig(WIDTH, HEIGHT, device=device_of(WIDTH, HEIGHT, 800, 700))
    try:
        yield await rig.start()
    finally:
        await rig.stop()


async def said(rig: Rig, kind: type[Any]) -> Any:
    """The next message of this kind that nobody has asked for."""
    await rig.until(lambda: any(isinstance(message, kind) for message in rig.said))
    message = next(message for message in rig.said if isinstance(message, kind))
    rig.said.remove(message)
    return message


# ---- clipboard


@pytest.mark.parametrize("words", ["hello", "नमस्ते 👩‍🚀\nनया", "long " * 30_000])
async def test_a_text_goes_in_and_comes_out(rig: Rig, words: str) -> None:
    await rig.show("<textarea autofocus style='width:300px;height:200px' oninput='document.title=value.length'></textarea>")
    await rig.done(lambda token: SetClipboard(token, words), click(100, 100), key("v", "Control"))
    await rig.title_is(str(len(words.encode("utf-16-le")) // 2))
    assert await rig.ask(GetClipboard) == Clipboard(rig._token, words)
    await rig.done(lambda token: SetClipboard(token, "something else"))
    rig.said.clear()
    await rig.done(key("a", "Control"), key("c", "Control"))
    assert await said(rig, Clipboard) == Clipboard(0, words)
    assert (await rig.ask(GetClipboard)).text == words


async def test_what_is_too_long_to_tell_is_cut_and_says_so(rig: Rig) -> None:
    await rig.show("<textarea id=area></textarea><script>area.value='ä'.repeat(400000)</script>")
    rig.said.clear()
    await rig.done(click(30, 20), key("a", "Control"), key("c", "Control"))
    told = await said(rig, Clipboard)
    assert told.truncated
    assert told.text == "ä" * 100_000


# ---- focus

FIELD = "<style>*{margin:0}input,textarea{position:absolute;border:0;padding:0;width:200px;height:30px}</style>"


async def test_entering_and_leaving_a_field_is_told_with_its_place(rig: Rig) -> None:
    await rig.show(
        f"{FIELD}<input id=a type=email value=abc style='left:100px;top:50px'><input type=checkbox style='left:400px;top:50px'>"
    )
    rig.said.clear()
    await rig.done(click(150, 60))
    assert await said(rig, Focus) == Focus(True, "email", False, 3, 100, 50, 200, 30)
    await rig.done(click(410, 60))
    assert await said(rig, Focus) == Focus()
    await rig.done(click(150, 60))
    assert (await said(rig, Focus)).editable
    await rig.load("about:blank")
    assert await said(rig, Focus) == Focus(), "the field has gone with its page"


async def test_fields_in_shadow_trees_and_frames_are_found_where_they_are(rig: Rig, address: Callable[..., str]) -> None:
    inner = address(f"{FIELD}<textarea style='left:10px;top:20px'></textarea>", "localhost")  # another site: another process
    field = '<input style="border:0;padding:0;width:100px;height:40px">'
    place = "position:absolute;left:300px;top:200px;width:300px;height:200px;border:5px solid"
    host = "<div id=host style='position:absolute;left:50px;top:20px'></div>"
    script = f"<script>host.attachShadow({{mode:'open'}}).innerHTML='{field}'</script>"
    await rig.load(address(f"{FIELD}{host}<iframe src='{inner}' style='{place}'></iframe>{script}"))
    rig.said.clear()
    await rig.done(click(80, 40))
    assert await said(rig, Focus) == Focus(True, "text", False, 0, 50, 20, 100, 40)
    await rig.done(click(330, 240))
    focus = await said(rig, Focus)
    while not focus.multiline:
        focus = await said(rig, Focus)
    assert focus == Focus(True, "textarea", True, 0, 315, 225, 200, 30)


# ---- files


async def test_a_page_that_asks_for_files_gets_what_is_given_and_no_chooser_opens(rig: Rig) -> None:
    await rig.show("<input type=file multiple accept='image/*,.txt' onchange='document.title=[...files].map(f=>f.name+f.size)'>")
    shown = windows(rig)
    await rig.done(click(40, 20))
    asked = await said(rig, FileAsked)
    assert (asked.multiple, asked.accept) == (True, "image/*,.txt")
    assert windows(rig) == shown
    paths = [rig.folder / name for name in ("one.txt", "two ü.txt")]
    for path in paths:
        path.write_text("12345")
        path.chmod(0o644)
    answer = await rig.ask(lambda token: GiveFiles(token, asked.request, tuple(map(str, paths))))
    assert isinstance(answer, Done), answer
    await rig.title_is("one.txt5,two ü.txt5")
    again = await rig.ask(lambda token: GiveFiles(token, asked.request, (str(Path("/etc/passwd")),)))
    assert isinstance(again, Refused)
    assert again.code == "not_found"


@pytest.mark.parametrize("asking", ["showOpenFilePicker", "showSaveFilePicker", "showDirectoryPicker"])
async def test_a_script_that_asks_for_a_file_gets_none_and_viewers_are_told(
    rig: Rig, address: Callable[..., str], asking: str
) -> None:
    asks = f"{asking}().then(() => 'a file', error => error.name).then(said => document.title = said)"
    await rig.load(address(f"<body style='height:100vh' onclick=\"{asks}\">"))
    shown, before = windows(rig), len(rig.notes)
    await rig.done(click(300, 200))
    await rig.until(lambda: len(rig.notes) > before)
    assert rig.notes[before].code == "no_file"
    await rig.title_is("AbortError")
    assert windows(rig) == shown


# ---- size


async def test_the_screen_gets_another_size_and_points_stay_right(rig: Rig, address: Callable[..., str]) -> None:
    await rig.load(
        address(
            "<style>body{margin:0;background:#0a6}</style><script>onresize=onload=()=>document.title=innerWidth+'x'+innerHeight;"
            "onclick=e=>document.title=e.clientX+','+e.clientY</script>"
        )
    )
    rig.send(Wants(30))
    seq = await rig.done(text("x"))
    for generation, (width, height) in enumerate([(480, 640), (800, 700), (160, 120), (WIDTH, HEIGHT)], 2):
        ring = FrameRing.create(width, height, generation)
        answer = await rig.ask(lambda token: Resize(token, ring.name, width, height))  # noqa: B023
        assert isinstance(answer, Resized), answer
        rig.ring.close()
        rig.ring, rig.width, rig.height = ring, width, height
        await rig.title_is(f"{width}x{height}")
        await rig.colour_is(width - 1, height - 1, (0, 0xAA, 0x66))
        head = rig.head(rig.leased[-1].slot)
        assert (head.width, head.height) == (width, height)
        assert head.seq > seq
        seq = head.seq
        await rig.done(click(width - 1, height - 1))
        await rig.title_is(f"{width - 1},{height - 1}")
