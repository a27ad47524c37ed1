"""Clients of plain HTTP: what comes of a stream of pictures, or of one long poll after the other."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

Picture = tuple[float, int, bytes]  # epoch seconds of its last byte, bytes that it took, the file
STEP_SECONDS = 0.2  # the longest that closing takes; a long poll: WAIT_SECONDS
WAIT_SECONDS = 2
ENDS = b"\r\n\r\n"


def stream(address: str, session: str, closing: threading.Event, options: dict[str, Any]) -> Iterator[Picture]:
    """The pictures of stream.mjpeg until `closing`; each part says its length."""
    where = urlsplit(address)
    query = urlencode({"lengths": "true"} | options)
    with socket.create_connection((where.hostname or "", where.port or 80)) as connection:
        request = f"GET /api/session/{session}/stream.mjpeg?{query} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n"
        connection.sendall(request.encode())
        connection.settimeout(STEP_SECONDS)
        data, head = b"", 0
        while not closing.is_set():
            with contextlib.suppress(TimeoutError):
                part = connection.recv(1 << 16)
                if not part:
                    raise ConnectionError(f"The server ended the stream: {data[:200]!r}.")
                data += part
            arrived = time.time()
            while (end := data.find(ENDS)) >= 0:
                found = data[:end].lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                head, length = end + len(ENDS), int(found or 0)
                if len(data) < head + length:
                    break
                if length:
                    yield arrived, head + length, data[head : head + length]
                data = data[head + length :]


def frames(address: str, session: str, closing: threading.Event, options: dict[str, Any]) -> Iterator[Picture]:
    """One picture after the other, each asked for with the tag of the last."""
    where = urlsplit(address)
    path = f"/api/session/{session}/frame.jpg?" + urlencode({"wait": WAIT_SECONDS} | options)
    tag = ""
    with contextlib.closing(HTTPConnection(where.hostname or "", where.port, timeout=10 * WAIT_SECONDS)) as connection:
        while not closing.is_set():
            connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
            answer = connection.getresponse()
            picture = answer.read()
            arrived = time.time()
            tag = answer.getheader("ETag") or ""
            if answer.status == 200:
                yield arrived, len(picture), picture
            elif answer.status != 304:
                raise ConnectionError(f"The server answered with {answer.status}: {picture.decode(errors='replace')}")
