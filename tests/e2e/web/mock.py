"""A stand-in for the server, for tests of the pages and the Socket.IO client alone. The real one is tested with real browsers.

It keeps what clients sent in `received`, sends frames when told to, and can misbehave on demand: WebSocket blocked, Socket.IO
blocked altogether, silent, stopped and started again on the same port.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import socketio
import uvicorn

from .answers import Receive, Scope, Send, answer, file, picture, reply

# What a server of the first version knew.
FIRST_EVENTS = {"subscribe", "unsubscribe", "quality:set", "fps:set", "adaptive:toggle", "stats:toggle", "echo", "binary"}
FIRST_EVENTS |= {f"input:{kind}" for kind in ("click", "move", "scroll", "text", "key")}
WAIT = 10.0  # seconds; only ever reached by a test that fails

Event = tuple[str, Any]


class Mock:
    """The server; `with Mock() as mock:` runs it."""

    def __init__(self, ping_interval: float = 25.0, ping_timeout: float = 20.0) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.interval = 0.05  # frame_capture_interval
        self._changed = threading.Condition()
        self._ping = (ping_interval, ping_timeout)
        self._shade = 0
        self.reset()

    def reset(self) -> None:
        """As if just made: no sessions, nothing received, nothing wrong."""
        self.sessions: dict[str, dict[str, Any]] = {}
        self.websocket_blocked = False
        self.socketio_blocked = False
        self.load_error = ""
        self.first_version = False
        self.login = False
        self.overview: dict[str, Any] | None = None
        self.polled = 0
        self.thumbnails: list[tuple[str, str, bool]] = []
        self.transports: list[str] = []
        self._received: list[Event] = []

    # ---- running

    def __enter__(self) -> Mock:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, from now on."""
        self._sio = socketio.AsyncServer(
            async_mode="asgi", ping_interval=self._ping[0], ping_timeout=self._ping[1], cors_allowed_origins=[]
        )
        self._sio.on("connect", self._connect)
        self._sio.on("*", self._event)
        self._engine = socketio.ASGIApp(self._sio)
        config = uvicorn.Config(
            self._application,
            port=self.port,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="mock")
        self._thread.start()
        self.wait(lambda: self._server.started, "the mock to start")

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        with asyncio.Runner() as runner:
            runner.run(serve())

    def stop(self) -> None:
        """End every connection and leave the port."""
        asyncio.run_coroutine_threadsafe(self._sio.shutdown(), self._loop).result(WAIT)
        self._server.should_exit = True
        self._thread.join(WAIT)

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def restart(self) -> None:
        """Stop, forget nothing, and start again on the same port."""
        self.stop()
        self.start()

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        """Wait until `done` returns something, and return that."""
        until = time.monotonic() + WAIT
        with self._changed:
            while not (result := done()):
                if time.monotonic() > until:
                    raise AssertionError(f"Waited {WAIT:g} s for {what}; received were {self._received[-20:]}.")
                self._changed.wait(0.02)
        return result

    # ---- what tests do with it

    def add(
        self, name: str = "one", width: int = 640, height: int = 360, title: str = "A title", url: str = "https://a.example/"
    ) -> None:
        """A session."""
        self.sessions[name] = {"width": width, "height": height, "title": title, "url": url, "created_at": time.time()}

    def emit(self, event: str, *data: Any) -> None:
        """Send to every client."""
        asyncio.run_coroutine_threadsafe(self._sio.emit(event, *data), self._loop).result(WAIT)

    def frame(self, name: str = "one") -> dict[str, Any]:
        """A new frame of a session."""
        self._shade += 37
        session = self.sessions[name]
        jpeg = picture(session["width"], session["height"], self._shade)
        return {"image": base64.b64encode(jpeg).decode(), "timestamp": time.time() * 1000, "size": len(jpeg), "seq": self._shade}

    def received(self, *events: str) -> list[Any]:
        """Payloads of these events so far."""
        with self._changed:
            return [data for event, data in self._received if event in events]

    def everything(self) -> list[Event]:
        """Events of input so far, but for pointer moves."""
        with self._changed:
            return [(event, data) for event, data in self._received if event.startswith("input:") and event != "input:move"]

    def forget(self) -> None:
        """Start counting anew."""
        with self._changed:
            self._received.clear()

    def expect(self, event: str, count: int = 1) -> list[Any]:
        """Wait for `count` of `event`."""
        self.wait(lambda: len(self.received(event)) >= count, f"{count} of {event}")
        return self.received(event)

    # ---- Socket.IO

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        self._note("connect", auth)

    async def _event(self, event: str, sid: str, *data: Any) -> None:
        payload: Any = data[0] if data else None
        if self.first_version and event not in FIRST_EVENTS:
            await self._sio.emit("error", {"message": f"There is no event {event!r}.", "code": "bad_request"}, to=sid)
        elif event == "subscribe":
            await self._subscribe(sid, payload["session_id"])
        elif event == "echo":
            await self._sio.emit("echo", payload, to=sid)
        elif event == "binary":
            await self._sio.emit("binary", {"first": b"\x00\xffone", "n": 7, "list": [b"two"]}, to=sid)
        elif event == "quality:set":
            await self._sio.emit("quality:updated", payload, to=sid)
        elif event == "input:click" and payload == {"x": 0, "y": 0}:
            await self._sio.emit("error", {"message": "Not there.", "code": "bad_request"}, to=sid)
        self._note(event, payload)

    async def _subscribe(self, sid: str, name: str) -> None:
        if name not in self.sessions:
            await self._sio.emit("error", {"message": f"There is no session {name!r}.", "code": "not_found"}, to=sid)
            return
        await self._sio.emit("subscribed", {"session_id": name, "fps": 30, "quality": 75, "adaptive": True}, to=sid)
        await self._sio.emit("frame", self.frame(name), to=sid)

    def _note(self, event: str, data: Any) -> None:
        with self._changed:
            self._received.append((event, data))
            self._changed.notify_all()

    # ---- HTTP

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/socket.io"):
            if scope["type"] == "websocket" and (self.websocket_blocked or self.socketio_blocked):
                await receive()
                await send({"type": "websocket.close"})
            elif self.socketio_blocked:
                await answer(send, 403, {"error": "Blocked."})
            else:
                self.transports.append(scope["type"])
                await self._engine(scope, receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"].endswith("/frame.jpg"):
            await self._thumbnail(send, scope)
        elif "/files/" in scope["path"]:
            self._note("upload", body)
            await answer(send, 200, {"success": True})
        else:
            await self._rest(send, scope["method"], scope["path"], json.loads(body or b"{}"))

    async def _thumbnail(self, send: Send, scope: Scope) -> None:
        name = scope["path"].split("/")[3]
        known = dict(scope["headers"]).get(b"if-none-match", b"").decode()
        tag = f'"{self.sessions[name]["url"]}"'
        self.thumbnails.append((name, known, b"passive=" in scope["query_string"]))
        if known == tag:
            await reply(send, 304, "image/jpeg", b"", etag=tag)
        else:
            await reply(send, 200, "image/jpeg", picture(320, 180, len(tag) * 40), etag=tag)

    async def _rest(self, send: Send, method: str, path: str, body: Any) -> None:
        parts = path.strip("/").split("/")
        if path in ("/", "/admin"):
            await file(send, "index.html" if path == "/" else "admin.html")
        elif parts[0] == "web":
            await file(send, parts[1])
        elif path == "/blank":
            await reply(send, 200, "text/html", b'<!DOCTYPE html><title>blank</title><script src="/web/engineio.js"></script>')
        elif path == "/api/info":
            await answer(send, 200, {"session_config": {"timeout": 300, "frame_capture_interval": self.interval}})
        elif parts[:2] == ["api", "admin"]:
            await self._admin(send, "/".join(parts[2:]), body)
        elif path == "/api/sessions":
            await answer(send, 200, {"active_sessions": len(self.sessions), "sessions": [self._listed(n) for n in self.sessions]})
        elif path == "/api/session/create":
            await self._create(send, body)
        elif parts[:2] == ["api", "session"] and len(parts) > 3:
            await self._session(send, parts[2], parts[3], body)
        else:
            await answer(send, 404, {"error": f"There is nothing at {path}.", "code": "not_found"})

    async def _admin(self, send: Send, what: str, body: Any) -> None:
        if self.overview is None:
            await answer(send, 403, {"error": "Your token does not allow that: it lacks the scope 'admin'.", "code": "forbidden"})
        elif what == "overview":
            await answer(send, 200, self.overview)
        else:
            self._note("admin", (what, body))
            await answer(send, 200, {"success": True, "told": 1} | ({"message": "Ended."} if what.endswith("/end") else {}))

    def _listed(self, name: str) -> dict[str, Any]:
        session = self.sessions[name]
        return {
            "session_id": name,
            "created_at": session["created_at"],
            "last_activity": session["created_at"],
            "current_page": session["url"],
            "title": session["title"],
            "width": session["width"],
            "height": session["height"],
            "viewers": 0,
        }

    async def _create(self, send: Send, body: Any) -> None:
        name = body.get("session_id", f"made-up-{len(self.sessions)}")
        self._note("create", body)
        if name in self.sessions:
            await answer(send, 409, {"error": f"There is a session {name!r} already.", "code": "conflict"})
            return
        self.add(name, body.get("width", 1280), body.get("height", 720), url=body.get("url", "about:blank"))
        made = {"success": True, "session_id": name}
        await answer(send, 201, made | ({"load_error": self.load_error} if self.load_error else {}))

    async def _session(self, send: Send, name: str, what: str, body: Any) -> None:
        session = self.sessions.get(name)
        if what == "viewer":
            await file(send, "viewer.html")
        elif session is None:
            await answer(send, 404, {"error": f"There is no session {name!r}.", "code": "not_found"})
        elif what == "frame":
            self.polled += 1
            self._shade += 37
            await reply(send, 200, "image/jpeg", picture(session["width"], session["height"], self._shade))
        elif what == "load":
            self._note("load", body)
            if self.load_error:
                await answer(send, 502, {"error": self.load_error, "code": "load_failed"})
                return
            session["url"], session["title"] = body["url"], f"Title of {body['url']}"
            await answer(send, 200, {"success": True, "page_info": {"title": session["title"], "url": session["url"]}})
        elif what == "ticket":
            self._note("ticket", body)
            if not self.login:
                await answer(send, 400, {"error": "Nobody logs in to this server.", "code": "bad_request"})
                return
            url = f"{self.url}/api/session/{name}/viewer#ticket={body['access']}"
            await answer(send, 201, {"viewer_url": url, "expires_at": time.time() + body["seconds"]})
        elif what == "close":
            del self.sessions[name]
            await answer(send, 200, {"success": True})
        else:
            page = {"title": session["title"], "url": session["url"]}
            await answer(send, 200, {"session_id": name, "page_info": page, "touch": session.get("touch", False)})
