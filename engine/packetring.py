"""The packet ring: where one encoder leaves finished packets for the front; one ring an encoder.

After the segment's head (see `engine.segment`) come `slots` slots of `slot_bytes` each: nothing but the packet's bytes, whose
length travels in the `Encoded` message. Slots are as large as the largest packet can be, but memory is claimed only as it is
touched: what lies in /dev/shm is what the largest packet so far needed.

Invariants:
- The front names a free slot in each `Job`; the encoder writes there and nowhere else; from its `Encoded` until the front
  has copied the packet out, the slot is the front's.
- A stopped encoder may still write, so its ring is reused or unlinked only after its end was awaited.
"""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

from engine import segment
from engine.errors import Unavailable


class PacketRing:
    """One process's mapping of an encoder's packet slots."""

    def __init__(self, memory: SharedMemory, head: segment.Head, *, owner: bool) -> None:
        self._memory = memory
        self._bytes = segment.view(memory)
        self._owner = owner
        self._claimed = [0] * head.slots  # bytes of each slot that certainly have memory
        self.head = head
        self.name = memory.name

    @classmethod
    def create(cls, slots: int, slot_bytes: int) -> PacketRing:
        head = segment.Head(segment.PACKET_RING, slots, 1, segment.align(slot_bytes), segment.PAGE)
        return cls(segment.create(head, reserve=False), head, owner=True)

    @classmethod
    def attach(cls, name: str) -> PacketRing:
        memory, head = segment.attach(name)
        return cls(memory, head, owner=False)

    def write(self, slot: int, *parts: bytes) -> int:
        """Put `parts` one behind the other into `slot`; returns their length. Raises ValueError when they do not fit.

        Raises `Unavailable` when /dev/shm is full.
        """
        length = sum(map(len, parts))
        if length > self.head.slot_bytes:
            raise ValueError(f"a packet of {length} bytes does not fit a slot of {self.head.slot_bytes}")
        at = self.head.first_slot + slot * self.head.slot_bytes
        if length > self._claimed[slot]:
            try:
                segment.claim(self._memory, at, length)
            except OSError as error:
                raise Unavailable(
                    f"/dev/shm has no room for a packet of {length / 1e6:.1f} MB ({error.strerror}).", code="no_shared_memory"
                ) from error
            self._claimed[slot] = length
        for part in parts:
            self._bytes[at : at + len(part)] = part
            at += len(part)
        return length

    def read(self, slot: int, length: int) -> bytes:
        """A copy of the first `length` bytes of `slot`."""
        at = self.head.first_slot + slot * self.head.slot_bytes
        return bytes(self._bytes[at : at + length])

    def close(self) -> None:
        """Unmap; the maker also unlinks."""
        self._bytes.release()
        self._memory.close()
        if self._owner:
            self._memory.unlink()
