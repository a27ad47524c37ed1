"""Precedence: where processors are short, what streams goes before what browses.

A picture is sent or lost within some thirty milliseconds, and takes three of them; a browser that starts takes all processors for
a second. So the front and the encoders go first, where the kernel lets us say so (CAP_SYS_NICE, which root has). A server that
was started with another niceness than the usual one keeps it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

USUAL, FIRST = 0, -10  # niceness: some nine times the share of a process of the usual one (sched(7))

# Where it is switched on (sched(7)), processors are shared out between kernel sessions first, and only then by niceness.
AUTOGROUP = Path("/proc/self/autogroup")


def go_first() -> None:
    """Have this process, and what it starts, go before others. Nothing changes where the kernel does not let us."""
    _change(USUAL, FIRST)


def go_with_all() -> None:
    """Take back what whoever started this process has asked for itself."""
    _change(FIRST, USUAL)


def _change(before: int, after: int) -> None:
    if os.getpriority(os.PRIO_PROCESS, 0) != before:
        return
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, after)
        with contextlib.suppress(OSError):  # there are kernels without it, and containers in which it cannot be written
            AUTOGROUP.write_text(str(after))
