"""An encoder process: one job after the other, from any session's frame ring into its own packet ring.

It keeps its mappings of rings and what it may use again of its last pictures, decides nothing, and may be killed at any time: the
front gives its jobs to another.
"""

from __future__ import annotations

import time
from functools import partial

from encoder import packet, picture
from encoder.strips import Strips, strip_changes
from engine import logs, precedence
from engine.channel import Channel
from engine.errors import JiomosaError
from engine.framering import FrameRing
from engine.messages import Encoded, EncoderSpec, Forget, Job, JobFailed, Ready, Rendition, Shutdown
from engine.packetring import PacketRing

log = logs.logger("jiomosa.encoder")

KEPT_RENDITIONS = 16  # of a session; what is kept of one is as large as its picture


class _Source:
    """One session's frame ring, and the strips of the renditions that it was last wanted in."""

    def __init__(self, name: str) -> None:
        self.ring = FrameRing.attach(name)
        self._strips: dict[Rendition, Strips] = {}

    def encode(self, job: Job) -> tuple[int, list[bytes]]:
        """(bytes of the picture itself, the packet's parts in order)."""
        ring, rendition = self.ring, job.rendition
        head = ring.read_head(job.slot)

        def jpeg(view: picture.Pixels) -> bytes:
            changed = strip_changes(ring.changed(job.slot), head.height, len(view))
            return self._of(rendition).jpeg(view, head.seq, changed)

        return packet.build(ring.pixels(job.slot), head, rendition, jpeg)

    def _of(self, rendition: Rendition) -> Strips:
        strips = self._strips.pop(rendition, None) or Strips(
            partial(picture.jpeg, quality=rendition.quality, grayscale=rendition.grayscale)
        )
        self._strips[rendition] = strips  # the one used last comes last
        while len(self._strips) > KEPT_RENDITIONS:
            del self._strips[next(iter(self._strips))]
        return strips


def main(channel: Channel, spec: EncoderSpec) -> None:
    """Serve jobs until told to end, or until the front is gone."""
    precedence.go_first()
    packets = PacketRing.attach(spec.ring)
    sources: dict[str, _Source] = {}
    channel.send(Ready("simplejpeg"))
    try:
        while (message := channel.receive()) is not None:
            match message:
                case Job():
                    channel.send(_encode(message, sources, packets))
                case Forget(name):
                    if name in sources:
                        sources.pop(name).ring.close()
                case Shutdown():
                    break
    finally:
        for source in sources.values():
            source.ring.close()
        packets.close()


def _encode(job: Job, sources: dict[str, _Source], packets: PacketRing) -> Encoded | JobFailed:
    begin = time.monotonic_ns()
    try:
        source = sources.get(job.ring)
        if source is None:
            source = sources[job.ring] = _Source(job.ring)
        size, parts = source.encode(job)
        length = packets.write(job.packet_slot, *parts)
    except (JiomosaError, ValueError) as error:
        log.exception("job failed", job=job.job, ring=job.ring)
        return JobFailed(job.job, str(error))
    return Encoded(job.job, length, size, begin, time.monotonic_ns())
