"""What a session's page and its viewers exchange besides pictures and input, as messages between front and capture process.

    front -> capture   Resize, Scales, SetClipboard, GetClipboard, GiveFiles
    capture -> front   Resized, Cursor, Focus, Clipboard, FileAsked

Points and sizes are pixels of the screen.
"""

from __future__ import annotations

import msgspec

MAX_CLIPBOARD = 200_000  # bytes of a text in UTF-8: what a message, and an X property, have room for
WHOLE = 64  # the scale of a picture that is not scaled: scales are in 64ths, so that there are not endlessly many


class Resize(msgspec.Struct, frozen=True, tag=True):
    """The screen gets this size, and frames go into `ring`. Answered by `Resized`, before the first `Notice` of that ring."""

    token: int
    ring: str
    width: int
    height: int


class Scales(msgspec.Struct, frozen=True, tag=True):
    """Viewers see pictures at these scales, in 64ths; of a cursor each is wanted."""

    scales: tuple[int, ...]


class SetClipboard(msgspec.Struct, frozen=True, tag=True):
    """The browser's clipboard has this text from now on. Answered by `Done`."""

    token: int
    text: str


class GetClipboard(msgspec.Struct, frozen=True, tag=True):
    """Answered by `Clipboard`."""

    token: int


class GiveFiles(msgspec.Struct, frozen=True, tag=True):
    """The files at `paths` are the answer to the page's `request`. Answered by `Done`."""

    token: int
    request: str
    paths: tuple[str, ...]


class Resized(msgspec.Struct, frozen=True, tag=True):
    """All `Notice`s from now on are of the ring that the `Resize` named."""

    token: int
    ring: str
    width: int
    height: int


class Cursor(msgspec.Struct, frozen=True, tag=True):
    """What the pointer looks like now: a PNG of `width` x `height` pixels, which points with its pixel (x, y).

    scale  of the picture that it belongs to, in 64ths; the image is scaled likewise
    name   what the browser calls it; often nothing
    """

    image: bytes
    width: int
    height: int
    x: int
    y: int
    name: str = ""
    scale: int = WHOLE


class Focus(msgspec.Struct, frozen=True, tag=True):
    """What has the page's focus: a text field (`editable`), its `kind` as HTML's input types, characters and place; or none."""

    editable: bool = False
    kind: str = ""
    multiline: bool = False
    length: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0


class Clipboard(msgspec.Struct, frozen=True, tag=True):
    """The text in the browser's clipboard. Token 0: nobody has asked; a page has put it there."""

    token: int
    text: str
    truncated: bool = False


class FileAsked(msgspec.Struct, frozen=True, tag=True):
    """A page asks for a file, or with `multiple` for some. `accept`: of which kinds, as in HTML."""

    request: str
    multiple: bool
    accept: str
    url: str = ""


ToCapture = Resize | Scales | SetClipboard | GetClipboard | GiveFiles
FromCapture = Resized | Cursor | Focus | Clipboard | FileAsked
