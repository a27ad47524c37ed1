"""What REST clients send and get, as types: the requests are checked by them, and /openapi.json is made from them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.checks import MAX_HEIGHT, MAX_WIDTH, MIN_HEIGHT, MIN_WIDTH
from engine.device import Device, device_of

SESSION_ID = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"  # Python's $ alone also matches before a newline at the end
MAX_WAIT = 60  # seconds a request may wait for a change; proxies commonly give up then
MAX_TICKET = 86_400  # seconds; whoever should see a session for longer can be given another
MAX_SIDE = max(MAX_WIDTH, MAX_HEIGHT)  # a screen may also stand upright
PRINTABLE = r"^[ -~]+$(?!\n)"  # of a header's value
MAX_URL = 8192  # characters; what common servers and browsers take

SessionId = Annotated[str, Meta(pattern=SESSION_ID, description="1 to 64 letters, digits, `_` or `-`.")]
Url = Annotated[str, Meta(min_length=1, max_length=MAX_URL, description="Address of a page; without a scheme, https.")]
DialogId = Annotated[int, Meta(ge=1, le=2**53, description="A dialog, as `dialog` names it.")]
DialogText = Annotated[str, Meta(max_length=10_000)]
TabId = Annotated[str, Meta(min_length=1, max_length=64, description="A tab, as `tab:list` names it.")]
Width = Annotated[int, Meta(ge=MIN_WIDTH, le=MAX_SIDE, description="Pixels.")]
Height = Annotated[int, Meta(ge=MIN_HEIGHT, le=MAX_SIDE, description="Pixels.")]
Side = Annotated[int, Meta(ge=MIN_HEIGHT, le=MAX_SIDE, description="Pixels; the most that the session can be resized to.")]
UserAgent = Annotated[str, Meta(min_length=1, max_length=512, pattern=PRINTABLE, description="What the browser calls itself.")]
Quality = Annotated[int, Meta(ge=10, le=100, description="JPEG quality.")]
MaxSize = Annotated[int, Meta(ge=16, le=65535, description="Pixels; a larger picture is scaled down to fit, its aspect kept.")]


class CreateRequest(Struct, forbid_unknown_fields=False):
    """A new session; everything is optional."""

    session_id: SessionId | None = None
    width: Width = 1280
    height: Height = 720
    url: Url | None = None
    max_width: Side | None = None
    max_height: Side | None = None
    touch: Annotated[bool | None, Meta(description="It has a touch screen; where nothing is said, as `mobile`.")] = None
    mobile: Annotated[bool, Meta(description="Pages are laid out as on a phone.")] = False
    user_agent: UserAgent | None = None
    device_scale: Annotated[float, Meta(ge=0.5, le=4, description="Pixels of the screen in one CSS pixel.")] = 1.0

    def device(self) -> Device:
        """Raises `BadRequest` where it could not be."""
        return device_of(
            self.width,
            self.height,
            self.max_width,
            self.max_height,
            scale=self.device_scale,
            touch=self.touch,
            mobile=self.mobile,
            user_agent=self.user_agent or "",
        )


class ResizeRequest(Struct):
    """The size that the session's screen should have."""

    width: Width
    height: Height


class Resized(Struct):
    """The session has this size now, in pixels."""

    success: bool
    session_id: str
    width: int
    height: int


class FileGiven(Struct):
    """The page has these files; none: it gets none."""

    success: bool
    session_id: str
    files: list[str]


class LoadRequest(Struct):
    """The page to load."""

    url: Url


class PageModel(Struct):
    """The page that is shown."""

    title: str
    url: str


class Created(Struct, omit_defaults=True):
    """A session that has been created. Times are epoch seconds; `websocket_url` is what Socket.IO's `io()` takes."""

    success: bool
    session_id: str
    created_at: float
    width: int
    height: int
    websocket_url: str
    viewer_url: str
    page_info: PageModel | UnsetType = UNSET
    load_error: str | UnsetType = UNSET


