"""The viewers of a fault: lean ones (`bench.load`), all served by one thread, which note what came when.

Frames flow from the first one on after which, for a second, none comes more than a quarter of a second after the one before.
"""

from __future__ import annotations

import itertools
import re
import select
import threading
import time
from types import TracebackType
from typing import Self

from bench import load
from bench.load import Plan, Watch

FPS = 30.0
GAP_SECONDS, STEADY_SECONDS = 0.25, 1.0
TICK_SECONDS = 0.05
CODE = re.compile(rb'"code":"(\w+)"')


class Spectator(load.Viewer):
    """One viewer. `frames`: (CLOCK_MONOTONIC seconds, seq); `told`: (the same, a code or the words of a status)."""

    def __init__(self, address: str, session: str, fps: float = FPS) -> None:
        watch = Watch(session, fps)
        super().__init__(Plan(address, [watch], 0.0), watch, [0])
        self.frames: list[tuple[float, int]] = []
        self.told: list[tuple[float, str]] = []
        self.lost = False  # its connection

    def _message(self, text: bytes) -> None:
        fields = load.FIELDS.search(text, max(0, len(text) - load.TAIL)) if self._length > load.TAIL else None
        if fields is not None:
            self.frames.append((time.monotonic(), int(fields.group(3))))
        elif text == b"2":
            self._send("3")
        elif found := CODE.search(text):
            self.told.append((time.monotonic(), found[1].decode()))

    def click(self) -> None:
        """In the middle of a small picture."""
        self._send('42["input:click",{"x":100,"y":100}]')

    def heard(self, code: str, since: float) -> float | None:
        """When it was told `code`."""
        return next((at for at, what in self.told if what == code and at >= since), None)

    def flows_since(self, since: float) -> float | None:
        """From when on frames flow, none before `since`; None: they do not yet."""
        begin: float | None = None
        last = since
        for at, _ in list(self.frames):
            if at < since:
                continue
            if begin is None or at - last > GAP_SECONDS:
                begin = at
            last = at
            if at - begin >= STEADY_SECONDS:
                return begin
        return None

    def longest_gap(self, since: float, until: float) -> float:
        """Seconds without a frame."""
        times = [since, *(at for at, _ in list(self.frames) if since <= at <= until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def missing(self, since: float, until: float) -> int:
        """Frames that were grabbed and not shown to it."""
        seqs = [seq for at, seq in list(self.frames) if since <= at <= until]
        return sum(max(0, later - earlier - 1) for earlier, later in itertools.pairwise(seqs))


class Audience:
    """All spectators, and the thread that serves them."""

    def __init__(self) -> None:
        self._ready = select.epoll()
        self._by_fd: dict[int, Spectator] = {}
        self._lock = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def seat(self, address: str, session: str, fps: float = FPS) -> Spectator:
        spectator = Spectator(address, session, fps)
        spectator.go()
        with self._lock:
            self._by_fd[spectator.socket.fileno()] = spectator
            self._ready.register(spectator.socket, select.EPOLLIN)
        return spectator

    def dismiss(self, spectator: Spectator) -> None:
        with self._lock:
            if self._by_fd.pop(spectator.socket.fileno(), None) is not None:
                self._ready.unregister(spectator.socket)
        spectator.socket.close()

    def _serve(self) -> None:
        while not self._over:
            for fd, _ in self._ready.poll(TICK_SECONDS):
                with self._lock:
                    spectator = self._by_fd.get(fd)
                    if spectator is None:
                        continue
                    try:
                        spectator.receive()
                    except (OSError, RuntimeError):
                        spectator.lost = True
                        del self._by_fd[fd]
                        self._ready.unregister(fd)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over = True
        self._thread.join()
        for spectator in list(self._by_fd.values()):
            self.dismiss(spectator)
        self._ready.close()
