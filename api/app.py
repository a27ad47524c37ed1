"""The ASGI application: REST and the pages by Quart, Socket.IO beside it, errors as sentences everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import socketio
from quart import Blueprint, Quart, Response, request, send_from_directory
from quart_schema import Info, QuartSchema, hide
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.admin import routes as admin_routes
from api.asyncapi import document
from api.events import Sockets
from api.front import VERSION, Front
from api.gate import Gate, Limits, origins_of
from api.metrics import routes as metrics_routes
from api.models import ErrorModel
from api.openapi import Provider
from api.pictures import routes as picture_routes
from api.request import answer
from api.rest import routes
from api.rest_browsing import routes as browsing_routes
from api.uploads import request_class
from api.uploads import routes as upload_routes
from engine import logs
from engine.checks import is_loopback
from engine.errors import JiomosaError, TooLarge
from engine.settings import Settings

log = logs.logger("jiomosa.app")

WEB = Path(__file__).parent / "web"
# Our pages load nothing from outside, and have no scripts or styles in their text.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
MAX_BODY_BYTES = 64 * 1024  # of a REST request; the largest, a URL, is bounded at an eighth of this


def headers_of(settings: Settings) -> dict[str, str]:
    """What every answer of REST and of the pages says, unless it says otherwise itself."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # of what is no page
        "Cross-Origin-Resource-Policy": "cross-origin" if settings.allowed_origins else "same-origin",
        "Cache-Control": "no-store",
    }
    if settings.tls_certificate and not is_loopback(settings.host):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def build(front: Front, prepare: Callable[[Quart], None] | None = None) -> Any:
    """The application that serves `front`; `prepare` may add to its REST side, before all else."""
    app = Quart("jiomosa", static_folder=None)
    if prepare is not None:
        prepare(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.request_class = request_class(front.settings.max_upload * 1_000_000)
    QuartSchema(
        app,
        info=Info(
            title="Jiomosa", version=VERSION, description="Real web browsers, streamed live to devices too weak to run one."
        ),
        conversion_preference="msgspec",
        openapi_provider_class=Provider,
        # Its documentation pages load scripts from other hosts; ours (api/web/docs.html) does not.
        redoc_ui_path=None,
        scalar_ui_path=None,
        swagger_ui_path=None,
    )
    origins = origins_of(front.settings)
    sockets = Sockets(front, origins)
    app.register_blueprint(routes(front))
    app.register_blueprint(browsing_routes(front))
    app.register_blueprint(admin_routes(front, sockets))
    limits = Limits(front.settings)
    app.register_blueprint(metrics_routes(front, sockets, limits))
    app.register_blueprint(picture_routes(front))
    app.register_blueprint(upload_routes(front))
    app.register_blueprint(_pages(front))
    app.register_error_handler(JiomosaError, _explained)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    headers = headers_of(front.settings)

    @app.after_request
    async def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        origin = request.headers.get("Origin")
        if origin and origins.allows(origin, request.host):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE, OPTIONS"
        return response

    return Gate(socketio.ASGIApp(sockets, app), origins, limits)


def _pages(front: Front) -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.after_request
    async def add_headers(response: Response) -> Response:
        # Old WebViews do not count a WebSocket to the page's own host as 'self'.
        response.headers["Content-Security-Policy"] = f"{POLICY}; connect-src 'self' ws://{request.host} wss://{request.host}"
        response.headers["Cache-Control"] = "no-cache"  # asks each time, and is told with an ETag that nothing has changed
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response

    @pages.get("/")
    @hide
    async def start() -> Response:
        return await send_from_directory(WEB, "index.html")

    @pages.get("/admin")
    @hide
    async def admin() -> Response:  # the page shows nothing by itself: what it asks for wants the scope
        return await send_from_directory(WEB, "admin.html")

    @pages.get("/asyncapi.json")
    @hide
    async def asyncapi() -> Response:
        return Response(msgspec.json.encode(document()), content_type="application/json")

    @pages.get("/docs")
    @hide
    async def docs() -> Response:
        return await send_from_directory(WEB, "docs.html")

    @pages.get("/web/<path:name>")
    @hide
    async def web(name: str) -> Response:
        return await send_from_directory(WEB, name)

    @pages.get("/api/session/<id>/viewer")
    @hide
    async def viewer(id: str) -> Response:
        if not front.login.required:  # else it is the page's own requests that show who asks: a link cannot
            front.sessions.get(id)
        return await send_from_directory(WEB, "viewer.html")

    return pages


async def _explained(error: JiomosaError) -> Response:
    response = answer(ErrorModel(error.message, error.code), error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code = TooLarge.code if status == TooLarge.status else (error.name or "error").lower().replace(" ", "_")
    sentences = {
        404: f"There is nothing at {request.path}; GET /api/info lists the endpoints.",
        405: f"{request.path} does not take {request.method}; GET /openapi.json says what it takes.",
        413: f"The request body is larger than {MAX_BODY_BYTES // 1024} KiB.",
    }
    response = answer(ErrorModel(sentences.get(status) or error.description or error.name, code), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


async def _unexpected(error: Exception) -> Response:
    log.error("request failed inside", method=request.method, path=request.path, exc_info=error)
    return answer(ErrorModel("Something went wrong inside the server; its log says more.", "internal"), 500)
