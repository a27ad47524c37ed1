"""What viewers do with the browser, carried out on a page that is awake and a screen that is quick, each answered once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from capture.attention import Freezer
from capture.dialogs import Dialogs
from capture.keepsake import Keepsake
from capture.navigation import go
from capture.news import News, page_of
from capture.page import ShownPage
from capture.refresh import ScreenRate
from capture.tabkeeper import TabKeeper
from engine.errors import JiomosaError
from engine.messages import Browse, Message, Refused
from engine.pagemessages import CloseTab, GetPage, Go, Navigate, OpenTab, Page, Respond, ShowTab


class Browsing:
    """Answers go to `send`."""

    def __init__(
        self,
        page: ShownPage,
        tabs: TabKeeper,
        dialogs: Dialogs,
        news: News,
        freezer: Freezer,
        rate: ScreenRate,
        keepsake: Keepsake,
        send: Callable[[Message], None],
    ) -> None:
        self._page = page
        self._tabs = tabs
        self._dialogs = dialogs
        self._news = news
        self._freezer = freezer
        self._rate = rate
        self._keepsake = keepsake
        self._send = send

    async def do(self, message: Browse) -> None:
        """Carry it out and answer, by `Page` or `Refused`."""
        try:
            match message:
                case Navigate(_, url, timeout):
                    try:
                        await self._awake(self._page.load(url, timeout))
                    finally:
                        await self._keepsake.loaded()
                case GetPage():
                    pass
                case Go(_, way, timeout):
                    await self._awake(go(self._page, self._tabs, way, timeout))
                case OpenTab():
                    await self._awake(self._tabs.new_tab())
                case ShowTab(_, tab):
                    await self._awake(self._tabs.show(tab))
                case CloseTab(_, tab):
                    await self._awake(self._tabs.close_tab(tab))
                case Respond():
                    await self._dialogs.respond(message)
            title, url = await self._page.present()
            await self._news.now()
        except JiomosaError as error:
            self._send(Refused(message.token, error.code, error.message))
        else:
            self._send(page_of(self._page, message.token) or Page(message.token, title, url))

    async def _awake(self, work: Coroutine[Any, Any, Any]) -> None:
        self._freezer.begin()
        self._rate.load(begins=True)
        try:
            await self._freezer.wake()
            await work
        finally:
            work.close()  # where it was not even begun
            self._freezer.end()
            self._rate.load(begins=False)
