"""What an operator sees and does, over REST: all sessions and viewers of everybody, for whoever has the scope `admin`."""

from __future__ import annotations

import math
import time

from quart import Blueprint, Response
from quart_schema import document_request, document_response, tag

from api.admin_models import (
    Drops,
    LinkModel,
    MessageRequest,
    Overview,
    ProcessModel,
    ReasonRequest,
    Restarts,
    SessionModel,
    Told,
    ViewerModel,
)
from api.entrance import Entrance
from api.front import VERSION, Front
from api.login import check
from api.models import Closed, ErrorModel, PageModel
from api.request import answer, body
from api.session import Session
from api.watcher import Watcher
from engine.census import Process
from engine.errors import Forbidden, NotFound
from engine.identity import ADMIN

CODE = "operator_message"
NO_ADMIN = document_response(ErrorModel, 403)
NOT_THERE = document_response(ErrorModel, 404)


def routes(front: Front, entrance: Entrance) -> Blueprint:
    """The endpoints under /api/admin."""
    admin = Blueprint("admin", __name__, url_prefix="/api/admin")

    async def only_admin() -> None:
        check(await front.login.asker(), ADMIN)

    @admin.get("/overview")
    @tag(["admin"])
    @document_response(Overview)
    @NO_ADMIN
    async def overview() -> Response:
        """All sessions, viewers and processes, as they are now."""
        await only_admin()
        await front.look_at_processes()
        processes = front.processes.census.processes
        tally = front.sessions.tally()
        return answer(
            Overview(
                version=VERSION,
                started_at=front.started_at,
                now=time.time(),
                connections=entrance.connected,
                warm_sessions=front.sessions.warm,
                sessions=[_session(session, processes) for session in front.sessions.all()],
                processes=[ProcessModel(p.pid, p.kind, p.session, round(p.share, 3), p.memory) for p in processes],
                restarts=_restarts(front),
                refused=dict(front.sessions.refused),
                dropped=dict(tally.dropped),
            )
        )

    @admin.post("/session/<id>/end")
    @tag(["admin"])
    @document_request(ReasonRequest)
    @document_response(Closed)
    @NO_ADMIN
    @NOT_THERE
    async def session_end(id: str) -> Response:
        """End a session; its viewers are told why. Returns when its browser is gone."""
        await only_admin()
        session = front.sessions.get(id)
        why = (await body(ReasonRequest)).message or "The operator of the server has ended this session."
        await session.close(NotFound(why, code="session_closed"))
        return answer(Closed(True, id, f"The session {id!r} has been ended."))

    @admin.post("/session/<id>/message")
    @tag(["admin"])
    @document_request(MessageRequest)
    @document_response(Told)
    @NO_ADMIN
    @NOT_THERE
    async def session_message(id: str) -> Response:
        """Tell all viewers of a session something."""
        await only_admin()
        session = front.sessions.get(id)
        return answer(Told(True, _tell((await body(MessageRequest)).message, *session.stream.viewers)))

    @admin.post("/viewer/<viewer_id>/message")
    @tag(["admin"])
    @document_request(MessageRequest)
    @document_response(Told)
    @NO_ADMIN
    @NOT_THERE
    async def viewer_message(viewer_id: str) -> Response:
        """Tell one viewer something."""
        await only_admin()
        viewer = _viewer(front, viewer_id)
        return answer(Told(True, _tell((await body(MessageRequest)).message, viewer)))

    @admin.post("/viewer/<viewer_id>/disconnect")
    @tag(["admin"])
    @document_request(ReasonRequest)
    @document_response(Told)
    @NO_ADMIN
    @NOT_THERE
    async def viewer_disconnect(viewer_id: str) -> Response:
        """End a viewer's connection; it is told why, in an `error` event with the code `forbidden`."""
        await only_admin()
        viewer = _viewer(front, viewer_id)
        why = (await body(ReasonRequest)).message or "The operator of the server has ended your connection."
        viewer.dismiss(Forbidden(why))
        return answer(Told(True, int(_hears(viewer))))

    return admin


def _restarts(front: Front) -> Restarts:
    return Restarts(front.sessions.rebuilds, front.pool.statistics().restarts, front.egress_statistics().replaced)


def _viewer(front: Front, id: str) -> Watcher:
    for session in front.sessions.all():
        for viewer in session.stream.viewers:
            if viewer.id == id:
                return viewer
    raise NotFound(f"There is no viewer {id!r}; GET /api/admin/overview lists those there are.")


def _hears(viewer: Watcher) -> bool:
    return viewer.transport != "mjpeg"


def _tell(message: str, *viewers: Watcher) -> int:
    heard = [viewer for viewer in viewers if _hears(viewer)]
    for viewer in heard:
        viewer.tell("status", {"message": message, "code": CODE})
    return len(heard)


def _session(session: Session, processes: list[Process]) -> SessionModel:
    its = [process for process in processes if process.session == session.id]
    return SessionModel(
        session_id=session.id,
        owner=session.owner,
        created_at=session.created_at,
        last_activity=session.last_activity,
        width=session.width,
        height=session.height,
        page_info=PageModel(session.page.title, session.page.url),
        frames=session.stream.newest_seq,
        rebuilds=session.rebuilds,
        rebuilding=session.is_down,
        cpu=round(sum(process.share for process in its), 3),
        memory=sum(process.memory for process in its),
        viewers=[_viewer_model(session, viewer) for viewer in session.stream.viewers],
    )


def _viewer_model(session: Session, viewer: Watcher) -> ViewerModel:
    adaptation, flow, pulse = viewer.adaptation, viewer.flow, viewer.pulse
    drops = session.stream.statistics(viewer)
    width, height = viewer.view.width or session.width, viewer.view.height or session.height
    return ViewerModel(
        viewer_id=viewer.id,
        sub=viewer.sub,
        address=viewer.address,
        transport=viewer.transport,
        format=viewer.rendition.format,
        width=width,
        height=height,
        grayscale=viewer.rendition.grayscale,
        quality=adaptation.quality,
        fps_limit=adaptation.fps,
        adaptive=adaptation.enabled,
        fps=pulse.fps,
        bytes_per_second=pulse.bytes_per_second,
        frames=pulse.frames,
        bytes=pulse.bytes,
        link=LinkModel(
            round(flow.rate * 8 / 1e6, 3) if flow.rate else None,
            round(flow.rtt * 1000, 1) if flow.rtt < math.inf else None,
            flow.beyond,
        ),
        drops=Drops(drops.link, drops.pace, drops.encoder),
    )
