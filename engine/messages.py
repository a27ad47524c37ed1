"""What the processes say to one another, over one sequenced-packet socket pair for each child (`engine.channel`).

    front -> capture   Named, Ping, Wants, Release, Refresh, Shutdown,
                       input (`engine.inputs`): Click, Move, Scroll, Text, Key, Down, Up, Drag, Touch,
                       what to show (`engine.pagemessages`): Navigate, GetPage, Go, OpenTab, ShowTab, CloseTab,
                       Respond,
                       and (`engine.exchange`): Resize, Scales, SetClipboard, GetClipboard, GiveFiles
    capture -> front   Ready, Failed, WayOut, Notice, Done, Refused, Page, TabList, Dialog, DialogClosed, Note,
                       and (`engine.exchange`): Resized, Cursor, Focus, Clipboard, FileAsked
    front -> encoder   Job, Forget, Shutdown
    encoder -> front   Ready, Encoded, JobFailed
    front -> egress    OpenWay, CloseWay, Ping, Shutdown
    egress -> front    Ready, Denied, Traffic           (of ways out: `engine.ways`)

A message with a `token` asks for an answer: exactly one `Done`, `Page`, `Traffic`, `Resized`, `Clipboard` or `Refused` with it. A
`Notice` hands a slot of the frame ring to the front, a `Release` hands it back (see `engine.framering`); a `Job` lends a slot to
an encoder until its `Encoded` or `JobFailed`. As msgpack by msgspec: about a microsecond a message, a type check included.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine import exchange
from engine.device import Device
from engine.inputs import Input
from engine.pagemessages import (
    CloseTab,
    Dialog,
    DialogClosed,
    GetPage,
    Go,
    Navigate,
    Note,
    OpenTab,
    Page,
    Respond,
    ShowTab,
    TabList,
)
from engine.ways import CloseWay, Denied, OpenWay, Traffic, WayOut

Format = Literal["jpeg", "jpeg-binary", "png", "png-json"]


class Rendition(msgspec.Struct, frozen=True, tag=True):
    """What makes two viewers' pictures the same bytes.

    format     "jpeg": the finished Socket.IO `frame` packet, the picture as base64; "jpeg-binary": the same with the picture as
               its attachment, which is the bare file; "png": the bare file; "png-json": base64 of the file
    quality    JPEG quality 10 to 100; 0 where the format has none
    width      pixels of the picture, scaled down to these; 0 and 0: as it was grabbed
    grayscale  JPEG only: without colour
    """

    format: Format = "jpeg"
    quality: int = 75
    width: int = 0
    height: int = 0
    grayscale: bool = False


class CaptureSpec(msgspec.Struct, frozen=True):
    """All that a capture process needs to know when it starts.

    ring      name of the session's frame ring
    device    what the browser takes itself to run on; frames are as large as its screen
    folder    the session's own folder, made by the front, removed by both
    uid       run X server and browser as this user; None: as the server's own
    sandbox   False only by explicit setting: Chromium without its sandbox
    freeze_after  seconds that nobody needs the page before it is frozen; 0: never
    hang_timeout  seconds that a page which somebody watches may not answer before it is called hung; 0: for ever
    memory    bytes that the session's programs may take together; 0: no limit
    dialog_timeout  seconds after which a dialog that nobody answers is dismissed
    max_tabs  the most tabs of the browser; 0: no limit
    generation  of the ring; above 1 there was another capture process before this one, whose folder is taken over
    seq       the last frame of that one
    apart     set its programs apart from the machine, as far as the kernel allows (`capture.apart`)
    egress    nothing of its browser's reaches any network but through the egress process: a `WayOut` comes first of all
    """

    session_id: str
    ring: str
    device: Device
    folder: str
    uid: int | None
    sandbox: bool
    chromium: str
    chromedriver: str
    max_fps: float
    freeze_after: float = 0.0
    hang_timeout: float = 0.0
    memory: float = 0.0
    dialog_timeout: float = 60.0
    max_tabs: int = 0
    generation: int = 1
    seq: int = 0
    apart: bool = False
    egress: bool = False


class EncoderSpec(msgspec.Struct, frozen=True):
    """All that an encoder needs to know when it starts: its number and the name of its packet ring."""

    number: int
    ring: str


# ---- front -> capture


class Named(msgspec.Struct, frozen=True, tag=True):
    """The session is `session_id` from now on: somebody has taken a warm one."""

    session_id: str


class Ping(msgspec.Struct, frozen=True, tag=True):
    """Answered by `Done` when the X server has answered: both are alive."""

    token: int


class Wants(msgspec.Struct, frozen=True, tag=True):
    """The demand: at most `fps` frames a second; 0: nobody wants any."""

    fps: float


class Release(msgspec.Struct, frozen=True, tag=True):
    """The front gives `slot` of `ring` back; empty: of the ring that there is. One of before says nothing any more."""

    slot: int
    ring: str = ""


class Refresh(msgspec.Struct, frozen=True, tag=True):
    """Grab what has changed, if anything; `Done` follows the `Notice` of a frame that is at least as new as this message."""

    token: int


class Shutdown(msgspec.Struct, frozen=True, tag=True):
    """End in good order."""


# ---- capture -> front


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The child has started and takes messages. `detail`: what it runs, for the log ("Chromium 156.0...")."""

    detail: str = ""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The child cannot go on; it ends after this. `message` is a sentence."""

    code: str
    message: str


class Notice(msgspec.Struct, frozen=True, tag=True):
    """Slot `slot` holds frame `seq`, and is the front's until its `Release`."""

    slot: int
    seq: int
    grab_end_ns: int
    grab_begin_ns: int = 0


class Done(msgspec.Struct, frozen=True, tag=True):
    """What `token` asked for has been done. `seq`: the newest frame at that moment."""

    token: int
    seq: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """What `token` asked for was not done. `code` and `message` as in `engine.errors`."""

    token: int
    code: str
    message: str


# ---- front -> encoder


class Job(msgspec.Struct, frozen=True, tag=True):
    """Encode slot `slot` of frame ring `ring` as `rendition` into slot `packet_slot` of the encoder's packet ring."""

    job: int
    ring: str
    slot: int
    rendition: Rendition
    packet_slot: int


class Forget(msgspec.Struct, frozen=True, tag=True):
    """Frame ring `ring` is no more: unmap it."""

    ring: str


# ---- encoder -> front


class Encoded(msgspec.Struct, frozen=True, tag=True):
    """Job `job` is done: its packet slot holds `length` bytes, of which the picture itself was `size`."""

    job: int
    length: int
    size: int
    encode_begin_ns: int
    encode_end_ns: int


class JobFailed(msgspec.Struct, frozen=True, tag=True):
    """Job `job` could not be done; `message` is a sentence."""

    job: int
    message: str


Browse = Navigate | GetPage | Go | OpenTab | ShowTab | CloseTab | Respond
ToCapture = Named | Ping | Wants | Release | Refresh | Browse | Input | exchange.ToCapture | Shutdown
ToEncoder = Job | Forget | Shutdown
ToEgress = OpenWay | CloseWay | Ping | Shutdown
Shown = Page | TabList | Dialog | DialogClosed | Note
FromCapture = WayOut | Ready | Failed | Notice | Done | Refused | Shown | exchange.FromCapture
FromChild = FromCapture | Denied | Traffic | Encoded | JobFailed
Message = ToCapture | ToEncoder | ToEgress | FromChild
