"""A proxy that takes whatever a server sends, as fast as it comes, and keeps it for its client."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from bench.links import pair
from bench.links.pair import Link

KEEPS = 1 << 20  # bytes


@contextlib.contextmanager
def proxy(link: Link, address: str) -> Iterator[str]:
    """A proxy at the near end of `link` for the server at `address`; its own address."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    with link.near():
        listener = socket.create_server((pair.SERVER, 0))

    serving: list[threading.Thread] = []

    def accept() -> None:
        with link.near(), contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                server = socket.create_connection((host, int(port)))
                serving.append(threading.Thread(target=_serve, args=(client, server)))
                serving[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    with listener:
        yield f"http://{pair.SERVER}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for thread in serving:
        thread.join()


def _serve(client: socket.socket, server: socket.socket) -> None:
    with client, server:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEEPS)
        there = threading.Thread(target=_pump, args=(client, server))
        there.start()
        _pump(server, client)
        there.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
