"""What an operator sends and gets, as types: the requests are checked by them, and /openapi.json is made from them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from api.models import PageModel

Message = Annotated[str, Meta(min_length=1, max_length=1000, description="A sentence for a person.")]


class ReasonRequest(Struct):
    """Why; viewers are told so."""

    message: Message | None = None


class MessageRequest(Struct):
    """What viewers are told, as a `status` event with the code `operator_message`."""

    message: Message


class Told(Struct):
    """How many viewers it was sent to; those of `stream.mjpeg` cannot be told anything."""

    success: bool
    told: int


class Drops(Struct):
    """Frames superseded before they could be had: the link was busy, the pace did not allow them, no encoder had time."""

    link: int
    pace: int
    encoder: int


class LinkModel(Struct):
    """What is known of a link; null while nothing is. `beyond`: the narrow place lies beyond the server's own connection."""

    mbit: float | None
    rtt_ms: float | None
    beyond: bool


class ViewerModel(Struct):
    """A viewer. `sub`: who it is, where somebody logs in; `fps`, `bytes_per_second`: what it got in the last second."""

    viewer_id: str
    sub: str | None
    address: str
    transport: str
    format: str
    width: int
    height: int
    grayscale: bool
    quality: int
    fps_limit: float
    adaptive: bool
    fps: float
    bytes_per_second: float
    frames: int
    bytes: int
    link: LinkModel
    drops: Drops


class SessionModel(Struct):
    """A session. `cpu`: of a core, 1.0 is a whole one; `memory`: bytes, of its processes; `rebuilds`: how often its browser was
    started again, `rebuilding`: whether it is just now; `frames`: grabbed so far."""

    session_id: str
    owner: str | None
    created_at: float
    last_activity: float
    width: int
    height: int
    page_info: PageModel
    frames: int
    rebuilds: int
    rebuilding: bool
    cpu: float
    memory: int
    viewers: list[ViewerModel]


class ProcessModel(Struct):
    """A process. `cpu`: of a core, since the last look; `memory`: bytes of its own, resident and not shared."""

    pid: int
    kind: str
    session_id: str | None
    cpu: float
    memory: int


class Restarts(Struct):
    """Processes that were started again since the server started."""

    browser: int
    encoder: int
    egress: int


class Overview(Struct):
    """Everything that an operator wants to see at a glance. `refused`: by reason, who asked for a session and got none."""

    version: str
    started_at: float
    now: float
    connections: int
    warm_sessions: int
    sessions: list[SessionModel]
    processes: list[ProcessModel]
    restarts: Restarts
    refused: dict[str, int]
    dropped: dict[str, int]
