"""A server whose front's clock jumps: `python -m bench.faults.jumpy serve` is `jiomosa serve`, and SIGUSR1 takes the time of day
forward by an hour, SIGUSR2 back by one.

The time of day can only be set for a whole machine, and a time namespace covers the monotonic clocks only. So what jumps here is
what Python code of the front sees of it, `time.time`; its libraries in C, and other processes, go on as before.
"""

from __future__ import annotations

import signal
import sys
import time

JUMP_SECONDS = 3600.0


def main() -> int:
    real = time.time
    offset = 0.0

    def jump(seconds: float) -> None:
        nonlocal offset
        offset += seconds

    time.time = lambda: real() + offset
    signal.signal(signal.SIGUSR1, lambda number, frame: jump(JUMP_SECONDS))
    signal.signal(signal.SIGUSR2, lambda number, frame: jump(-JUMP_SECONDS))
    from api import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
