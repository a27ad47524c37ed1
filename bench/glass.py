"""Glass to client: a real Chromium shows a page that paints its clock; a client over a real socket reads it from the pictures."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from bench import clock
from bench.client import Client, Event, Frame
from bench.machine import Cost, Meter
from bench.server import Server

REACTION_SECONDS = 5.0
WARM_SECONDS = 2.0  # caches, JIT, the adaptation's first verdict


@dataclass(slots=True)
class Glass:
    """What one viewer saw for `seconds`. Ages in ms, from the page's painting to the picture's arrival; `stages`: what the server
    itself says that each takes of a frame on the average, in ms (`latency_ms` of docs/protocol.md)."""

    seconds: float
    cost: Cost
    ages: list[float] = field(default_factory=list)
    frames: int = 0
    distinct: int = 0
    torn: int = 0
    bytes: int = 0
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def distinct_fps(self) -> float:
        return self.distinct / self.seconds


def open_viewer(server: Server, session: str, quality: int, fps: float) -> Client:
    """A client that watches `session` at exactly this quality and rate."""
    client = Client(server.address, server.token)
    client.emit("adaptive:toggle", {"enabled": False})
    client.emit("quality:set", {"quality": quality})
    client.emit("fps:set", {"fps": fps})
    client.wait_for("fps:updated")
    client.emit("subscribe", {"session_id": session})
    client.wait_for("subscribed")
    return client


def watch(server: Server, client: Client, seconds: float) -> Glass:
    """Watch a page with a clock. The pictures are decoded afterwards: decoding is the client's time, not the server's."""
    client.emit("stats:toggle", {"enabled": True})
    _receive(client, WARM_SECONDS)
    meter = Meter(server.process.pid)
    begin = time.monotonic()
    frames, told = _receive(client, seconds)
    glass = Glass(time.monotonic() - begin, meter.read())
    for stage in {stage for latencies in told for stage in latencies}:
        glass.stages[stage] = sum(latencies.get(stage, 0.0) for latencies in told) / len(told)
    seen = set()
    for frame in frames:
        reading = clock.read(frame.jpeg)
        glass.frames += 1
        glass.bytes += len(frame.jpeg)
        if reading is not None:
            glass.ages.append(reading.age_ms(frame.arrived))
            glass.torn += reading.torn
            seen.add(reading.ticks)
    glass.distinct = len(seen)
    return glass


def _receive(client: Client, seconds: float) -> tuple[list[Frame], list[dict[str, float]]]:
    """(frames, what `stats` said of their stages)"""
    deadline = time.monotonic() + seconds
    frames, told = [], []
    while (left := deadline - time.monotonic()) > 0:
        event = client.receive(left)
        if isinstance(event, Frame):
            frames.append(event)
        elif isinstance(event, Event) and event.name == "stats" and event.payload["latency_ms"]:
            told.append(event.payload["latency_ms"])
    return frames, told


class Reactor:
    """Measures how long an input takes to be seen, on a page that counts it in its clock and is still otherwise.

    Before each input what is still on its way is taken, until nothing has come for `settle` seconds; then a random moment
    passes, so that inputs fall anywhere between two refreshes of the screen.
    """

    def __init__(self, client: Client, settle: float = 0.1) -> None:
        self._client = client
        self._settle = settle
        self._events: int | None = None

    def react(self, event: str, payload: dict[str, object]) -> float:
        """Milliseconds from sending the input to the arrival of the first picture that shows it.

        Raises RuntimeError with the server's sentence where it refuses, TimeoutError where no picture shows the input.
        """
        while (received := self._client.receive(self._settle)) is not None:
            self._look(received)
        before = self._events
        if before is None:
            raise RuntimeError("the page has no clock that counts inputs")
        time.sleep(random.uniform(0, 1 / 30))
        sent = time.time()
        self._client.emit(event, payload)
        deadline = time.monotonic() + REACTION_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            received = self._client.receive(left)
            if isinstance(received, Event) and received.name == "error":
                raise RuntimeError(received.payload["message"])
            if received is not None and self._look(received) and self._events != before:
                return (received.arrived - sent) * 1000
        raise TimeoutError(f"no picture showed an {event} within {REACTION_SECONDS:g} s")

    def _look(self, received: Frame | Event) -> bool:
        """Whether it was a picture with a clock."""
        reading = clock.read(received.jpeg) if isinstance(received, Frame) else None
        if reading is not None:
            self._events = reading.events
        return reading is not None
