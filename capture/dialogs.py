"""What pages ask whoever sits before them: alert, confirm, prompt, whether to leave, and name and password for a site.

    opened --respond--> answered, closed
           --nobody for `seconds`, nobody watches, or its tab is left--> dismissed, closed

The browser shows none of them (that is what ChromeDriver makes of its sessions): they are told to viewers, and answered by them.
While one of the first four is open its page runs no script and takes no input; so `capture.page` asks it nothing meanwhile.

A name and a password are asked for through BiDi's interception of `authRequired`. For that ChromeDriver stops every request on
its way; we narrow it down to documents, tab by tab and frame process by frame process, since each stop costs some milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from capture.bidi import CommandFailed
from capture.page import NAVIGATED, ShownPage
from engine.errors import JiomosaError, NotFound
from engine.pagemessages import Dialog, DialogClosed, DialogKind, Respond

OPENED, CLOSED = "browsingContext.userPromptOpened", "browsingContext.userPromptClosed"
AUTH = "network.authRequired"
EVENTS = [OPENED, CLOSED, AUTH]
KINDS: dict[str, DialogKind] = {"alert": "alert", "confirm": "confirm", "prompt": "prompt", "beforeunload": "beforeunload"}
MOST_INSISTED = 50  # dialogs of a page that is being left
MOST_TEXT = 2000  # characters of a message; pages can make them as long as they like
DOCUMENTS = {"handleAuthRequests": True, "patterns": [{"urlPattern": "*", "resourceType": "Document", "requestStage": "Request"}]}


@dataclass(eq=False)
class Open:
    """One dialog that is open. `request`: of a login, what waits for it."""

    id: int
    kind: DialogKind
    tab: str
    context: str
    request: str = ""
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class Dialogs:
    """Of `page`, told to `send`; dismissed after `seconds`. `later` does what nobody waits for."""

    def __init__(
        self,
        page: ShownPage,
        send: Callable[[Dialog | DialogClosed], None],
        seconds: float,
        later: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self._page = page
        self._send = send
        self._seconds = seconds
        self._later = later
        self._open: dict[int, Open] = {}
        self._number = 0
        self._watched = False
        self._narrowed: set[str] = set()  # DevTools sessions
        page.listeners.append(self.on_event)
        page.leave = self.leave

    async def open(self) -> None:
        """Begin, with a browser that is there."""
        await self._page.call("session.subscribe", events=EVENTS)
        await self._page.call("network.addIntercept", phases=["authRequired"])
        for tab in list(self._page.tabs.all.values()):
            await self._page.cdp_of(tab, "Fetch.enable", **DOCUMENTS)
            self._narrowed.add(tab.session or "")

    def wants(self, fps: float) -> None:
        """The demand is now `fps` frames a second: without any, nobody is there who could answer."""
        self._watched = fps > 0
        if not self._watched:
            for dialog in list(self._open.values()):
                self._later(self._dismiss(dialog))

    # ---- what the browser tells

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == OPENED:
            kind = KINDS.get(params["type"])
            if kind is not None:
                self._opened(kind, params["context"], params.get("message", ""), params.get("defaultValue"))
        elif method == CLOSED:
            for dialog in [open for open in self._open.values() if open.context == params["context"] and not open.request]:
                self._closed(dialog)
        elif method == AUTH and params.get("isBlocked"):
            challenges = params.get("response", {}).get("authChallenges") or [{}]
            request = params["request"]
            context = params.get("context") or ""
            self._opened("login", context, challenges[0].get("realm", ""), None, request["request"], request["url"])
        elif method == "browsingContext.contextDestroyed":
            for dialog in [open for open in self._open.values() if open.context == params["context"]]:
                self._closed(dialog)
        elif method == NAVIGATED and (session := params.get("session")) is not None and session not in self._narrowed:
            self._narrowed.add(session)
            self._later(self._page.call_session(session, "Fetch.enable", **DOCUMENTS))

    def _opened(
        self, kind: DialogKind, context: str, message: str, default: str | None, request: str = "", url: str | None = None
    ) -> None:
        shown = self._page.tabs.shown
        tab = self._page.tabs.all.get(context) or shown  # else it is a frame's
        self._number += 1
        dialog = Open(self._number, kind, tab.id if tab else "", context, request)
        self._open[dialog.id] = dialog
        if not request and tab is not None:
            tab.blocked = True
            self._page.answers.halt(tab)
        if tab is not None and tab.leaving and not request:
            tab.insisted += 1
            if tab.insisted == MOST_INSISTED:  # no script of it can be broken off between two dialogs
                self._page.note("page_left", "The page asks without end; its browser is ended.")
                self._page.crashed()
        if not self._watched or (tab is not None and tab.leaving and not request):
            self._later(self._dismiss(dialog))
            return
        dialog.timer = asyncio.get_running_loop().call_later(self._seconds, lambda: self._later(self._dismiss(dialog)))
        where = url if url is not None else tab.url if tab else ""
        self._send(Dialog(dialog.id, kind, message[:MOST_TEXT], default, where[:MOST_TEXT]))

    def _closed(self, dialog: Open) -> None:
        if self._open.pop(dialog.id, None) is None:
            return
        if dialog.timer is not None:
            dialog.timer.cancel()
        tab = self._page.tabs.all.get(dialog.tab)
        if tab is not None and not dialog.request:
            tab.blocked = False
        self._send(DialogClosed(dialog.id))

    # ---- answers

    async def respond(self, answer: Respond) -> None:
        """Give a viewer's answer. Raises `NotFound` where the dialog is not open."""
        dialog = self._open.get(answer.id)
        if dialog is None:
            raise NotFound(f"There is no dialog {answer.id}: it has been answered, or was not for long enough.", code="no_dialog")
        if dialog.request:
            await self._log_in(dialog, answer if answer.accept else None)
        else:
            await self._handle(dialog, accept=answer.accept, text=answer.text)

    async def _log_in(self, dialog: Open, answer: Respond | None) -> None:
        if answer is None:
            told: dict[str, Any] = {"action": "cancel"}
        else:
            secret = {"type": "password", "username": answer.username or "", "password": answer.password or ""}
            told = {"action": "provideCredentials", "credentials": secret}
        try:
            await self._page.call("network.continueWithAuth", request=dialog.request, **told)
        finally:
            self._closed(dialog)

    async def _handle(self, dialog: Open, *, accept: bool, text: str | None = None) -> None:
        more = {"userText": text} if dialog.kind == "prompt" and accept and text is not None else {}
        try:
            await self._page.call("browsingContext.handleUserPrompt", context=dialog.context, accept=accept, **more)
        finally:
            self._closed(dialog)

    async def _dismiss(self, dialog: Open) -> None:
        if dialog.id not in self._open:
            return
        if dialog.request:
            await self._log_in(dialog, None)
        else:
            tab = self._page.tabs.all.get(dialog.tab)
            # Whoever leaves has answered a page that asks whether to; so has whoever goes without anybody watching.
            leaves = dialog.kind == "beforeunload" and (not self._watched or (tab is not None and tab.leaving))
            await self._handle(dialog, accept=leaves)

    async def leave(self, tab: str) -> None:
        """This tab's page is being left: close what it asks."""
        for dialog in [open for open in self._open.values() if open.tab == tab]:
            try:
                await self._dismiss(dialog)
            except (CommandFailed, JiomosaError):
                continue  # it closes by itself
