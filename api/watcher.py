"""What a stream asks of those whom it gives frames to; `api.viewer` and `api.mjpeg` have the two sorts of viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from engine.adaptation import Adaptation, LinkSample
from engine.broadcast import Packet
from engine.errors import JiomosaError
from engine.figures import Journey
from engine.flow import Flow
from engine.messages import Rendition
from engine.tally import Pulse
from engine.view import View
from engine.watching import Sharp, ViewerStatistics


class Straight(Protocol):
    """Where an offered packet goes straight to a link."""

    def write(self) -> None:
        """Give it to the link; called right after the `offer`, before anything else happens to the one who was offered it."""

    def written(self) -> None:
        """All others have been written to as well: what follows from it."""


class Taker(Protocol):
    """Whoever takes packets: a viewer or a poll."""

    def offer(self, packet: Packet) -> Straight | None:
        """None: it takes the packet in its own time."""

    def __hash__(self) -> int: ...


class Watcher(Taker, Protocol):
    """A viewer: takes packets for as long as it is attached, and says when it is ready for one."""

    id: str
    sub: str | None  # who it is, where somebody logs in
    address: str
    view: View
    adaptation: Adaptation
    flow: Flow
    pulse: Pulse
    controls: bool  # it may also give input

    @property
    def transport(self) -> str:
        """`websocket`, `polling` or `mjpeg`."""

    @property
    def rendition(self) -> Rendition: ...
    @property
    def sharp(self) -> Sharp | None: ...
    def attach(self, on_ready: Callable[[Any], None], journey: Journey) -> None: ...
    def detach(self) -> None: ...
    def tell(self, event: str, payload: dict[str, Any] | None = None) -> None: ...
    def tell_error(self, error: JiomosaError) -> None: ...
    def tell_cursor(self, event: bytes) -> None: ...
    def tell_statistics(self, drops: ViewerStatistics) -> None: ...
    def sample_link(self) -> LinkSample | None: ...
    def dismiss(self, error: JiomosaError) -> None:
        """End its connection; it is told why where there is a way to."""