class Loaded(Struct):
    """The page has loaded."""

    success: bool
    message: str
    page_info: PageModel


class Info(Struct):
    """A session. `viewers`: how many watch; `newest_seq`: frames grabbed so far; `touch`: it has a touch screen."""

    session_id: str
    created_at: float
    last_activity: float
    width: int
    height: int
    viewers: int
    newest_seq: int
    page_info: PageModel
    touch: bool


class Listed(Struct):
    """A session in the list. `current_page` is an address; `viewers`: how many watch."""

    session_id: str
    created_at: float
    last_activity: float
    current_page: str
    title: str
    width: int
    height: int
    viewers: int


class SessionList(Struct):
    """All sessions."""

    active_sessions: int
    sessions: list[Listed]


class KeptAlive(Struct):
    """The session's time begins anew."""

    success: bool
    session_id: str
    last_activity: float


class Closed(Struct):
    """The session is gone."""

    success: bool
    session_id: str
    message: str


class TicketRequest(Struct):
    """What a ticket is to be good for."""

    access: Literal["watch", "control"] = "watch"
    seconds: Annotated[int, Meta(ge=10, le=MAX_TICKET, description="Seconds until it expires.")] = 300


class Ticket(Struct):
    """A ticket to one session. `expires_at`: epoch seconds; `viewer_url`: the viewer page, the ticket where no log sees it."""

    success: bool
    session_id: str
    ticket: str
    access: str
    expires_at: float
    viewer_url: str


class Health(Struct):
    """The server is alive."""

    status: str
    active_sessions: int
    websocket: str


class Ready(Struct):
    """There is room for another session."""

    status: str


class SessionConfig(Struct):
    """Seconds."""

    timeout: float
    frame_capture_interval: float


class ServiceInfo(Struct):
    """What this server is and where its endpoints are."""

    service: str
    version: str
    endpoints: dict[str, str]
    session_config: SessionConfig


class FrameData(Struct):
    """The present picture. `timestamp`: epoch seconds; `frame`: base64 of the file."""

    success: bool
    session_id: str
    timestamp: float
    frame: str
    format: str


class PictureQuery(Struct):
    """What a picture should be like."""

    quality: Quality | None = None
    max_width: MaxSize | None = None
    max_height: MaxSize | None = None
    grayscale: Annotated[bool, Meta(description="Without colour.")] = False


class FrameQuery(PictureQuery):
    """One picture."""

    wait: Annotated[
        float,
        # The range is checked by hand, which names it more kindly.
        Meta(
            description=f"Seconds, at most {MAX_WAIT}, to wait for a picture other than that of `If-None-Match`.",
            extra_json_schema={"minimum": 0, "maximum": MAX_WAIT},
        ),
    ] = 0.0
    adaptive: Annotated[
        bool,
        Meta(description="Whether the quality adapts to the link, below what is given: with `wait`, over one connection."),
    ] = True
    passive: Annotated[
        bool, Meta(description="Whether it is no demand: the last picture, and the session expires as if unasked.")
    ] = False


class StreamQuery(PictureQuery):
    """A stream of pictures."""

    fps: Annotated[float | None, Meta(description="Frames a second, at most.", extra_json_schema={"minimum": 1})] = None
    adaptive: Annotated[bool, Meta(description="Whether quality and rate adapt to the link, below what is given.")] = True
    lengths: Annotated[
        bool, Meta(description="Whether each part says its Content-Length; Chromium is then one picture behind.")
    ] = False


class PngFile(Struct):
    """The picture, as a PNG file."""


class JpegFile(Struct):
    """The picture, as a JPEG file."""


class MjpegStream(Struct):
    """JPEG files, one part each, as they come."""


class Unchanged(Struct):
    """The picture is the one that `If-None-Match` names."""


class ErrorModel(Struct):
    """What went wrong: a sentence for a person, a word for a program."""

    error: str
    code: str
