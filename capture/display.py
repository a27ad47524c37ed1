"""Our one connection to the session's X server, shared by grabber, window manager and pointer.

Invariant: no event is left lying. libxcb reads events while it waits for a reply and keeps them; the descriptor does not become
readable for those. So whoever has waited for a reply lets the events be handed out before returning to the event loop:
`round_trip` does it by itself, the grabber in its loop, and handlers run inside `dispatch`, which goes on until there are none.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xcffib
import xcffib.xproto
from xcffib.ffi import ffi

from engine import logs

log = logs.logger("jiomosa.capture")


class Display:
    """Connects to X server `name` (":7"). Every method raises `xcffib.ConnectionException` once that has ended."""

    def __init__(self, name: str, authority: Path) -> None:
        # libxcb finds the cookie by itself; xcffib's own `auth` argument hands it memory that has been freed.
        os.environ["XAUTHORITY"] = str(authority)
        connection: Any = xcffib.Connection(name)  # type: ignore[no-untyped-call]
        self.connection = connection
        self.core: Any = connection.core
        self.root: int = connection.setup.roots[0].root
        self._fd: int = connection.get_file_descriptor()
        self._handlers: dict[type, Callable[[Any], None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._when_readable: Callable[[], None] = self.dispatch

    def on(self, event: type, handler: Callable[[Any], None]) -> None:
        """Have `dispatch` call `handler` for each event of this kind."""
        self._handlers[event] = handler

    def watch(self, loop: asyncio.AbstractEventLoop, when_readable: Callable[[], None] | None = None) -> None:
        """From now on call `when_readable`, which must `dispatch`, whenever events may have come. None: just dispatch."""
        self._loop = loop
        self._when_readable = when_readable or self.dispatch
        loop.add_reader(self._fd, self._readable)
        self._when_readable()

    def _readable(self) -> None:
        try:
            self._when_readable()
        except xcffib.ConnectionException:
            self._unwatch()  # what has ended is readable for good
            raise

    def dispatch(self) -> None:
        """Hand out every event that has come. Errors of requests nobody waited for (a window just closed) are only logged."""
        while True:
            try:
                event = self.connection.poll_for_event()
            except xcffib.Error as error:
                log.debug("X error", reason=str(error))
                continue
            if event is None:
                return
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)

    def atom(self, name: str) -> int:
        """The number by which the X server knows a name."""
        return int(self.core.InternAtom(False, len(name), name).reply().atom)

    def flush(self) -> None:
        self.connection.flush()

    def round_trip(self) -> None:
        """Return once the X server has done all that was asked of it, and its events of before are handed out."""
        self.core.GetInputFocus().reply()
        self._when_readable()

    def send_fd(self, fd: int) -> None:
        """Pass a copy of `fd` to the X server along with the request that follows; libxcb owns and closes the copy."""
        libxcb = ctypes.CDLL("libxcb.so.1")
        libxcb.xcb_send_fd.argtypes = [ctypes.c_void_p, ctypes.c_int]
        libxcb.xcb_send_fd.restype = None
        libxcb.xcb_send_fd(int(ffi.cast("uintptr_t", self.connection._conn)), os.dup(fd))

    def close(self) -> None:
        """Also when the connection has ended already."""
        self._unwatch()
        self.connection.disconnect()

    def _unwatch(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._fd)
            self._loop = None
