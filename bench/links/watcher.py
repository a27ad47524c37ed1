"""A viewer at the far end of a link, that notes what comes and when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from bench import clock
from bench.client import Client, Event, Frame
from bench.links import http
from bench.links.pair import Link
from bench.polling import PollingClient

Transport = Literal["websocket", "polling", "stream.mjpeg", "frame.jpg"]
STEP_SECONDS = 0.2  # the longest that closing takes


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame. `at`: epoch seconds of its last byte; `age`: seconds from its grab until then; `wire`: bytes of its message.

    Over plain HTTP nobody says `seq` and `quality`, and the age is that of the clock in the picture: feed(..., time=True).
    """

    at: float
    age: float
    wire: int
    seq: int
    quality: int


class Watcher:
    """Watches `session` from construction to `close`. `options` are those of `subscribe`, or over plain HTTP of the query."""

    def __init__(
        self, link: Link, address: str, session: str, transport: Transport = "websocket", *, near: bool = False, **options: Any
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.events: list[Event] = []
        self.began = time.time()
        self._end = link.near if near else link.far
        self._where = address, session
        self._transport = transport
        self._options = options
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def since(self, moment: float, until: float | None = None) -> list[Arrival]:
        """What has come after `moment` (epoch seconds). Raises what the connection failed with."""
        if self._failure is not None:
            raise RuntimeError(f"the viewer's connection failed: {self._failure}")
        end = time.time() if until is None else until
        return [arrival for arrival in self.arrivals if moment < arrival.at <= end]

    def close(self) -> None:
        self._closing.set()
        self._thread.join(10)

    def _run(self) -> None:
        address, session = self._where
        try:
            with self._end():
                if self._transport == "polling":
                    self._poll(address, session)
                elif self._transport != "websocket":
                    pictures = http.stream if self._transport == "stream.mjpeg" else http.frames
                    for at, size, picture in pictures(address, session, self._closing, self._options):
                        self._note_picture(at, size, picture)
                else:
                    with Client(address) as client:
                        client.subscribe(session, **self._options)
                        while not self._closing.is_set():
                            self._note(client.receive(STEP_SECONDS))
        except Exception as error:  # noqa: BLE001  # a thread's end: told to whoever asks for what has come
            if not self._closing.is_set():
                self._failure = error

    def _poll(self, address: str, session: str) -> None:
        with PollingClient(address) as client:
            client.subscribe(session, **self._options)
            while not self._closing.is_set():
                self._note(client.receive())

    def _note(self, event: Frame | Event | None) -> None:
        if isinstance(event, Frame):
            fields = event.fields
            age = event.arrived - fields["timestamp"] / 1000
            self.arrivals.append(Arrival(event.arrived, age, event.wire, fields["seq"], fields["quality"]))
        elif event is not None:
            self.events.append(event)

    def _note_picture(self, at: float, size: int, picture: bytes) -> None:
        reading = clock.read(picture)
        if reading is None:
            raise RuntimeError("a picture without a clock came")
        self.arrivals.append(Arrival(at, reading.age_ms(at) / 1000, size, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
