"""Pictures over plain HTTP, for clients that have nothing else: a stream of them, or one a request. See docs/protocol.md."""

from __future__ import annotations

import contextlib
import re
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_querystring, document_response, tag

from api.front import Front
from api.httpprotocol import HttpProtocol
from api.mjpeg import CONTENT_TYPE, MjpegViewer
from api.models import MAX_WAIT, ErrorModel, FrameQuery, JpegFile, MjpegStream, PictureQuery, StreamQuery, Unchanged
from api.request import check_fps, query
from api.session import Session
from api.stream import WAIT_FPS
from api.transport import EXTENSION
from engine.adaptation import START_QUALITY, Adaptation
from engine.asking import Asking
from engine.broadcast import Packet
from engine.errors import BadRequest, Unauthorized
from engine.identity import WATCH
from engine.messages import Rendition
from engine.view import View, view_of
from engine.watching import FRAMES_LATE, QUIET_SECONDS, Sharp, sharp_of

BAD = document_response(ErrorModel, 400)
NO_SESSION = document_response(ErrorModel, 404)
TAG = re.compile(r'"([0-9a-f]{8})-([0-9a-f]{1,16})-([0-9a-f]{16})"')


@dataclass(frozen=True, slots=True)
class Tag:
    """The entity tag of a picture.

    `source` is the same for pictures of one session in one rendition: of those, equal `seq` means the same frame. Equal `digest`
    means the same bytes: a frame may be new and yet look the same, and no poor link should carry it again.
    """

    source: str
    seq: int
    digest: str

    @classmethod
    def of(cls, source: str, packet: Packet) -> Tag:
        return cls(source, packet.seq, blake2b(picture(packet), digest_size=8).hexdigest())

    @classmethod
    def read(cls, header: str) -> list[Tag]:
        """The tags of ours in an If-None-Match header."""
        return [cls(source, int(seq, 16), digest) for source, seq, digest in TAG.findall(header)]

    def __str__(self) -> str:
        return f'"{self.source}-{self.seq:x}-{self.digest}"'


def picture(packet: Packet) -> memoryview:
    """The JPEG file in a packet of format "jpeg-binary"."""
    return memoryview(packet.data)[-packet.size :]


def source_of(session: Session, rendition: Rendition) -> str:
    return f"{zlib.crc32(repr((session.id, session.created_at, rendition)).encode()):08x}"


@dataclass(frozen=True, slots=True)
class Wish:
    """Of one request: the picture as `wanted`, none of the `known`.

    plain  the rendition that its link can take; `sharp`: where that is not the wanted one, and it was not owed before, the one
           that is sent once nothing moves any more
    """

    wanted: Rendition
    known: list[Tag]
    plain: Rendition
    sharp: Sharp | None = None
    passive: bool = False


