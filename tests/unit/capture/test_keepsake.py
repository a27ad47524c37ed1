"""What is kept of one browser is what the next one gets, whatever lies in the folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from capture import keepsake as keepsakes
from capture.bidi import CommandFailed
from capture.keepsake import Keepsake, as_parameter

COOKIE = {
    "name": "id",
    "value": "7",
    "domain": "a.example",
    "path": "/x",
    "expires": 2e9,
    "size": 3,
    "httpOnly": True,
    "secure": True,
    "session": False,
    "sameSite": "Lax",
    "priority": "Medium",
    "sourcePort": 443,
}


class FakePage:
    def __init__(self, url: str = "https://a.example/x?y") -> None:
        self.url = url
        self.said: dict[str, Any] = {}
        self.busy = False

    async def present(self) -> tuple[str, str]:
        return "Title", self.url

    async def cdp(self, method: str, /, **params: Any) -> dict[str, Any]:
        if self.busy:
            raise CommandFailed("unknown error", "busy")
        self.said[method] = params
        return {"cookies": [COOKIE], "entries": [["name", "</script>\u2028"]], "identifier": "5"}


def keepsake(page: FakePage, folder: Path) -> Keepsake:
    return Keepsake(page, folder, lambda: False)  # type: ignore[arg-type]


async def test_what_one_browser_had_the_next_one_has(tmp_path: Path) -> None:
    before = FakePage()
    await keepsake(before, tmp_path).keep()
    assert before.said["DOMStorage.getDOMStorageItems"]["storageId"]["securityOrigin"] == "https://a.example"
    page = FakePage()
    after = keepsake(page, tmp_path)
    await after.put_back()
    assert page.said["Storage.setCookies"]["cookies"] == [as_parameter(COOKIE)]
    assert '{"https://a.example":[["name","</script>' in page.said["Page.addScriptToEvaluateOnNewDocument"]["source"]
    await after.loaded()
    assert page.said.pop("Page.removeScriptToEvaluateOnNewDocument") == {"identifier": "5"}
    await after.loaded()
    assert "Page.removeScriptToEvaluateOnNewDocument" not in page.said


async def test_a_busy_browser_does_not_undo_what_was_kept(tmp_path: Path) -> None:
    page = FakePage()
    kept = keepsake(page, tmp_path)
    await kept.keep()
    text = (tmp_path / "kept.json").read_bytes()
    page.busy = True
    await kept.keep()
    assert (tmp_path / "kept.json").read_bytes() == text
    assert os.listdir(tmp_path) == ["kept.json"]


async def test_what_nothing_changes_in_is_asked_ever_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepsakes, "KEEP_SECONDS", 0.001)
    monkeypatch.setattr(keepsakes, "MOST_KEEP_SECONDS", 0.004)
    kept, pauses = keepsake(FakePage(), tmp_path), []

    async def keep() -> bool:
        pauses.append(kept._pause)
        if len(pauses) == 6:
            kept.used()
        return len(pauses) == 1

    monkeypatch.setattr(kept, "keep", keep)
    await until(kept, lambda: len(pauses) > 7)
    assert pauses[:8] == [0.001, 0.001, 0.002, 0.004, 0.004, 0.004, 0.001, 0.002]


@pytest.mark.parametrize("happens", ["used", "loaded"])
async def test_a_page_that_is_used_or_loaded_is_asked_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: str) -> None:
    monkeypatch.setattr(keepsakes, "KEEP_SECONDS", 0.001)
    monkeypatch.setattr(keepsakes, "SETTLE_SECONDS", 0.001)
    page = FakePage()
    kept = keepsake(page, tmp_path)
    kept._pause = 3600.0
    running = asyncio.create_task(kept.run())
    await asyncio.sleep(0)  # it waits
    if happens == "used":
        kept.used()
    else:
        await kept.loaded()
    async with asyncio.timeout(10):
        while not page.said:  # noqa: ASYNC110  # the fake page tells nobody
            await asyncio.sleep(0)
    running.cancel()


async def until(kept: Keepsake, done: Callable[[], bool]) -> None:
    running = asyncio.create_task(kept.run())
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110  # nor does the fake
            await asyncio.sleep(0)
    running.cancel()


async def test_no_link_that_a_browser_made_is_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("ours")
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "kept.json").symlink_to(victim)
    page = FakePage()
    kept = keepsake(page, folder)
    await kept.put_back()
    assert page.said == {}
    await kept.keep()
    assert victim.read_text() == "ours"
    assert not (folder / "kept.json").is_symlink()


@pytest.mark.parametrize("text", [b"", b"[]", b'{"cookies": [{}]}'])
async def test_what_makes_no_sense_is_left_out(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "kept.json").write_bytes(text)
    page = FakePage()
    await keepsake(page, tmp_path).put_back()
    assert "Page.addScriptToEvaluateOnNewDocument" not in page.said


def test_a_cookie_is_given_back_to_whom_it_belongs() -> None:
    assert as_parameter(COOKIE) == {
        "name": "id",
        "value": "7",
        "path": "/x",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "priority": "Medium",
        "url": "https://a.example/x",
        "expires": 2e9,
    }
    wide = as_parameter({**COOKIE, "domain": ".a.example", "session": True, "expires": -1})
    assert wide["domain"] == ".a.example"
    assert wide.keys().isdisjoint({"url", "expires"})
