"""What the mock server answers with: files of the pages, JSON, pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

WEB = Path(__file__).parents[3] / "api" / "web"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# As strict as the real server will be: a page that leans on anything inline fails here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def picture(width: int, height: int, shade: int) -> bytes:
    """A JPEG of coloured stripes that differs for each `shade`."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.linspace(20, 230, width, dtype=np.uint8)
    pixels[:, :, 1] = np.linspace(230, 60, height, dtype=np.uint8)[:, None]
    pixels[:, :, 2] = shade % 256
    jpeg: bytes = simplejpeg.encode_jpeg(pixels, quality=75, colorspace="RGB")
    return jpeg


async def file(send: Send, name: str) -> None:
    path = WEB / Path(name).name
    if path.is_file():
        await reply(send, 200, TYPES[path.suffix], path.read_bytes())
    else:
        await answer(send, 404, {"error": f"There is no page {name}.", "code": "not_found"})


async def answer(send: Send, status: int, data: Any) -> None:
    await reply(send, status, "application/json", json.dumps(data).encode())


async def reply(send: Send, status: int, kind: str, body: bytes, **more: str) -> None:
    headers = [("content-type", kind), ("content-security-policy", POLICY), ("cache-control", "no-store"), *more.items()]
    await send({"type": "http.response.start", "status": status, "headers": [(k.encode(), v.encode()) for k, v in headers]})
    await send({"type": "http.response.body", "body": body})


def overview() -> dict[str, Any]:
    """What GET /api/admin/overview might answer."""
    now = time.time()
    viewer = {
        "viewer_id": "v1",
        "sub": "ann",
        "address": "192.0.2.7",
        "transport": "websocket",
        "format": "jpeg-binary",
        "width": 1280,
        "height": 720,
        "grayscale": False,
        "quality": 80,
        "fps_limit": 30.0,
        "adaptive": True,
        "fps": 29.4,
        "bytes_per_second": 1_180_000.0,
        "frames": 18_240,
        "bytes": 730_000_000,
        "link": {"mbit": 21.9, "rtt_ms": 4.2, "beyond": False},
        "drops": {"link": 12, "pace": 3, "encoder": 0},
    }
    session = {
        "session_id": "kitchen",
        "owner": "ann",
        "created_at": now - 4000,
        "last_activity": now,
        "width": 1280,
        "height": 720,
        "page_info": {"title": "Harbour weather", "url": "https://weather.example/harbour"},
        "frames": 98_112,
        "rebuilds": 1,
        "rebuilding": False,
        "cpu": 0.38,
        "memory": 412_000_000,
        "viewers": [viewer],
    }
    kinds = [
        ("front", None, 0.04, 46),
        ("encoder", None, 0.13, 31),
        ("capture", "kitchen", 0.02, 24),
        ("xserver", "kitchen", 0.06, 21),
    ]
    return {
        "version": "0.1.0",
        "started_at": now - 90_000,
        "now": now,
        "connections": 1,
        "warm_sessions": 1,
        "sessions": [session],
        "processes": [
            {"pid": 4000 + index, "kind": kind, "session_id": of, "cpu": cpu, "memory": memory * 1_000_000}
            for index, (kind, of, cpu, memory) in enumerate([*kinds, ("browser", "kitchen", 0.3, 367)])
        ],
        "restarts": {"browser": 1, "encoder": 0, "egress": 4},
        "refused": {"full": 2},
        "dropped": {"link": 120, "pace": 3, "encoder": 0},
    }
