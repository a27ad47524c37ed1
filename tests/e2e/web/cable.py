"""A network cable between browser and server, to be unplugged: what was sent is on its way until it is plugged in again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

CHUNK = 1 << 16


class Cable:
    """`address`: the server's, at the browser's end of the cable."""

    def __init__(self, address: str, far: tuple[str, int]) -> None:
        self.address = address
        self._far = far
        self._plugged = threading.Event()
        self._plugged.set()
        self._open: set[socket.socket] = set()

    def unplug(self) -> None:
        """Nothing gets through; nobody is told, as with a real one."""
        self._plugged.clear()

    def plug(self) -> None:
        """All that waited goes on."""
        self._plugged.set()

    def carry(self, near: socket.socket) -> None:
        """Both ways of a connection, each in a thread."""
        self._plugged.wait()
        try:
            far = socket.create_connection(self._far)
        except OSError:
            near.close()
            return
        self._open |= {near, far}
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._plugged.wait()
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End every connection."""
        self.plug()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes whoever reads from it
            one.close()


@contextlib.contextmanager
def to(address: str) -> Iterator[Cable]:
    """A cable to the server at `address`."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cable = Cable(f"http://127.0.0.1:{listener.getsockname()[1]}", (host, int(port)))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    near = listener.accept()[0]
                    threading.Thread(target=cable.carry, args=(near,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield cable
        cable.close()
        listener.shutdown(socket.SHUT_RDWR)
