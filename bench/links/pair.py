"""Two network namespaces joined by a link to order: a server in the one, its viewers in the other.

    with pair.link(Shape(rate=125_000, delay=0.05)) as link:
        with link.near():
            ...            # what is started here, and every socket made here, is at the link's near end (SERVER)
        with link.far():
            ...            # at its far end
        link.change(Shape(rate=62_500, delay=0.05))

The namespaces are called jiomosa-PID-N-near and -far; what a run that was killed has left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.links.emulator import DEVICE, Count, Order, enter
from bench.links.shaping import Shape
from bench.scenario import CannotRun

NETNS = Path("/run/netns")
_numbers = itertools.count(1)
PREFIX = "jiomosa-"
SERVER, CLIENT = "198.18.0.1", "198.18.0.2"  # the range for measuring, RFC 2544
FEWEST_BYTES = 64 * 1024  # the smallest queue of a link
QUEUE_SECONDS = 0.5  # what a common router keeps
START_SECONDS = 10


def order(mbit: float, rtt_ms: float, *, loss: float = 0.0) -> Shape:
    """The shape of either direction of a link of `mbit` Mbit/s with a round trip of `rtt_ms`."""
    rate = mbit * 1e6 / 8
    return Shape(rate, rtt_ms / 2000, loss, max(FEWEST_BYTES, rate * QUEUE_SECONDS))


class Link:
    """An open one."""

    def __init__(self, near: str, far: str, process: subprocess.Popen[bytes]) -> None:
        self._near, self._far = near, far
        self._process = process
        self._shape = Shape()

    @contextlib.contextmanager
    def near(self) -> Iterator[None]:
        """This thread, the sockets that it makes and the processes that it starts are at the near end."""
        with _inside(self._near):
            yield

    @contextlib.contextmanager
    def far(self) -> Iterator[None]:
        with _inside(self._far):
            yield

    def change(self, shape: Shape) -> None:
        """Both directions are so from now on."""
        self._shape = shape
        self._ask(Order(shape, shape))

    def stall(self, stalled: bool) -> None:
        """Nothing passes in either direction, and nothing is lost, until it is called with False."""
        self._ask(Order(self._shape, self._shape, stalled))

    def count(self) -> Count:
        return self._ask(Order())

    def _ask(self, order: Order) -> Count:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Count)


def reason_against() -> str | None:
    """Why this machine can have no such link, as a sentence; None where it can."""
    if os.geteuid() != 0:
        return "An emulated link needs root, for network namespaces."
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "An emulated link needs /dev/net/tun; `modprobe tun` brings it."
    if shutil.which("ip") is None:
        return "An emulated link needs the program ip; Debian's package iproute2 brings it."
    return None


@contextlib.contextmanager
def link(shape: Shape) -> Iterator[Link]:
    """A link, removed at the end. Raises `CannotRun` where there can be none."""
    reason = reason_against()
    if reason is not None:
        raise CannotRun(reason)
    _remove_stale()
    with contextlib.ExitStack() as stack:
        names = []
        number = next(_numbers)
        for end in ("near", "far"):
            name = f"{PREFIX}{os.getpid()}-{number}-{end}"
            try:
                _ip("netns", "add", name)
            except subprocess.CalledProcessError as error:
                raise CannotRun(f"This machine makes no network namespaces: {error.stderr.decode().strip()}.") from None
            stack.callback(_ip, "netns", "delete", name)
            names.append(name)
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "bench.links.emulator", *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        assert process.stdout is not None
        if process.stdout.readline() != b"up\n":
            raise CannotRun("This machine makes no TUN devices in network namespaces.")
        for name, own, other in zip(names, (SERVER, CLIENT), (CLIENT, SERVER), strict=True):
            _ip("-n", name, "link", "set", "dev", "lo", "up")
            _ip("-n", name, "address", "add", own, "peer", other, "dev", DEVICE)
            _ip("-n", name, "link", "set", "dev", DEVICE, "up")
        made = Link(names[0], names[1], process)
        made.change(shape)
        yield made


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=START_SECONDS)


def _remove_stale() -> None:
    for path in NETNS.glob(PREFIX + "*") if NETNS.is_dir() else ():
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            _ip("netns", "delete", path.name)


@contextlib.contextmanager
def _inside(name: str) -> Iterator[None]:
    """Sockets and child processes of this thread belong to the namespace."""
    handle = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        enter(str(NETNS / name))
        try:
            yield
        finally:
            enter(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
