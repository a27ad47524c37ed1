"""The REST twins of what viewers do with the browser (`api.browsing`), for scripts: each answers when it has been done."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response, tag

from api.browsing import close_tab, new_tab, respond, show_tab
from api.browsing_models import Browsed, BrowsedPage, DialogAnswer, DialogModel, DialogsModel, NewTabRequest, TabModel, TabsModel
from api.front import Front
from api.models import ErrorModel
from api.payloads import DialogRespond, NewTab, OneTab
from api.request import answer, body, convert
from api.session import Session
from engine.identity import CONTROL, WATCH
from engine.pagemessages import Way

WAYS: tuple[tuple[Way, str], ...] = (
    ("back", "Go back in the history of the shown tab; at its beginning a popup is closed."),
    ("forward", "Go forward in the history of the shown tab."),
    ("reload", "Load the shown page anew."),
    ("stop", "Stop loading, and break off a script that does not end."),
)


def routes(front: Front) -> Blueprint:
    """The endpoints, acting on `front`."""
    rest = Blueprint("rest_browsing", __name__)

    def going(way: Way, sentence: str) -> None:
        async def session_go(id: str) -> Response:
            session = await front.login.session(id, CONTROL)
            await session.go(way)
            return answer(browsed(session))

        session_go.__doc__ = sentence
        for decorate in (
            document_response(ErrorModel, 502),
            document_response(ErrorModel, 409),
            document_response(ErrorModel, 404),
            document_response(Browsed),
            tag(["browsing"]),
        ):
            session_go = decorate(session_go)
        rest.post(f"/api/session/<id>/{way}", endpoint=f"session_{way}")(session_go)

    for way, sentence in WAYS:
        going(way, sentence)

    @rest.get("/api/session/<id>/tabs")
    @tag(["browsing"])
    @document_response(TabsModel)
    @document_response(ErrorModel, 404)
    async def session_tabs(id: str) -> Response:
        """The session's tabs."""
        return answer(tabs_model(await front.login.session(id, WATCH)))

    @rest.post("/api/session/<id>/tabs")
    @tag(["browsing"])
    @document_request(NewTabRequest)
    @document_response(TabsModel, 201)
    @document_response(ErrorModel, 400)
    @document_response(ErrorModel, 404)
    @document_response(ErrorModel, 502)
    @document_response(ErrorModel, 503)
    async def session_tab_new(id: str) -> Response:
        """Open a tab and show it; with a `url`, returns when that has loaded."""
        session = await front.login.session(id, CONTROL)
        await new_tab(session, None, NewTab((await body(NewTabRequest)).url))
        return answer(tabs_model(session), 201)

    @rest.post("/api/session/<id>/tabs/<tab>/activate")
    @tag(["browsing"])
    @document_response(TabsModel)
    @document_response(ErrorModel, 404)
    async def session_tab_activate(id: str, tab: str) -> Response:
        """Show a tab."""
        session = await front.login.session(id, CONTROL)
        await show_tab(session, None, convert({"tab": tab}, OneTab, "The address"))
        return answer(tabs_model(session))

    @rest.delete("/api/session/<id>/tabs/<tab>")
    @tag(["browsing"])
    @document_response(TabsModel)
    @document_response(ErrorModel, 404)
    async def session_tab_close(id: str, tab: str) -> Response:
        """Close a tab; where it is the last, an empty one takes its place."""
        session = await front.login.session(id, CONTROL)
        await close_tab(session, None, convert({"tab": tab}, OneTab, "The address"))
        return answer(tabs_model(session))

    @rest.get("/api/session/<id>/dialogs")
    @tag(["browsing"])
    @document_response(DialogsModel)
    @document_response(ErrorModel, 404)
    async def session_dialogs(id: str) -> Response:
        """The dialogs that the session's pages have open."""
        session = await front.login.session(id, WATCH)
        open_now = session.showing.dialogs.values()
        return answer(DialogsModel(id, [DialogModel(one.id, one.kind, one.message, one.url, one.default) for one in open_now]))

    @rest.post("/api/session/<id>/dialog")
    @tag(["browsing"])
    @document_request(DialogAnswer)
    @document_response(Browsed)
    @document_response(ErrorModel, 400)
    @document_response(ErrorModel, 404)
    async def session_dialog(id: str) -> Response:
        """Answer a dialog."""
        session = await front.login.session(id, CONTROL)
        await respond(session, None, convert(msgspec.to_builtins(await body(DialogAnswer)), DialogRespond, "The request body"))
        return answer(browsed(session))

    return rest


def browsed(session: Session) -> Browsed:
    page = session.showing.page
    return Browsed(True, BrowsedPage(page.title, page.url, page.loading, page.can_go_back, page.can_go_forward))


def tabs_model(session: Session) -> TabsModel:
    return TabsModel(session.id, [TabModel(tab.tab, tab.title, tab.url, tab.active) for tab in session.showing.tabs])
