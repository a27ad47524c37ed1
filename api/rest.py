"""The REST side: sessions made, loaded, listed, polled and closed. What is sent and answered is in `api.models`."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from msgspec import UNSET
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response, tag

from api.front import VERSION, Front
from api.gate import one_client
from api.login import check, sees
from api.models import (
    Closed,
    Created,
    CreateRequest,
    ErrorModel,
    FrameData,
    Health,
    Info,
    KeptAlive,
    Listed,
    Loaded,
    LoadRequest,
    PageModel,
    PngFile,
    Ready,
    Resized,
    ResizeRequest,
    ServiceInfo,
    SessionConfig,
    SessionList,
    Ticket,
    TicketRequest,
)
from api.request import answer, body, page_url
from api.session import Session
from engine.errors import JiomosaError
from engine.identity import CONTROL, CREATE, WATCH, Identity
from engine.messages import Rendition
from engine.settings import Settings

PNG, PNG_JSON = Rendition("png", 0), Rendition("png-json", 0)
NOT_CACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
NO_SESSION = document_response(ErrorModel, 404)
BAD = document_response(ErrorModel, 400)


def routes(front: Front) -> Blueprint:
    """All REST endpoints, acting on `front`."""
    rest = Blueprint("rest", __name__)

    @rest.post("/api/session/create")
    @tag(["sessions"])
    @document_request(CreateRequest)
    @document_response(Created, 201)
    @document_response(ErrorModel, 409)
    @document_response(ErrorModel, 429)
    @document_response(ErrorModel, 503)
    @BAD
    async def session_create() -> Response:
        """Create a session.

        Every field is optional, and so is the body. Returns once its browser is ready and, where a `url` was given, that page
        has loaded; a page that does not load is told in `load_error`, and the session is there all the same.
        """
        asker = await front.login.asker()
        check(asker, CREATE)
        wanted = await body(CreateRequest)
        url = None if wanted.url is None else page_url(wanted.url)
        maker = maker_of(asker, request.remote_addr, front.settings)
        session = await front.sessions.create(wanted.session_id, wanted.device(), maker)
        session.owner = asker.sub  # before anything else runs: until then it is nobody's
        load_error: Any = UNSET
        page: Any = UNSET
        if url is not None:
            try:
                page = _page(await session.load(url))
            except JiomosaError as error:
                load_error = error.message
        root = request.host_url.rstrip("/")
        return answer(
            Created(
                success=True,
                session_id=session.id,
                created_at=session.created_at,
                width=session.width,
                height=session.height,
                websocket_url=root,
                viewer_url=f"{root}/api/session/{session.id}/viewer",
                page_info=page,
                load_error=load_error,
            ),
            201,
        )

    @rest.post("/api/session/<id>/load")
    @tag(["sessions"])
    @document_request(LoadRequest)
    @document_response(Loaded)
    @document_response(ErrorModel, 502)
    @BAD
    @NO_SESSION
    async def session_load(id: str) -> Response:
        """Load a page, and wait until it has loaded."""
        session = await front.login.session(id, CONTROL)
        url = page_url((await body(LoadRequest)).url)
        page = await session.load(url)
        return answer(Loaded(True, f"Loaded {page.url}", _page(page)))

    @rest.get("/api/session/<id>/info")
    @tag(["sessions"])
    @document_response(Info)
    @NO_SESSION
    async def session_info(id: str) -> Response:
        """A session, with the present title and address of its page."""
        session = await front.login.session(id, WATCH)
        page = await session.present_page()
        return answer(
            Info(
                session_id=session.id,
                created_at=session.created_at,
                last_activity=session.last_activity,
                width=session.width,
                height=session.height,
                viewers=len(session.stream.viewers),
                newest_seq=session.stream.newest_seq,
                page_info=_page(page),
                touch=session.device.touch,
            )
        )

    @rest.post("/api/session/<id>/resize")
    @tag(["sessions"])
    @document_request(ResizeRequest)
    @document_response(Resized)
    @BAD
    @NO_SESSION
    async def session_resize(id: str) -> Response:
        """Give the session's screen another size, at most its `max_width` x `max_height`; its viewers stay, and are told."""
        session = await front.login.session(id, CONTROL)
        wanted = await body(ResizeRequest)
        await session.resizing.to(wanted.width, wanted.height)
        return answer(Resized(True, session.id, session.width, session.height))

    @rest.post("/api/session/<id>/keepalive")
    @tag(["sessions"])
    @document_response(KeptAlive)
    @NO_SESSION
    async def session_keepalive(id: str) -> Response:
        """Begin the session's time anew."""
        session = await front.login.session(id, WATCH)
        session.expiry.active(time.monotonic())
        return answer(KeptAlive(True, session.id, session.last_activity))

    @rest.route("/api/session/<id>/close", methods=["POST", "DELETE"])
    @tag(["sessions"])
    @document_response(Closed)
    @NO_SESSION
    async def session_close(id: str) -> Response:
        """Close a session; returns when its browser is gone."""
        await front.login.session(id, CONTROL)
        await front.sessions.close(id)
        return answer(Closed(True, id, f"The session {id!r} has been closed."))

    @rest.post("/api/session/<id>/ticket")
    @tag(["sessions"])
    @document_request(TicketRequest)
    @document_response(Ticket, 201)
    @BAD
    @NO_SESSION
    async def session_ticket(id: str) -> Response:
        """Make a ticket: who shows it may watch, or also control, this one session for a while.

        It is shown like a token; for pictures also as `?ticket=`, since an `<img>` can say nothing else.
        """
        asker = await front.login.asker()
        wanted = await body(TicketRequest)
        session = front.login.reach(asker, id, WATCH)
        if wanted.access == "control":
            check(asker, CONTROL)
        expires_at = int(time.time() + wanted.seconds)
        ticket = front.login.ticket(asker, session, wanted.access, expires_at)
        viewer_url = f"{request.host_url.rstrip('/')}/api/session/{id}/viewer#ticket={ticket}"
        return answer(Ticket(True, id, ticket, wanted.access, expires_at, viewer_url), 201)

    @rest.get("/api/sessions")
    @tag(["sessions"])
    @document_response(SessionList)
    async def sessions_list() -> Response:
        """The sessions that whoever asks may see: their own, or all where nobody logs in."""
        asker = await front.login.asker()
        check(asker, WATCH)
        sessions = [session for session in front.sessions.all() if sees(asker, session)]
        await asyncio.gather(*(_refresh_page(session) for session in sessions))
        listed = [
            Listed(s.id, s.created_at, s.last_activity, s.page.url, s.page.title, s.width, s.height, len(s.stream.viewers))
            for s in sessions
            if not s.closed
        ]
        return answer(SessionList(len(listed), listed))

    @rest.get("/api/session/<id>/frame")
    @tag(["polling"])
    @document_response(PngFile)
    @NO_SESSION
    async def session_frame(id: str) -> Response:
        """The present picture as a PNG file."""
        session = await front.login.session(id, WATCH, by_address=True)
        png = await session.poll(PNG)
        return Response(png, content_type="image/png", headers=NOT_CACHED)

    @rest.get("/api/session/<id>/frame/data")
    @tag(["polling"])
    @document_response(FrameData)
    @NO_SESSION
    async def session_frame_data(id: str) -> Response:
        """The present picture as base64 of a PNG file, in JSON."""
        session = await front.login.session(id, WATCH, by_address=True)
        picture = await session.poll(PNG_JSON)
        # The picture is megabytes of base64 that need no escaping: it goes into the JSON text as it is.
        head = f'{{"success":true,"session_id":"{session.id}","timestamp":{time.time():.3f},"frame":"'
        return Response(head.encode() + picture + b'","format":"png"}', content_type="application/json", headers=NOT_CACHED)

    @rest.get("/health")
    @tag(["server"])
    @document_response(Health)
    async def health() -> Response:
        """Whether the server is alive."""
        return answer(Health("healthy", len(front.sessions), "enabled"))

    @rest.get("/ready")
    @tag(["server"])
    @document_response(Ready)
    @document_response(ErrorModel, 503)
    async def ready() -> Response:
        """Whether the server would start another session (of 1280x720 pixels) now; for load balancers."""
        front.sessions.check_room(1280, 720)
        return answer(Ready("ready"))

    @rest.get("/api/info")
    @tag(["server"])
    @document_response(ServiceInfo)
    async def info() -> Response:
        """What this server is, and where its endpoints are."""
        settings = front.settings
        return answer(
            ServiceInfo(
                service="Jiomosa",
                version=VERSION,
                endpoints=ENDPOINTS,
                session_config=SessionConfig(settings.session_timeout, settings.frame_capture_interval),
            )
        )

    return rest


