"""A viewer that is one endless HTTP response: multipart/x-mixed-replace, each part a JPEG that takes the place of the last.

    waiting --link clear--> ready (the stream may `offer`) --written, with the header of the next part--> waiting ...

The header of a part says nothing of the part: Chromium shows a picture only once the header of the next one has come, so that
is sent along at once, when nobody knows yet how long the next one will be. For clients that would rather know how much to read
(`lengths`), each header comes with its picture.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected

from api.httpprotocol import HttpProtocol
from api.transport import Bytes
from engine.adaptation import Adaptation, LinkSample
from engine.broadcast import Packet
from engine.errors import JiomosaError
from engine.figures import Journey
from engine.flow import Flow
from engine.messages import Rendition
from engine.tally import Pulse
from engine.view import View
from engine.watching import Sharp, ViewerStatistics, sharp_of

BOUNDARY = "jiomosa-picture-4f9d3c61b07e"  # must not occur in a JPEG
CONTENT_TYPE = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
PART = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n".encode()


class MjpegViewer:
    """Watches like an `api.viewer.Viewer`, except that it cannot be told anything but pictures."""

    transport = "mjpeg"

    def __init__(
        self,
        protocol: HttpProtocol,
        view: View,
        adaptation: Adaptation,
        *,
        lengths: bool = False,
        sub: str | None = None,
        address: str = "",
    ) -> None:
        self.id = f"http-{secrets.token_hex(4)}"
        self.sub, self.address = sub, address
        self.pulse = Pulse(time.monotonic())
        self.view = view
        self.controls = False
        self.adaptation = adaptation
        self.flow = Flow()
        self._protocol = protocol
        self._lengths = lengths
        self._on_ready: Callable[[MjpegViewer], None] | None = None
        self._packet: Packet | None = None
        self._offered_at = 0.0
        self._journey: Journey | None = None
        self._woken = asyncio.Event()

    @property
    def rendition(self) -> Rendition:
        return self.view.rendition(self.adaptation.quality)

    @property
    def sharp(self) -> Sharp | None:
        return sharp_of(self.rendition, self.adaptation, self.flow)

    # ---- what the stream says

    def attach(self, on_ready: Callable[[Any], None], journey: Journey) -> None:
        self._on_ready = on_ready
        self._journey = journey

    def detach(self) -> None:
        """The session has ended, or the response has."""
        self._on_ready = None
        if self._packet is not None and self._journey is not None:
            self._journey.tally.dropped["gone"] += 1
            self._packet = None
        self._woken.set()

    def offer(self, packet: Packet) -> None:
        self._packet, self._offered_at = packet, time.monotonic()
        self._woken.set()

    def tell(self, event: str, payload: dict[str, Any] | None = None) -> None:
        """There is no way to."""

    def tell_cursor(self, event: bytes) -> None:
        """There is no way to."""

    def tell_error(self, error: JiomosaError) -> None:
        """There is no way to, but that the response ends."""

    def dismiss(self, error: JiomosaError) -> None:
        self._protocol.cut()

    def tell_statistics(self, drops: ViewerStatistics) -> None:
        """There is no way to."""

    def sample_link(self) -> LinkSample | None:
        self._protocol.look(self.flow, whole=True)
        self._protocol.keep(self.flow.keeps)
        return self.flow.sample(time.monotonic())

    # ---- the response

    async def run(self) -> None:
        """Write pictures until the session ends or the client is gone."""
        try:
            if not self._lengths:
                await self._write(PART, b"\r\n")
            while self._on_ready is not None:
                self._protocol.look(self.flow)
                if wait := self.flow.wait(time.monotonic()):
                    await asyncio.sleep(wait)
                    continue
                self._woken.clear()
                self._on_ready(self)
                await self._woken.wait()
                packet, self._packet = self._packet, None
                if packet is not None:
                    now = time.monotonic()
                    self.flow.sent(now, packet.size, packet.rendition.quality)
                    self.pulse.sent(packet.size)
                    if self._journey is not None:
                        self._journey.sent(now, self._offered_at, packet, packet.size, self.transport)
                    await self._write(*self._part(packet))
                    if self._journey is not None:
                        self._journey.left(time.monotonic() - now)
        except ClientDisconnected:
            return

    def _part(self, packet: Packet) -> tuple[Bytes, ...]:
        picture = memoryview(packet.data)[-packet.size :]
        if self._lengths:
            return PART, b"Content-Length: %d\r\n\r\n" % packet.size, picture, b"\r\n"
        return picture, b"\r\n", PART, b"\r\n"

    async def _write(self, *pieces: Bytes) -> None:
        await self._protocol.write(*pieces)