async def changed(session: Session, wish: Wish, wait: float) -> tuple[Tag, Packet] | None:
    """The present picture, once it is none of those that the client knows; None when none such has come within `wait` seconds.

    A passive wish: the last picture that somebody else caused, if there is any.
    """
    passive = wish.passive and session.stream.newest_seq > 0
    source = source_of(session, wish.wanted)
    digests = {entry.digest for entry in wish.known}
    seen = max((entry.seq for entry in wish.known if entry.source == source), default=0)
    deadline = time.monotonic() + wait
    sharp = wish.sharp if seen else None
    if not passive:
        await session.refresh()
    while True:
        rendition = wish.plain
        if session.stream.newest_seq <= seen:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            quiet = QUIET_SECONDS + FRAMES_LATE / WAIT_FPS + sharp.patience if sharp is not None else left
            if not await session.newer(seen, min(left, quiet)):
                if sharp is None or quiet >= left:
                    return None
                rendition, sharp = sharp.rendition, None
        packet = await session.picture(rendition, passive=passive)
        found = Tag.of(source, packet)
        if found.digest not in digests:
            return found, packet
        seen = packet.seq


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever asks for one picture after the other over a connection."""

    protocol: HttpProtocol
    asking: Asking

    @classmethod
    def of(cls, session: Session, wanted: Rendition) -> Client | None:
        """Of this request. None where its connection is no socket that we know."""
        extensions: Any = request.scope.get("extensions") or {}
        protocol: HttpProtocol | None = extensions.get(EXTENSION)
        if protocol is None:
            return None
        key = session.id, session.created_at, wanted
        if protocol.asking is None or protocol.asking[0] != key:
            protocol.asking = key, Asking(wanted.quality)
        return cls(protocol, protocol.asking[1])

    def adapt(self, wish: Wish) -> Wish:
        """What its link can take of it."""
        if (link := self.protocol.link()) is None:
            return wish
        self.asking.asked(time.monotonic(), link.busy, link.min_rtt)
        adaptation = self.asking.adaptation
        plain = msgspec.structs.replace(wish.wanted, quality=adaptation.quality)
        sharp = sharp_of(plain, adaptation, self.asking) if self.asking.lowered else None
        return replace(wish, plain=plain, sharp=sharp)

    def answer(self, packet: Packet) -> None:
        """It gets this."""
        if (link := self.protocol.link()) is not None:
            self.asking.answered(link.busy, packet.size, packet.rendition.quality)


def routes(front: Front) -> Blueprint:
    """The endpoints, acting on `front`."""
    pictures = Blueprint("pictures", __name__)

    @pictures.get("/api/session/<id>/frame.jpg")
    @tag(["pictures"])
    @document_querystring(FrameQuery)
    @document_response(JpegFile)
    @document_response(Unchanged, 304)
    @BAD
    @NO_SESSION
    async def session_frame_jpg(id: str) -> Response:
        """The present picture as a JPEG file.

        Send the `ETag` of the last answer as `If-None-Match`, and a picture that has not changed is a 304 without a body; with
        `wait` the answer comes once it has changed, so that a client needs one request for each change. `passive` asks for
        the last picture that there is, without waking the page or keeping the session from expiring. One who waits for one
        picture after the other over one connection gets them in a quality that it can carry, and a sharp one when nothing moves.
        """
        asker = await front.login.asker(by_address=True)
        session = front.login.reach(asker, id, WATCH)
        wanted = query(FrameQuery)
        if not 0 <= wanted.wait <= MAX_WAIT:
            raise BadRequest(f"The query: `wait` must be from 0 to {MAX_WAIT} seconds.")
        if wanted.passive and wanted.wait:
            raise BadRequest("The query: `wait` asks for a change, and `passive` asks for none; give one of them.")
        rendition = _view(session, wanted).rendition(wanted.quality or START_QUALITY)
        known = Tag.read(request.headers.get("If-None-Match", ""))
        wish = Wish(rendition, known, rendition, passive=wanted.passive)
        client = Client.of(session, rendition) if wanted.wait and wanted.adaptive else None
        if client is not None:
            wish = client.adapt(wish)
        found = await front.login.while_valid(asker, changed(session, wish, wanted.wait))
        # No-cache: keep it, but ask. That is what makes browsers send If-None-Match by themselves.
        headers = {"Cache-Control": "no-cache"}
        if found is None:
            return Response(b"", 304, headers=headers | {"ETag": str(known[0])})
        tag, packet = found
        if client is not None:
            client.answer(packet)
        return Response(bytes(picture(packet)), content_type="image/jpeg", headers=headers | {"ETag": str(tag)})

    @pictures.get("/api/session/<id>/stream.mjpeg")
    @tag(["pictures"])
    @document_querystring(StreamQuery)
    @document_response(MjpegStream)
    @BAD
    @NO_SESSION
    async def session_stream_mjpeg(id: str) -> Response:
        """The session's pictures as one endless response, which an `<img>` shows as they come.

        It ends with the session. Quality and rate adapt to the link as they do for every viewer.
        """
        asker = await front.login.asker(by_address=True)
        session = front.login.reach(asker, id, WATCH)
        session.check_viewers()
        wanted = query(StreamQuery)
        adaptation = Adaptation()
        adaptation.enable(wanted.adaptive)
        if wanted.quality is not None:
            adaptation.set_quality(wanted.quality)
        if wanted.fps is not None:
            adaptation.set_fps(check_fps(wanted.fps, front.settings.max_fps, "The query"))
        view = _view(session, wanted)
        headers = {"Cache-Control": "no-store"}
        if request.method == "HEAD":
            return Response(b"", content_type=CONTENT_TYPE, headers=headers)
        extensions: Any = request.scope.get("extensions") or {}
        protocol: HttpProtocol | None = extensions.get(EXTENSION)
        if protocol is None or not protocol.stream(request.scope):
            raise BadRequest("A stream needs a connection of its own: send no other request on it.")
        viewer = MjpegViewer(protocol, view, adaptation, lengths=wanted.lengths, sub=asker.sub, address=request.remote_addr or "")

        async def body() -> AsyncIterator[bytes]:
            if session.closed:
                return
            session.watch(viewer)
            try:
                # Writes past the framework, without a copy and only as fast as the link takes it.
                with contextlib.suppress(Unauthorized):  # its answer began long ago: all that is left is to end it
                    await front.login.while_valid(asker, viewer.run())
            finally:
                if not session.closed:
                    session.unwatch(viewer)
            yield b""

        response = Response(body(), content_type=CONTENT_TYPE, headers=headers)
        response.timeout = None
        return response

    return pictures


def _view(session: Session, wanted: PictureQuery) -> View:
    return view_of(
        session.width, session.height, wanted.max_width, wanted.max_height, format="jpeg-binary", grayscale=wanted.grayscale
    )
