"""An encoder process: one job after the other, from any session's frame ring into its own packet ring.

It keeps nothing but its mappings of rings, decides nothing, and may be killed at any time: the front gives its jobs to another.
"""

from __future__ import annotations

import logging
import time

from encoder import packet
from engine.channel import Channel
from engine.errors import JiomosaError
from engine.framering import FrameRing
from engine.messages import Encoded, EncoderSpec, Forget, Job, JobFailed, Ready, Shutdown
from engine.packetring import PacketRing

log = logging.getLogger("jiomosa.encoder")


def main(channel: Channel, spec: EncoderSpec) -> None:
    """Serve jobs until told to end, or until the front is gone."""
    packets = PacketRing.attach(spec.ring)
    rings: dict[str, FrameRing] = {}
    channel.send(Ready("simplejpeg"))
    try:
        while (message := channel.receive()) is not None:
            match message:
                case Job():
                    channel.send(_encode(message, rings, packets))
                case Forget(name):
                    if name in rings:
                        rings.pop(name).close()
                case Shutdown():
                    break
    finally:
        for ring in rings.values():
            ring.close()
        packets.close()


def _encode(job: Job, rings: dict[str, FrameRing], packets: PacketRing) -> Encoded | JobFailed:
    begin = time.monotonic_ns()
    try:
        ring = rings.get(job.ring)
        if ring is None:
            ring = rings[job.ring] = FrameRing.attach(job.ring)
        size, parts = packet.build(ring.pixels(job.slot), ring.read_head(job.slot), job.rendition)
        length = packets.write(job.packet_slot, *parts)
    except (JiomosaError, ValueError) as error:
        log.exception("job %d failed", job.job)
        return JobFailed(job.job, str(error))
    return Encoded(job.job, length, size, begin, time.monotonic_ns())
