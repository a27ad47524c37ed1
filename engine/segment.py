"""Shared-memory segments: who makes them, who unlinks them, and the head that each of them starts with.

The front creates and unlinks every segment; children attach by name and never unlink, so a killed child leaks nothing. If the
front itself is killed, Python's resource tracker (which the front's first segment starts) unlinks them once the last child is
gone.

Names: ``jiomosa-<pid of the front>-<kind><number>`` under /dev/shm, mode 0600. The front holds a lock (flock) on each while it
has it; by that a front that starts, in a container with process ids of its own, say, tells what is in use from what was left.

Head, little-endian, 64 bytes, written once by the front before anyone else knows the name:

    offset  size  field        meaning
    0       8     magic        b"JIOMOSA\\0"
    8       4     version      LAYOUT_VERSION; a child of another version refuses the segment
    12      4     kind         what follows: 1 frame ring, 2 packet ring
    16      4     slots        number of slots
    20      4     generation   rises by one each time a session's ring is made anew
    24      8     slot_bytes   bytes from the start of a slot to the start of the next
    32      8     first_slot   offset of slot 0
    40      4     width        pixels, frame rings only, else 0
    44      4     height       pixels, frame rings only, else 0
    48      16    reserved     zero

Invariants: the head never changes after creation; what a slot holds may be read or written only by the holder of its lease.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

from engine.errors import Unavailable

MAGIC = b"JIOMOSA\0"
LAYOUT_VERSION = 2
HEAD = struct.Struct("<8sIIIIQQII16x")
HEAD_BYTES = HEAD.size
PAGE = 4096
FRAME_RING, PACKET_RING = 1, 2

_numbers = itertools.count()
_tracker_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a segment; field meanings are in the module's table."""

    kind: int
    slots: int
    generation: int
    slot_bytes: int
    first_slot: int
    width: int = 0
    height: int = 0

    @property
    def total_bytes(self) -> int:
        return self.first_slot + self.slots * self.slot_bytes


def create(head: Head, *, reserve: bool) -> SharedMemory:
    """Make a segment and write its head.

    With `reserve` its memory is claimed at once, so that a full /dev/shm is an `Unavailable` here and not a SIGBUS in
    whoever writes to it first; without, only what comes before the slots: whoever writes there must `claim` it before.
    """
    kind = "frames" if head.kind == FRAME_RING else "packets"
    name = f"jiomosa-{os.getpid()}-{kind}{next(_numbers)}"
    try:
        memory = SharedMemory(name=name, create=True, size=head.total_bytes)
    except OSError as error:
        raise Unavailable(f"A shared-memory segment could not be made: {error.strerror}.", code="no_shared_memory") from error
    fcntl.flock(memory._fd, fcntl.LOCK_SH)  # type: ignore[attr-defined]
    needed = head.total_bytes if reserve else head.first_slot
    try:
        claim(memory, 0, needed)
    except OSError as error:
        memory.close()
        memory.unlink()
        raise Unavailable(
            f"/dev/shm has no room for {needed / 1e6:.1f} MB more of shared memory ({error.strerror}); "
            "close a session or make it larger (docker: --shm-size).",
            code="no_shared_memory",
        ) from error
    HEAD.pack_into(
        view(memory),
        0,
        MAGIC,
        LAYOUT_VERSION,
        head.kind,
        head.slots,
        head.generation,
        head.slot_bytes,
        head.first_slot,
        head.width,
        head.height,
    )
    return memory


def claim(memory: SharedMemory, offset: int, length: int) -> None:
    """Have memory for these bytes, or an OSError: writing to a full /dev/shm is a SIGBUS."""
    os.posix_fallocate(memory._fd, offset, length)  # type: ignore[attr-defined]


def attach(name: str) -> tuple[SharedMemory, Head]:
    """Map a segment that the front made. Raises `Unavailable` where it is gone or of another layout."""
    try:
        with _untracked():
            memory = SharedMemory(name=name)
    except FileNotFoundError as error:
        raise Unavailable(
            f"The shared-memory segment {name} no longer exists; its session has ended.", code="segment_gone"
        ) from error
    magic, version, kind, slots, generation, slot_bytes, first_slot, width, height = HEAD.unpack_from(view(memory), 0)
    head = Head(kind, slots, generation, slot_bytes, first_slot, width, height)
    if magic != MAGIC or version != LAYOUT_VERSION or head.total_bytes > memory.size:
        memory.close()
        raise Unavailable(
            f"The shared-memory segment {name} is not of this version's layout; restart the server.", code="segment_layout"
        )
    return memory, head


@contextlib.contextmanager
def _untracked() -> Iterator[None]:
    # Before Python 3.13 (`track=False`) attaching also registers the name with the resource tracker. The tracker is the front's
    # and would unlink what the front has already unlinked, or warn of it; only the maker may register.
    with _tracker_lock:
        register = resource_tracker.register
        resource_tracker.register = lambda name, rtype: None
        try:
            yield
        finally:
            resource_tracker.register = register


def view(memory: SharedMemory) -> memoryview:
    """The mapped bytes; `memory` must not be closed yet."""
    assert memory.buf is not None
    return memory.buf


def align(size: int) -> int:
    """`size` rounded up to whole pages, so that no two slots share one."""
    return (size + PAGE - 1) // PAGE * PAGE


if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("Jiomosa's shared-memory layouts are little-endian; this machine is not.")
