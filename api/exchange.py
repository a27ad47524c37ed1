"""What a session's page and its viewers exchange besides pictures and input: cursor, focus, clipboard, files, and sizes.

What the capture process says is kept, for viewers that come later, and told to each in the pixels of its own picture.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from api.watcher import Watcher
from engine.exchange import WHOLE, Clipboard, Cursor, FileAsked, Focus, Scales
from engine.messages import ToCapture

MOST_REQUESTS = 16  # for files, as many as the capture process remembers


class Exchange:
    """One session's. `viewers()`: who watches; `send` reaches its capture process; `folder`: where files for its browser lie."""

    def __init__(self, viewers: Callable[[], Iterable[Watcher]], send: Callable[[ToCapture], None], folder: str) -> None:
        self._viewers = viewers
        self.folder = folder
        self._send = send
        self._cursors: dict[int, bytes] = {}  # by scale
        self._scales: tuple[int, ...] = ()
        self._focus = Focus()
        self.files: dict[str, FileAsked] = {}  # what pages ask for, oldest first

    def said(self, message: Any) -> None:
        """By the capture process; what is not of here is let by."""
        match message:
            case Cursor():
                self._cursors[message.scale] = cursor_event(message)
                for viewer in self._viewers():
                    if viewer.view.scale == message.scale:
                        viewer.tell_cursor(self._cursors[message.scale])
            case Focus():
                self._focus = message
                for viewer in self._viewers():
                    viewer.tell("focus", focus_payload(message, viewer))
            case Clipboard(0):
                self._tell_controllers("clipboard", clipboard_payload(message))
            case FileAsked():
                self.files[message.request] = message
                while len(self.files) > MOST_REQUESTS:
                    self.file_answered(next(iter(self.files)))
                self._tell_controllers("file", file_payload(message))

    def greet(self, viewer: Watcher) -> None:
        """Tell a viewer that comes what there is."""
        self.look_at_scales()
        if (cursor := self._cursors.get(viewer.view.scale)) is not None:
            viewer.tell_cursor(cursor)
        viewer.tell("focus", focus_payload(self._focus, viewer))  # in no field, too: then keys are the page's own
        if viewer.controls:
            for asked in self.files.values():
                viewer.tell("file", file_payload(asked))

    def look_at_scales(self) -> None:
        """The viewers, or their pictures, are others now: have cursors made as large as those."""
        scales = tuple(sorted({viewer.view.scale for viewer in self._viewers()} - {WHOLE}))
        if scales != self._scales:
            self._scales = scales
            self._cursors = {scale: cursor for scale, cursor in self._cursors.items() if scale in (WHOLE, *scales)}
            self._send(Scales(scales))

    def file_answered(self, request: str) -> None:
        """It has got its file, or will get none."""
        if self.files.pop(request, None) is not None:
            self._tell_controllers("file:closed", {"id": request})

    def down(self) -> None:
        """The browser has gone, with all that its pages had open."""
        for request in list(self.files):
            self.file_answered(request)
        self.said(Focus())

    def up(self) -> None:
        """Another browser is there."""
        self._send(Scales(self._scales))

    def _tell_controllers(self, event: str, payload: dict[str, Any]) -> None:
        for viewer in self._viewers():
            if viewer.controls:
                viewer.tell(event, payload)


def cursor_event(cursor: Cursor) -> bytes:
    """The finished Engine.IO message of a `cursor` event, the same for all viewers of a scale."""
    image = base64.b64encode(cursor.image).decode("ascii")
    place = {"width": cursor.width, "height": cursor.height, "x": cursor.x, "y": cursor.y}
    return b"42" + orjson.dumps(["cursor", {"image": image, **place, **({"name": cursor.name} if cursor.name else {})}])


def focus_payload(focus: Focus, viewer: Watcher) -> dict[str, Any]:
    """A `focus` event in the pixels of this viewer's picture."""
    x, y = viewer.view.from_screen(focus.x, focus.y)
    width, height = viewer.view.from_screen(focus.width, focus.height)
    kind = {"type": focus.kind, "multiline": focus.multiline, "length": focus.length} if focus.editable else {}
    return {"editable": focus.editable, **kind, "x": x, "y": y, "width": width, "height": height}


def clipboard_payload(clipboard: Clipboard) -> dict[str, Any]:
    return {"text": clipboard.text, **({"truncated": True} if clipboard.truncated else {})}


def file_payload(asked: FileAsked) -> dict[str, Any]:
    return {"id": asked.request, "multiple": asked.multiple, "accept": asked.accept}
