"""A child of test_framering and test_packetring: does to a ring what it is told, as a capture process or an encoder would."""

from __future__ import annotations

import sys

from engine.framering import FrameHead, FrameRing
from engine.packetring import PacketRing


def main(kind: str, name: str) -> None:
    if kind == "frame":
        frames = FrameRing.attach(name)
        seen = frames.read_head(1)
        with frames.pixels(1) as pixels:
            total = sum(pixels)
        with frames.pixels(2) as pixels:
            pixels[:] = bytes((number * 7) % 256 for number in range(len(pixels)))
        frames.write_head(2, FrameHead(seen.seq + 1, 1, 2, 3, frames.head.width, frames.head.height, frames.stride, 4, 5))
        frames.close()
        print(total)
    else:
        packets = PacketRing.attach(name)
        print(packets.write(1, b"from ", b"", b"another process"))
        packets.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
