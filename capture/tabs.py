"""Which tabs there are, and which of them is shown. Pure: fed with what the browser tells and what viewers ask for.

    created --> shown --another is shown--> behind --shown again--> shown ... --> destroyed

A tab that is made becomes the shown one. When the shown one goes, the tab that opened it is shown, else the one that was shown
last before. Tabs are named by the id of their top-level browsing context.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tab:
    """One tab, as the browser has last told.

    opener   the tab whose page opened it; None: nobody's, or one that is gone
    window   the browser window that it lies in
    """

    id: str
    opener: str | None = None
    window: str = ""
    title: str = ""
    url: str = "about:blank"
    loading: bool = False
    can_go_back: bool = False
    can_go_forward: bool = False
    by_page: bool = False  # a page made it: its script may close it
    insisted: int = 0  # dialogs of its page that were closed while it was being left
    blocked: bool = False  # a dialog of its page is open: it runs no script and takes no input
    leaving: bool = False  # whatever its page asks is answered for whoever leaves it
    session: str | None = None  # of the DevTools protocol


class Tabs:
    """All tabs, in the order in which they were made."""

    def __init__(self) -> None:
        self.all: dict[str, Tab] = {}
        self._recent: list[str] = []  # the shown one last

    def __contains__(self, id: object) -> bool:
        return id in self.all

    def __len__(self) -> int:
        return len(self.all)

    @property
    def shown(self) -> Tab | None:
        return self.all[self._recent[-1]] if self._recent else None

    def add(self, id: str, opener: str | None = None, window: str = "") -> bool:
        """A tab has been made; False where it is known already."""
        if id in self.all:
            return False
        self.all[id] = Tab(id, opener if opener in self.all else None, window, by_page=opener is not None)
        self._recent.append(id)
        return True

    def show(self, id: str) -> bool:
        """Show this one; False where it is shown already, or there is none such."""
        if id not in self.all or self._recent[-1] == id:
            return False
        self._recent.remove(id)
        self._recent.append(id)
        return True

    def remove(self, id: str) -> Tab | None:
        """A tab has gone; returns what is to be shown now, if that is another one."""
        gone = self.all.pop(id, None)
        if gone is None:
            return None
        was_shown = self._recent[-1] == id
        self._recent.remove(id)
        for tab in self.all.values():
            if tab.opener == id:
                tab.opener = None
        if not was_shown or not self._recent:
            return None
        if gone.opener is not None:
            self.show(gone.opener)
        return self.shown
