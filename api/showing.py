"""What a session's browser shows beside its picture: page, tabs. Kept as the browser last told, and told to viewers.

Each is told when it changes, and whole to whoever begins to watch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.watcher import Watcher
from engine.pagemessages import Note, Page, TabEntry, TabList

Payload = dict[str, Any]


class Showing:
    """Of one session; `tell_all(event, payload)` reaches its viewers."""

    def __init__(self, tell_all: Callable[[str, Payload], None]) -> None:
        self._tell_all = tell_all
        self.page = Page(0, "", "about:blank")
        self.tabs: tuple[TabEntry, ...] = ()
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
            case Note(code, text):
                self._tell_all("status", {"message": text, "code": code})

    def lost(self) -> None:
        """The browser is gone; another one will tell what it shows."""
        self._told = None

    def tell(self, viewer: Watcher) -> None:
        """Tell `viewer` all there is."""
        if self._told is not None:
            viewer.tell("page", self._told)
        if self.tabs:
            viewer.tell("tab:list", tabs_event(self.tabs))


def page_event(page: Page) -> Payload:
    return {
        "title": page.title,
        "url": page.url,
        "loading": page.loading,
        "can_go_back": page.can_go_back,
        "can_go_forward": page.can_go_forward,
    }


def tabs_event(tabs: tuple[TabEntry, ...]) -> Payload:
    return {"tabs": [{"tab": tab.tab, "title": tab.title, "url": tab.url, "active": tab.active} for tab in tabs]}
