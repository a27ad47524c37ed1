"""What viewers are told over Socket.IO: a row for each event, with the type of its object. docs/protocol.md describes them.

`/asyncapi.json` is made from this table, and the tests check against it what is really sent. Another event: another row.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class Subscribed(Struct, forbid_unknown_fields=True):
    """The subscription is confirmed, with what is in force."""

    session_id: str
    fps: float
    quality: int
    adaptive: bool
    width: int
    height: int
    format: str
    grayscale: bool


class Frame(Struct, forbid_unknown_fields=True):
    """A new picture. `image`: base64 of a JPEG, or with `format: "binary"` an attachment; `timestamp`: epoch milliseconds."""

    image: str
    timestamp: int
    size: int
    seq: int
    width: int
    height: int
    quality: int


class CursorTold(Struct, forbid_unknown_fields=True):
    """What the pointer looks like: base64 of a PNG, which points with its pixel (x, y)."""

    image: str
    width: int
    height: int
    x: int
    y: int
    name: str | UnsetType = UNSET


class FocusTold(Struct, forbid_unknown_fields=True):
    """The page's focus is in a text field, or (`editable` false) in none."""

    editable: bool
    x: int
    y: int
    width: int
    height: int
    type: str | UnsetType = UNSET
    multiline: bool | UnsetType = UNSET
    length: int | UnsetType = UNSET


class ClipboardTold(Struct, forbid_unknown_fields=True):
    """The text in the browser's clipboard."""

    text: str
    truncated: bool | UnsetType = UNSET


class Size(Struct, forbid_unknown_fields=True):
    """Of the pictures from now on, in pixels."""

    width: int
    height: int


class FileWanted(Struct, forbid_unknown_fields=True):
    """A page asks for a file; upload it to `/api/session/{session_id}/files/{id}`."""

    id: str
    multiple: bool
    accept: str


class FileClosed(Struct, forbid_unknown_fields=True):
    """A page has got its file, or asks no more."""

    id: str


class Acknowledged(Struct, forbid_unknown_fields=True):
    """The input has been injected; `seq`: the newest frame at that moment."""

    type: str
    seq: int


class Quality(Struct, forbid_unknown_fields=True):
    """What is in force now."""

    quality: int


class Fps(Struct, forbid_unknown_fields=True):
    """What is in force now."""

    fps: float


class Enabled(Struct, forbid_unknown_fields=True):
    """Whether it is on now."""

    enabled: bool


class Link(Struct, forbid_unknown_fields=True):
    """What is known of the viewer's link."""

    mbit: float | None
    rtt_ms: float | None
    beyond: bool


class Drops(Struct, forbid_unknown_fields=True):
    """Frames that were superseded, by why."""

    link: int
    pace: int
    encoder: int


class Stats(Struct, forbid_unknown_fields=True):
    """The last second of this viewer."""

    fps: float
    bytes_per_second: float
    latency_ms: dict[str, float]
    quality: int
    fps_limit: float
    link: Link
    drops: Drops


class Status(Struct, forbid_unknown_fields=True):
    """Something to tell a person."""

    message: str
    code: str | UnsetType = UNSET


class Error(Struct, forbid_unknown_fields=True):
    """Something went wrong: a sentence for a person, a word for a program."""

    message: str
    code: str


class PageTold(Struct, forbid_unknown_fields=True):
    """What the shown tab shows."""

    title: str
    url: str
    loading: bool
    can_go_back: bool
    can_go_forward: bool


class TabTold(Struct, forbid_unknown_fields=True):
    """A tab; `active`: the shown one."""

    tab: str
    title: str
    url: str
    active: bool


class TabsTold(Struct, forbid_unknown_fields=True):
    """All tabs."""

    tabs: list[TabTold]


class DialogTold(Struct, forbid_unknown_fields=True):
    """A page asks something."""

    id: int
    kind: str
    message: str
    url: str
    default: str | UnsetType = UNSET


class DialogClosedTold(Struct, forbid_unknown_fields=True):
    """It has been answered, or dismissed."""

    id: int


TOLD: dict[str, type[Struct] | None] = {
    "subscribed": Subscribed,
    "unsubscribed": None,
    "frame": Frame,
    "cursor": CursorTold,
    "focus": FocusTold,
    "clipboard": ClipboardTold,
    "clipboard:updated": None,
    "resized": Size,
    "file": FileWanted,
    "file:closed": FileClosed,
    "input:acknowledged": Acknowledged,
    "quality:updated": Quality,
    "fps:updated": Fps,
    "adaptive:updated": Enabled,
    "stats:updated": Enabled,
    "stats": Stats,
    "page": PageTold,
    "tab:list": TabsTold,
    "dialog": DialogTold,
    "dialog:closed": DialogClosedTold,
    "status": Status,
    "error": Error,
}
