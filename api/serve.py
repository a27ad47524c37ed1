"""`jiomosa serve`: from settings to a server that runs until it is told to stop.

On SIGINT or SIGTERM: no new sessions; those there are go on for DRAIN_SECONDS; then viewers told, sessions closed, connections,
and encoders. A second signal waits neither for sessions nor for connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import resource
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

from api.app import build
from api.front import VERSION, Front
from api.httpprotocol import HttpProtocol
from api.link import TCP_USER_TIMEOUT
from api.silent import Silent
from api.sweep import sweep
from api.transport import StreamProtocol
from engine import logs, precedence
from engine.checks import is_loopback
from engine.child import name_process
from engine.errors import ConfigurationError
from engine.settings import Settings

if TYPE_CHECKING:
    from api.otel import Tracing

log = logs.logger("jiomosa.serve")

BACKLOG = 1024
GRACE_SECONDS = 3  # for connections that do not close by themselves


def serve(settings: Settings) -> None:
    """Serve until a signal. Raises `JiomosaError` when it cannot start."""
    name_process("front")
    precedence.go_first()
    sweep(settings.runtime_dir)
    # Logins commonly allow 1024 open files softly and many more hard; each viewer takes one.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.closing(_listen(settings)) as listener:
        uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    tls = _tls(settings)
    tracing = _tracing()
    front = Front(settings)
    await front.start()
    config = uvicorn.Config(
        build(front, None if tracing is None else tracing.trace_requests),
        ws=StreamProtocol,
        http=_http(settings),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,  # JPEG does not deflate
        ws_max_size=4_000_000,  # above Socket.IO's own limit, which answers more kindly
        ws_ping_interval=None,  # Engine.IO pings
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        ssl_context_factory=None if tls is None else lambda config, default: tls,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if tls is None else "https"
    log.info("serving", address=f"{scheme}://{shown}:{port}", encoders=settings.encoder_count, version=VERSION)
    try:
        await _Server(config, front).serve(sockets=[listener])
    finally:
        await front.close()
        if tracing is not None:
            await asyncio.to_thread(tracing.shutdown)  # sends what has not been sent
    log.info("stopped")


def _http(settings: Settings) -> Any:
    """What uvicorn makes its HTTP connections with."""
    return functools.partial(HttpProtocol, patience=settings.viewer_timeout, silent=Silent.of(settings))


def _tracing() -> Tracing | None:
    """What collects traces; None where nobody wants them, and nothing of it is loaded then. Raises `ConfigurationError`."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from api.otel import Tracing, exporting

    return Tracing(VERSION, exporting())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, front: Front) -> None:
        super().__init__(config)
        self._front = front
        self._hurry = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._hurry.set()
        else:
            log.info("stopping", signal=signal.Signals(sig).name, sessions=len(self._front.sessions))
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal again once all is done; we want to end with exit code 0.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Viewers are told why before their connections are closed; until then requests are answered.
        await self._front.sessions.drain(self._front.settings.drain_seconds, self._hurry)
        await self._front.sessions.close_all()
        await super().shutdown(sockets)


def check_reachable(settings: Settings, address: str) -> None:
    """Raises `ConfigurationError` where others could reach `address` and nobody would be asked who they are."""
    if settings.login_configured or settings.auth == "none" or is_loopback(address):
        return
    raise ConfigurationError(
        f"HOST is {settings.host!r}, which others can reach, and nobody would be asked who they are: they could use every "
        "session, and open any public page. Either have them log in, with AUTH_SECRET or AUTH_JWKS, or say with AUTH=none that "
        "something in front of it asks, or that all of them may. For this machine alone leave HOST out."
    )


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """What https needs; None where it is not wanted. Raises `ConfigurationError`."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise ConfigurationError("TLS_CERTIFICATE and TLS_KEY go together; only one of them is set.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")  # never ask a terminal for one
    except OSError as error:  # which ssl.SSLError is, too
        raise ConfigurationError(
            f"TLS_CERTIFICATE {certificate!r} and TLS_KEY {key!r} cannot be used: {error.strerror or error}. "
            "They must be PEM files that belong together, the key without a password."
        ) from None
    return context


def _listen(settings: Settings) -> socket.socket:
    try:
        info = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = info[0]
        check_reachable(settings, str(address[0]))
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}. "
            "Is another server running there? Choose another with --port or PORT."
        ) from None
    # Its connections inherit it. A client that stops reading is otherwise never let go: whatever serves it waits for good.
    listener.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, int(settings.viewer_timeout * 1000))
    if settings.congestion_control:
        try:
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, settings.congestion_control.encode())
        except OSError:
            listener.close()
            available = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
            known = available.read_text().split() if available.exists() else []
            raise ConfigurationError(
                f"This system has no congestion control called {settings.congestion_control!r} for us; set CONGESTION_CONTROL to "
                f"one of {', '.join(known)}, or leave it empty."
            ) from None
    listener.setblocking(False)
    return listener
