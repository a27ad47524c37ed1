"""What a session's browser shows beside its picture: page, tabs, dialogs. Kept as the browser last told.

Each is told to viewers when it changes, and whole to whoever begins to watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from api.exchange import Exchange
from api.watcher import Watcher
from engine.pagemessages import Dialog, DialogClosed, Note, Page, TabEntry, TabList

Payload = dict[str, Any]


class Showing:
    """Of one session; `viewers()` are those who watch it; `exchange` has what is not the browser's alone."""

    def __init__(self, viewers: Callable[[], Iterable[Watcher]], exchange: Exchange) -> None:
        self._viewers = viewers
        self._exchange = exchange
        self.page = Page(0, "", "about:blank")
        self.tabs: tuple[TabEntry, ...] = ()
        self.dialogs: dict[int, Dialog] = {}
        self._told: Payload | None = None

    def said(self, message: Any) -> None:
        """The browser has said so."""
        match message:
            case Page():
                self.page = message
                event = page_event(message)
                if event != self._told:  # an answer tells what may have been told already
                    self._told = event
                    self._tell_all("page", event)
            case TabList(tabs):
                self.tabs = tabs
                self._tell_all("tab:list", tabs_event(tabs))
            case Dialog(id):
                self.dialogs[id] = message
                self._tell_all("dialog", dialog_event(message))
            case DialogClosed(id):
                self._closed(id)
            case Note(code, text):
                self._tell_all("status", {"message": text, "code": code})
            case _:
                self._exchange.said(message)

    def lost(self) -> None:
        """The browser is gone; another one will tell what it shows."""
        self._told = None
        self._exchange.down()
        for id in list(self.dialogs):
            self._closed(id)

    def _closed(self, id: int) -> None:
        if self.dialogs.pop(id, None) is not None:
            self._tell_all("dialog:closed", {"id": id})

    def tell_page(self, viewer: Watcher) -> None:
        viewer.tell("page", page_event(self.page))

    def tell_tabs(self, viewer: Watcher) -> None:
        viewer.tell("tab:list", tabs_event(self.tabs))

    def tell(self, viewer: Watcher) -> None:
        """Tell `viewer` all there is."""
        self._exchange.greet(viewer)
        if self._told is not None:
            viewer.tell("page", self._told)
        if self.tabs:
            viewer.tell("tab:list", tabs_event(self.tabs))
        for dialog in self.dialogs.values():
            viewer.tell("dialog", dialog_event(dialog))

    def _tell_all(self, event: str, payload: Payload) -> None:
        for viewer in self._viewers():
            viewer.tell(event, payload)


def page_event(page: Page) -> Payload:
    return {
        "title": page.title,
        "url": page.url,
        "loading": page.loading,
        "can_go_back": page.can_go_back,
        "can_go_forward": page.can_go_forward,
    }


def dialog_event(dialog: Dialog) -> Payload:
    default = {} if dialog.default is None else {"default": dialog.default}
    return {"id": dialog.id, "kind": dialog.kind, "message": dialog.message, **default, "url": dialog.url}


def tabs_event(tabs: tuple[TabEntry, ...]) -> Payload:
    return {"tabs": [{"tab": tab.tab, "title": tab.title, "url": tab.url, "active": tab.active} for tab in tabs]}
