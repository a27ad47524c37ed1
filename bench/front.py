"""`python -m bench.front serve`: the real server, with `bench.synthetic` in place of the capture process.

Where BENCH_TRACE names a file, it also notes when the front hears of each frame and of each packet (two list entries a frame),
and writes that there when it ends. All times are CLOCK_MONOTONIC in ns, which all processes of a machine share:

    frames    [seq, grab_end, noticed]                              of each `Notice`
    packets   [seq, quality, encode_begin, encode_end, encoded]     of each `Encoded`

Only for one session at a time: the numbers of several would be confused.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Trace:
    """Notes the stages of each frame, by wrapping two methods of this process's own classes."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, int, int]] = []
        self.packets: list[tuple[int, int, int, int, int]] = []
        self._encoded: Any = None

    def install(self) -> None:
        from api.encoders import EncoderPool
        from api.stream import Stream
        from engine.messages import Encoded

        noticed, encoded, received = Stream.noticed, Stream.encoded, EncoderPool._received

        def note_noticed(stream: Stream, notice: Any) -> None:
            self.frames.append((notice.seq, notice.grab_end_ns, time.monotonic_ns()))
            noticed(stream, notice)

        def note_received(pool: EncoderPool, number: int, message: Any) -> None:
            self._encoded = (message, time.monotonic_ns()) if isinstance(message, Encoded) else None
            received(pool, number, message)

        def note_encoded(stream: Stream, packet: Any) -> None:
            message, now = self._encoded
            self.packets.append((packet.seq, packet.rendition.quality, message.encode_begin_ns, message.encode_end_ns, now))
            encoded(stream, packet)

        Stream.noticed = note_noticed  # type: ignore[assignment, method-assign]
        EncoderPool._received = note_received  # type: ignore[assignment, method-assign]
        Stream.encoded = note_encoded  # type: ignore[assignment, method-assign]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({"frames": self.frames, "packets": self.packets}))


def main() -> int:
    from api import cli
    from api.session import Session

    Session.CAPTURE_MODULE = "bench.synthetic"
    path = os.environ.get("BENCH_TRACE")
    if not path:
        return cli.main()
    trace = Trace()
    trace.install()
    try:
        return cli.main()
    finally:
        trace.write(Path(path))


if __name__ == "__main__":
    sys.exit(main())
