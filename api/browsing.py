"""What viewers do with the browser: addresses, history, tabs. For those who may control the session.

What comes of it is told to all viewers by `page` and `tab:list`; only what cannot be done comes back to who asked, as `error`.
"""

from __future__ import annotations

from typing import Any

from api.handlers import Handler
from api.payloads import Navigate, NewTab, OneTab
from api.request import page_url
from api.session import Session
from api.viewer import Viewer
from engine.pagemessages import CloseTab, OpenTab, ShowTab, Way


async def navigate(session: Session, viewer: Viewer, wanted: Navigate) -> None:
    await session.load(page_url(wanted.url))


async def new_tab(session: Session, viewer: Viewer | None, wanted: NewTab) -> None:
    url = None if wanted.url is None else page_url(wanted.url)
    await session.browse(OpenTab)
    if url is not None:
        await session.load(url)


async def show_tab(session: Session, viewer: Viewer | None, wanted: OneTab) -> None:
    await session.browse(lambda token: ShowTab(token, wanted.tab))


async def close_tab(session: Session, viewer: Viewer | None, wanted: OneTab) -> None:
    await session.browse(lambda token: CloseTab(token, wanted.tab))


def _going(way: Way) -> Handler[Session]:
    async def go(session: Session, viewer: Viewer, payload: Any) -> None:
        await session.go(way)

    return Handler(None, go)


HANDLERS: dict[str, Handler[Session]] = {
    "navigate": Handler(Navigate, navigate),
    "back": _going("back"),
    "forward": _going("forward"),
    "reload": _going("reload"),
    "stop": _going("stop"),
    "tab:new": Handler(NewTab, new_tab),
    "tab:activate": Handler(OneTab, show_tab),
    "tab:close": Handler(OneTab, close_tab),
}
