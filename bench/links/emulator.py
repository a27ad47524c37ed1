"""`python -m bench.links.emulator NETNS NETNS`: carries packets between a TUN device in each namespace as it is told to.

It writes "up" once both devices exist. Each line on stdin is a JSON object, answered by one:

    {"down": SHAPE, "up": SHAPE, "stalled": false}   the link is so from now on; `down` is from the first namespace to the second
    {}                                               only count

The answer has, of each direction, what `Shaper` counts. It ends when stdin does.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

import msgspec

from bench.links.shaping import Shape, Shaper

# linux/if_tun.h, linux/sched.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
DEVICE = "link"
MTU = 1500
BATCH = 64  # packets taken from one device before the other has its turn
LONGEST_SECONDS = 1.0


class Order(msgspec.Struct):
    down: Shape | None = None
    up: Shape | None = None
    stalled: bool = False


class Count(msgspec.Struct):
    """Of both directions, down first: `carried` bytes, `dropped` and `lost` packets."""

    carried: tuple[int, int]
    dropped: tuple[int, int]
    lost: tuple[int, int]


def enter(namespace: str) -> None:
    """This thread's sockets and devices, and its children, are in `namespace` from now on. Raises OSError."""
    handle = os.open(namespace, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    finally:
        os.close(handle)


def _device(namespace: str) -> int:
    enter(namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    return device


def main(namespaces: list[str]) -> int:
    devices = [_device(f"/run/netns/{name}") for name in namespaces]
    shapers = [Shaper(Shape()), Shaper(Shape())]
    print("up", flush=True)
    far = dict(zip(devices, reversed(devices), strict=True))
    near = dict(zip(devices, shapers, strict=True))
    orders = b""
    while True:
        wait = min(shaper.next_at for shaper in shapers) - time.monotonic()
        for readable in select.select([*devices, 0], [], [], min(LONGEST_SECONDS, max(0.0, wait)))[0]:
            if readable in near:
                _take(readable, near[readable])
                continue
            part = os.read(0, 65536)
            if not part:
                return 0
            *lines, orders = (orders + part).split(b"\n")
            for line in lines:
                _obey(msgspec.json.decode(line, type=Order), shapers)
        now = time.monotonic()
        for device, shaper in near.items():
            for packet in shaper.depart(now):
                with contextlib.suppress(OSError):  # a device that is down takes none
                    os.write(far[device], packet)


def _take(device: int, shaper: Shaper) -> None:
    with contextlib.suppress(BlockingIOError):
        for _ in range(BATCH):
            shaper.arrive(time.monotonic(), os.read(device, MTU + 64))


def _obey(order: Order, shapers: list[Shaper]) -> None:
    now = time.monotonic()
    for shaper, shape in zip(shapers, (order.down, order.up), strict=True):
        if shape is not None:
            shaper.change(now, shape, stalled=order.stalled)
    down, up = shapers
    count = Count((down.carried, up.carried), (down.dropped, up.dropped), (down.lost, up.lost))
    sys.stdout.buffer.write(msgspec.json.encode(count) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
