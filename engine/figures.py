"""Figures: what one viewer got in the last second, and where each millisecond went. Pure.

The stages of a frame, in order; each begins where the one before ends:

    begin --grab--> grabbed --wait--> bound to a job --job, encode--> packet in the front --queue--> given to the link --send-->
    all of it has left

`encode` is the encoder's own work; `job` is what its waiting line and the messages to it and back take besides.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from engine.broadcast import Packet
from engine.messages import Rendition
from engine.tally import Tally

STAGES = ("grab", "wait", "job", "encode", "queue", "send")
REMEMBERED = 64  # packets; those of frames that nobody took any more are forgotten
FRESH_SECONDS = 0.05  # a packet offered this much later than it was made is that of a still page: its age is no latency


@dataclass(slots=True)
class Times:
    """Of one packet, seconds of one monotonic clock; `grab` and `encode`: how long these took."""

    grabbed: float
    bound: float
    grab: float
    encoded: float = 0.0
    encode: float = 0.0


class Journey:
    """When the packets of one session passed through their stages; `tally`: all that did."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._queue, self._send, self._age = self.tally.stages["queue"], self.tally.stages["send"], self.tally.age
        self._packet: Packet | None = None  # the one that was sent last, and its times: many viewers get the same
        self._times: Times | None = None
        self._grabbed: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._packets: OrderedDict[tuple[int, Rendition], Times] = OrderedDict()

    def grabbed(self, now: float, seq: int, begin: float, end: float) -> None:
        """The front has heard of a frame."""
        self._grabbed[seq] = begin, end
        self.tally.grabbed += 1
        self.tally.stages["grab"].observe(end - begin)
        self.tally.stages["notice"].observe(now - end)
        while len(self._grabbed) > REMEMBERED:
            self._grabbed.popitem(last=False)

    def bound(self, now: float, seq: int, rendition: Rendition) -> None:
        begin, end = self._grabbed.get(seq, (now, now))
        self.tally.stages["wait"].observe(now - end)
        self._packets[seq, rendition] = Times(end, now, end - begin)
        while len(self._packets) > REMEMBERED:
            self._packets.popitem(last=False)

    def encoded(self, now: float, seq: int, rendition: Rendition, spent: float) -> None:
        """The front has the packet, whose encoding took `spent` seconds."""
        times = self._packets.get((seq, rendition))
        if times is not None:
            times.encoded, times.encode = now, spent
            self.tally.stages["job"].observe(max(0.0, now - times.bound - spent))
            self.tally.stages["encode"].observe(spent)

    def sent(self, now: float, offered: float, packet: Packet, size: int, transport: str) -> Times | None:
        """`packet`, which was `offered` then, is given to a viewer's link, where it takes `size` bytes."""
        tally = self.tally
        tally.sent[transport] += 1
        tally.sent_bytes[transport] += size
        self._queue.observe(now - offered)
        if packet is not self._packet:
            self._packet, self._times = packet, self._packets.get((packet.seq, packet.rendition))
        times = self._times
        if times is not None and offered - times.encoded < FRESH_SECONDS:
            self._age.observe(now - times.grabbed + times.grab)
        return times

    def left(self, seconds: float) -> None:
        """All of what was given to a link has left, so long after."""
        self._send.observe(seconds)

    def of(self, seq: int, rendition: Rendition) -> Times | None:
        """None where it has been forgotten."""
        return self._packets.get((seq, rendition))


class Figures:
    """One viewer's, since the last `take`."""

    def __init__(self, now: float) -> None:
        self._begin(now)

    def sent(self, now: float, size: int, times: Times | None) -> None:
        """A packet of `size` bytes has been given to the link."""
        self._frames += 1
        self._bytes += size
        if times is not None:
            self._note("grab", times.grab)
            self._note("wait", times.bound - times.grabbed)
            self._note("job", times.encoded - times.bound - times.encode)
            self._note("encode", times.encode)
            self._note("queue", now - times.encoded)

    def left(self, seconds: float) -> None:
        """That took so long to leave."""
        self._note("send", seconds)

    def take(self, now: float) -> dict[str, float | dict[str, float]]:
        """`fps`, `bytes_per_second`, and `latency_ms` by stage, each the mean of its frames; stages without any are left out."""
        seconds = max(now - self._since, 1e-3)
        means = {stage: round(1000 * self._stages[stage] / count, 2) for stage, count in self._counts.items() if count}
        taken: dict[str, float | dict[str, float]] = {
            "fps": round(self._frames / seconds, 1),
            "bytes_per_second": round(self._bytes / seconds),
            "latency_ms": means,
        }
        self._begin(now)
        return taken

    def _begin(self, now: float) -> None:
        self._since = now
        self._frames = self._bytes = 0
        self._stages = dict.fromkeys(STAGES, 0.0)
        self._counts = dict.fromkeys(STAGES, 0)

    def _note(self, stage: str, seconds: float) -> None:
        self._stages[stage] += max(0.0, seconds)
        self._counts[stage] += 1
