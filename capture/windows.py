"""The window manager of a session's screen: so small because there is nothing to manage but size and focus.

    kind        told by                 what we do
    top-level   neither of the others   always exactly the screen; the newest, or raised last, is on top and has the focus
    dialog      WM_TRANSIENT_FOR        no larger than the screen, centred; the newest is on top and has the focus
    popup       override-redirect       nothing (X does not even ask us); we only know whether one is open

Without it Chromium shrinks to one pixel less than the screen, popups cover everything and dialogs lie anywhere.
"""

from __future__ import annotations

import asyncio

import xcffib
from xcffib import xproto

from capture.display import Display
from engine.errors import ChildGone

WINDOW_SECONDS = 10.0  # from the browser's start to its window
PLACE = xproto.ConfigWindow.X | xproto.ConfigWindow.Y | xproto.ConfigWindow.Width | xproto.ConfigWindow.Height


class Windows:
    """Manages the windows of a screen of `width` x `height` pixels."""

    def __init__(self, display: Display, width: int, height: int) -> None:
        self.shown = asyncio.Event()  # set once a top-level has been mapped at the size of the screen
        self._display = display
        self._core = display.core
        self._width, self._height = width, height
        self._managed: list[int] = []  # mapped top-levels and dialogs, the topmost last
        self._popups: set[int] = set()
        self._tooltip = display.atom("_NET_WM_WINDOW_TYPE_TOOLTIP")
        self._window_type = display.atom("_NET_WM_WINDOW_TYPE")
        display.on(xproto.MapRequestEvent, self._map_requested)
        display.on(xproto.MapNotifyEvent, self._mapped)
        display.on(xproto.ConfigureRequestEvent, self._configure_requested)
        display.on(xproto.UnmapNotifyEvent, self._gone)
        display.on(xproto.DestroyNotifyEvent, self._gone)
        mask = xproto.EventMask.SubstructureRedirect | xproto.EventMask.SubstructureNotify
        self._core.ChangeWindowAttributesChecked(display.root, xproto.CW.EventMask, [mask]).check()

    async def wait_shown(self) -> None:
        """Return once a top-level is shown at the size of the screen. Raises `ChildGone`."""
        try:
            await asyncio.wait_for(self.shown.wait(), WINDOW_SECONDS)
        except TimeoutError:
            raise ChildGone(f"Chromium opened no window within {WINDOW_SECONDS:g} seconds.") from None

    def resize(self, width: int, height: int) -> None:
        """The screen has another size now."""
        self._width, self._height = width, height
        for window in self._managed:
            self._place(window)
        self._display.flush()

    @property
    def popup_open(self) -> bool:
        """Whether a popup (the list of a <select>, a context menu), which takes the pointer for itself, is open."""
        return bool(self._popups)

    def _property(self, window: int, name: int, kind: int) -> int | None:
        """The first value of a property; None where it is not set, or the window is gone."""
        try:
            reply = self._core.GetProperty(False, window, name, kind, 0, 1).reply()
        except xcffib.Error:
            return None
        return int(reply.value.to_atoms()[0]) if reply.value_len else None

    def _place(self, window: int, width: int | None = None, height: int | None = None) -> None:
        """Give `window` its place; `width` and `height` are what it wants to have, None: what it has."""
        if not self._property(window, xproto.Atom.WM_TRANSIENT_FOR, xproto.Atom.WINDOW):
            self._core.ConfigureWindow(window, PLACE, [0, 0, self._width, self._height])
            return
        if width is None or height is None:
            try:
                geometry = self._core.GetGeometry(window).reply()
            except xcffib.Error:
                return
            width, height = geometry.width, geometry.height
        width, height = min(width, self._width), min(height, self._height)
        self._core.ConfigureWindow(window, PLACE, [(self._width - width) // 2, (self._height - height) // 2, width, height])

    def _map_requested(self, event: xproto.MapRequestEvent) -> None:
        self._place(event.window)
        self._core.ConfigureWindow(event.window, xproto.ConfigWindow.StackMode, [xproto.StackMode.Above])
        self._core.MapWindow(event.window)
        self._display.flush()

    def _configure_requested(self, event: xproto.ConfigureRequestEvent) -> None:
        self._place(event.window, event.width, event.height)
        wants_up = event.value_mask & xproto.ConfigWindow.StackMode and event.stack_mode == xproto.StackMode.Above
        if wants_up and event.window in self._managed:  # this is how Chromium shows a tab of another window
            self._core.ConfigureWindow(event.window, xproto.ConfigWindow.StackMode, [xproto.StackMode.Above])
            self._managed.remove(event.window)
            self._managed.append(event.window)
            self._focus_newest()
        self._display.flush()

    def _mapped(self, event: xproto.MapNotifyEvent) -> None:
        if event.event != self._display.root:
            return
        if event.override_redirect:
            # A tooltip does not take the pointer; wheel and clicks go to the page as ever.
            if self._property(event.window, self._window_type, xproto.Atom.ATOM) != self._tooltip:
                self._popups.add(event.window)
            return
        if event.window not in self._managed:
            self._managed.append(event.window)
        self._focus_newest()
        self.shown.set()

    def _gone(self, event: xproto.UnmapNotifyEvent | xproto.DestroyNotifyEvent) -> None:
        self._popups.discard(event.window)
        if event.window in self._managed:
            self._managed.remove(event.window)
            self._focus_newest()

    def _focus_newest(self) -> None:
        if self._managed:
            self._core.SetInputFocus(xproto.InputFocus.PointerRoot, self._managed[-1], xproto.Time.CurrentTime)
            self._display.flush()
