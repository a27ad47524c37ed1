"""The frame ring: a session's raw pictures, one ring a session, filled by its capture process, read by encoders.

After the segment's head (see `engine.segment`) come SLOTS slots, each page-aligned:

    offset  size            field          written by, when
    0       8               seq            capture, after each grab; rises by one, starts after the last of the ring before
    8       8               grab_begin_ns  capture, CLOCK_MONOTONIC before the grab
    16      8               grab_end_ns    capture, CLOCK_MONOTONIC after the grab
    24      8               timestamp_ms   capture, epoch milliseconds of the grab's begin (what clients see)
    32      4               width          capture, pixels
    36      4               height         capture, pixels
    40      4               stride         capture, bytes from row to row
    44      4               top            capture, first row that differs from the frame seq-1
    48      4               bottom         capture, one past the last such row (top == bottom: nothing differs)
    64      8 each          changed        capture, for each block of BLOCK_ROWS rows the last frame that differed in it
    4096    height*stride   pixels         the X server, during the grab: BGRX, 8 bits each, X undefined

Invariants:
- A slot belongs either to the capture process (free or being filled) or to the front (leased). It changes hands by message only:
  `Notice` gives it to the front, `Release` gives it back. An encoder reads it between a `Job` and its `Encoded`.
- The header is complete before the `Notice` is sent, and nothing of the slot changes until its `Release`.
- Whoever has worked on frame n and now has frame m > n finds all that differs between them in the blocks whose `changed` is above
  n, however many frames of those in between it has seen.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

from engine import segment

SLOTS = 4  # newest + being filled + two distinct frames in encoders (docs/architecture.md, Shared memory)
BYTES_PER_PIXEL = 4
PIXELS_OFFSET = segment.PAGE
SLOT_HEAD = struct.Struct("<QQQQIIIII")
CHANGED_OFFSET = 64
BLOCK_ROWS = 16  # the rows that a JPEG with halved chroma is made of
MAX_HEIGHT = (PIXELS_OFFSET - CHANGED_OFFSET) // 8 * BLOCK_ROWS


@dataclass(frozen=True, slots=True)
class FrameHead:
    """A slot's header; fields as in the module's table."""

    seq: int
    grab_begin_ns: int
    grab_end_ns: int
    timestamp_ms: int
    width: int
    height: int
    stride: int
    top: int
    bottom: int


def layout(width: int, height: int, generation: int = 1) -> segment.Head:
    """The head of a ring for frames of this size; its `total_bytes` are what the ring takes."""
    slot_bytes = PIXELS_OFFSET + segment.align(width * height * BYTES_PER_PIXEL)
    return segment.Head(segment.FRAME_RING, SLOTS, generation, slot_bytes, segment.PAGE, width, height)


class FrameRing:
    """One process's mapping of a session's ring. The front makes it with `create`, the others `attach` by name."""

    def __init__(self, memory: SharedMemory, head: segment.Head, *, owner: bool) -> None:
        self._memory = memory
        self._bytes = segment.view(memory)
        self._owner = owner
        self.head = head
        self.name = memory.name
        self.stride = head.width * BYTES_PER_PIXEL
        self._changed = array("Q", bytes(8 * -(-head.height // BLOCK_ROWS)))  # the writer's memory

    @classmethod
    def create(cls, width: int, height: int, generation: int = 1) -> FrameRing:
        """A ring for frames of `width` x `height` pixels. Raises `Unavailable` when /dev/shm is full."""
        if height > MAX_HEIGHT:
            raise ValueError(f"frames of {height} rows are higher than the {MAX_HEIGHT} that a slot's head has room for")
        head = layout(width, height, generation)
        return cls(segment.create(head, reserve=True), head, owner=True)

    @classmethod
    def attach(cls, name: str) -> FrameRing:
        memory, head = segment.attach(name)
        return cls(memory, head, owner=False)

    @property
    def fd(self) -> int:
        """The segment's file descriptor, for handing the memory to the X server. It stays the ring's."""
        return int(self._memory._fd)  # type: ignore[attr-defined]

    def pixels_offset(self, slot: int) -> int:
        """Where the pixels of `slot` begin, in bytes from the start of the segment."""
        return self._slot(slot) + PIXELS_OFFSET

    def _slot(self, slot: int) -> int:
        return self.head.first_slot + slot * self.head.slot_bytes

    def write_head(self, slot: int, frame: FrameHead) -> None:
        """Complete `slot`. To be called by the one who fills the ring, for each frame in turn."""
        if frame.bottom > frame.top:
            first, last = frame.top // BLOCK_ROWS, -(-min(frame.bottom, self.head.height) // BLOCK_ROWS)
            self._changed[first:last] = array("Q", [frame.seq]) * (last - first)
        at = self._slot(slot)
        table = self._changed.tobytes()
        self._bytes[at + CHANGED_OFFSET : at + CHANGED_OFFSET + len(table)] = table
        SLOT_HEAD.pack_into(
            self._bytes,
            at,
            frame.seq,
            frame.grab_begin_ns,
            frame.grab_end_ns,
            frame.timestamp_ms,
            frame.width,
            frame.height,
            frame.stride,
            frame.top,
            frame.bottom,
        )

    def read_head(self, slot: int) -> FrameHead:
        return FrameHead(*SLOT_HEAD.unpack_from(self._bytes, self._slot(slot)))

    def changed(self, slot: int) -> array[int]:
        """For each block of BLOCK_ROWS rows, from the top, the last frame that differed in it from the one before."""
        at = self._slot(slot) + CHANGED_OFFSET
        return array("Q", bytes(self._bytes[at : at + 8 * len(self._changed)]))

    def pixels(self, slot: int) -> memoryview:
        """The pixels of `slot`: height*stride bytes, BGRX. Release the view before `close`."""
        start = self.pixels_offset(slot)
        return self._bytes[start : start + self.head.height * self.stride]

    def close(self) -> None:
        """Unmap; the maker also unlinks."""
        self._bytes.release()
        self._memory.close()
        if self._owner:
            self._memory.unlink()
