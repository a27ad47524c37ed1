"""What viewers do with the browser: addresses, history, tabs. For those who may control the session.

What comes of it is told to all viewers by `page`, `tab:list` and `dialog:closed`. Whoever asked is told `page` or `tab:list` once
more when it has been done, or `error`.
"""

from __future__ import annotations

from typing import Any

from api.handlers import Handler
from api.payloads import DialogRespond, Navigate, NewTab, OneTab
from api.request import page_url
from api.session import Session
from api.viewer import Viewer
from engine.pagemessages import CloseTab, OpenTab, Respond, ShowTab, Way


async def navigate(session: Session, viewer: Viewer, wanted: Navigate) -> None:
    await session.load(page_url(wanted.url))
    session.showing.tell_page(viewer)


async def new_tab(session: Session, viewer: Viewer | None, wanted: NewTab) -> None:
    url = None if wanted.url is None else page_url(wanted.url)
    await session.browse(OpenTab)
    if url is not None:
        await session.load(url)
    _listed(session, viewer)


async def show_tab(session: Session, viewer: Viewer | None, wanted: OneTab) -> None:
    await session.browse(lambda token: ShowTab(token, wanted.tab))
    _listed(session, viewer)


async def close_tab(session: Session, viewer: Viewer | None, wanted: OneTab) -> None:
    await session.browse(lambda token: CloseTab(token, wanted.tab))
    _listed(session, viewer)


async def respond(session: Session, viewer: Viewer | None, wanted: DialogRespond) -> None:
    said = (wanted.id, wanted.accept, wanted.text, wanted.username, wanted.password)
    await session.browse(lambda token: Respond(token, *said))
    if viewer is not None:
        session.showing.tell_page(viewer)


def _listed(session: Session, viewer: Viewer | None) -> None:
    if viewer is not None:
        session.showing.tell_tabs(viewer)


def _going(way: Way) -> Handler[Session]:
    async def go(session: Session, viewer: Viewer, payload: Any) -> None:
        await session.go(way)
        session.showing.tell_page(viewer)

    return Handler(None, go, ("page",))


HANDLERS: dict[str, Handler[Session]] = {
    "navigate": Handler(Navigate, navigate, ("page",)),
    "back": _going("back"),
    "forward": _going("forward"),
    "reload": _going("reload"),
    "stop": _going("stop"),
    "tab:new": Handler(NewTab, new_tab, ("tab:list",)),
    "tab:activate": Handler(OneTab, show_tab, ("tab:list",)),
    "tab:close": Handler(OneTab, close_tab, ("tab:list",)),
    "dialog:respond": Handler(DialogRespond, respond, ("page",)),
}
