"""Glass to client: a real Chromium shows a page that paints its clock; a client over a real socket reads it from the pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench import clock
from bench.client import Client, Event, Frame
from bench.machine import Cost, Meter
from bench.server import Server

WARM_SECONDS = 2.0  # caches, JIT, the adaptation's first verdict


@dataclass(slots=True)
class Glass:
    """What one viewer saw for `seconds`. Ages in ms, from the page's painting to the decoded picture's arrival."""

    seconds: float
    cost: Cost
    ages: list[float] = field(default_factory=list)
    frames: int = 0
    distinct: int = 0
    torn: int = 0
    bytes: int = 0

    @property
    def distinct_fps(self) -> float:
        return self.distinct / self.seconds


def open_viewer(server: Server, session: str, quality: int, fps: float) -> Client:
    """A client that watches `session` at exactly this quality and rate."""
    client = Client(server.address)
    client.emit("adaptive:toggle", {"enabled": False})
    client.emit("quality:set", {"quality": quality})
    client.emit("fps:set", {"fps": fps})
    client.wait_for("fps:updated")
    client.emit("subscribe", {"session_id": session})
    client.wait_for("subscribed")
    return client


def watch(server: Server, client: Client, seconds: float) -> Glass:
    """Watch a page with a clock. The pictures are decoded afterwards: decoding is the client's time, not the server's."""
    _receive(client, WARM_SECONDS)
    meter = Meter(server.process.pid)
    begin = time.monotonic()
    frames = _receive(client, seconds)
    glass = Glass(time.monotonic() - begin, meter.read())
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


def _receive(client: Client, seconds: float) -> list[Frame]:
    deadline = time.monotonic() + seconds
    frames = []
    while (left := deadline - time.monotonic()) > 0:
        event = client.receive(left)
        if isinstance(event, Frame):
            frames.append(event)
    return frames


def react(client: Client, event: str, payload: dict[str, object], settle: float = 0.15) -> float:
    """Milliseconds from sending an input to the arrival of the first picture that shows it (bench/pages/click.html).

    The page is quiet before: what is still on its way is taken first. Raises TimeoutError where no picture shows it.
    """
    before = None
    while (received := client.receive(settle)) is not None:
        if isinstance(received, Frame):
            before = clock.read(received.jpeg) or before
    sent = time.time()
    client.emit(event, payload)
    deadline = time.monotonic() + 5
    while (left := deadline - time.monotonic()) > 0:
        received = client.receive(left)
        if isinstance(received, Event) and received.name == "error":
            raise RuntimeError(received.payload["message"])
        if isinstance(received, Frame):
            reading = clock.read(received.jpeg)
            if reading is not None and (before is None or reading.events != before.events):
                return (received.arrived - sent) * 1000
    raise TimeoutError("no picture showed the input")