ENDPOINTS = {
    "health": "/health",
    "ready": "/ready",
    "info": "/api/info",
    "session_create": "/api/session/create",
    "session_load": "/api/session/{session_id}/load",
    "session_info": "/api/session/{session_id}/info",
    "session_resize": "/api/session/{session_id}/resize",
    "session_keepalive": "/api/session/{session_id}/keepalive",
    "session_ticket": "/api/session/{session_id}/ticket",
    "session_back": "/api/session/{session_id}/back",
    "session_forward": "/api/session/{session_id}/forward",
    "session_reload": "/api/session/{session_id}/reload",
    "session_stop": "/api/session/{session_id}/stop",
    "session_dialog": "/api/session/{session_id}/dialog",
    "session_dialogs": "/api/session/{session_id}/dialogs",
    "session_tabs": "/api/session/{session_id}/tabs",
    "session_close": "/api/session/{session_id}/close",
    "sessions_list": "/api/sessions",
    "session_frame": "/api/session/{session_id}/frame",
    "session_frame_data": "/api/session/{session_id}/frame/data",
    "session_frame_jpg": "/api/session/{session_id}/frame.jpg",
    "session_stream_mjpeg": "/api/session/{session_id}/stream.mjpeg",
    "session_viewer": "/api/session/{session_id}/viewer",
    "admin_overview": "/api/admin/overview",
    "metrics": "/metrics",
    "websocket": "/socket.io/",
    "docs": "/docs",
    "openapi": "/openapi.json",
    "asyncapi": "/asyncapi.json",
}


def maker_of(asker: Identity, address: str | None, settings: Settings) -> str | None:
    """Whose sessions a new one is counted with, for MAX_SESSIONS_PER_USER; None: nobody's."""
    if settings.for_this_machine_alone:
        return None
    return f"address {one_client(address or '')}" if asker.sub is None else f"user {asker.sub}"


def _page(page: Any) -> PageModel:
    return PageModel(page.title, page.url)


async def _refresh_page(session: Session) -> None:
    try:
        await session.present_page()
    except JiomosaError:
        return  # it is closing, or does not answer: what was known last is what there is to list
