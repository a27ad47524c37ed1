"""From damage on the screen to frames in the ring.

XDamage tells which rows changed; one MIT-SHM request then makes the X server write them straight into a slot, whose memory it has
mapped by descriptor. Our part is the decision (`capture.schedule`), one request and one notice a frame: nothing runs, not even a
timer, while nothing changes.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

import xcffib.damage
import xcffib.shm
import xcffib.xfixes
from xcffib import xproto

from capture.display import Display
from capture.schedule import Grab, Schedule
from engine.damage import Band
from engine.framering import SLOTS, FrameHead, FrameRing
from engine.messages import Done, Message, Notice

ALL_PLANES = 0xFFFFFFFF
NUMBERS = 1 << 16  # an event tells the last request of ours that was begun before it, by the low bits of its number
TIMER_STEP = 0.001  # uvloop's timers count whole milliseconds from when the loop last woke: never ask for less


class Grabber:
    """Fills `ring` with what is on `display`, sends `Notice` and `Done`, calls `drawn()` at damage. No demand at first.

    Its frames follow `seq`.
    """

    def __init__(
        self,
        display: Display,
        ring: FrameRing,
        max_fps: float,
        send: Callable[[Message], None],
        drawn: Callable[[], None],
        seq: int = 0,
    ) -> None:
        self._display = display
        self._ring = ring
        self._send = send
        self._on_drawn = drawn
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._drawn: list[asyncio.Future[None]] = []  # who waits for damage
        self._schedule = Schedule(SLOTS, ring.head.height, max_fps, seq)
        # Of the last grab, until the events are read that its reply brought: the request's number, and the rows that differ.
        self._grabbed: tuple[int, Band] | None = None
        self._paused = False

        connection = display.connection
        self._shm = connection(xcffib.shm.key)
        self._shm.QueryVersion().reply()
        self._segment = self._attach()

        connection(xcffib.xfixes.key).QueryVersion(5, 0).reply()  # XDamage wants XFixes to have been greeted
        damage = connection(xcffib.damage.key)
        damage.QueryVersion(1, 1).reply()
        display.on(xcffib.damage.NotifyEvent, self._damaged)
        damage.CreateChecked(connection.generate_id(), display.root, xcffib.damage.ReportLevel.RawRectangles).check()

    def _attach(self) -> int:
        """Have the X server map the ring; the number by which it knows it."""
        segment: int = self._display.connection.generate_id()
        self._display.send_fd(self._ring.fd)
        self._shm.AttachFdChecked(segment, False).check()
        return segment

    def pause(self) -> None:
        """Grab nothing until `renew`: the screen is about to have another size than the ring's frames."""
        self._paused = True

    def renew(self, ring: FrameRing) -> None:
        """Fill `ring`, whose frames are as large as the screen, from now on. Nobody uses the one before."""
        self._shm.Detach(self._segment)
        self._ring = ring
        self._segment = self._attach()
        self._schedule.renew(ring.head.height)
        self._paused = False
        self.step()

    @property
    def seq(self) -> int:
        """The newest frame; 0 before the first."""
        return self._schedule.seq

    def wants(self, fps: float) -> None:
        """At most `fps` frames a second from now on; 0: none."""
        self._schedule.wants(fps)
        self.step()

    def released(self, slot: int) -> None:
        """The front gave `slot` back. Raises ValueError where it had no lease."""
        self._schedule.released(slot)
        self.step()

    def refresh(self, token: int) -> None:
        """Answer `token` once a frame shows all that was drawn until now."""
        self._display.round_trip()
        self._schedule.refresh(token)
        self.step()

    async def next_damage(self, timeout: float) -> bool:
        """Wait until something is drawn, at most `timeout` seconds; whether it was."""
        drawn: asyncio.Future[None] = self._loop.create_future()
        self._drawn.append(drawn)
        done, _ = await asyncio.wait({drawn}, timeout=timeout)
        drawn.cancel()
        return bool(done)

    def step(self) -> None:
        """Take in the damage that has come and do what is due. To be called when the display is readable."""
        schedule = self._schedule
        while True:
            self._display.dispatch()  # again after each grab: its reply may have brought events with it
            self._grabbed = None
            if self._paused:
                return
            due = schedule.next(time.monotonic())
            if due is None:
                break
            if isinstance(due, Grab):
                self._grab(due)
            else:
                self._send(Done(due.token, due.seq))
        self._set_timer(schedule.wake_at)

    def close(self) -> None:
        self._set_timer(math.inf)

    def _damaged(self, event: xcffib.damage.NotifyEvent) -> None:
        self._on_drawn()
        while self._drawn:
            drawn = self._drawn.pop()
            if not drawn.done():
                drawn.set_result(None)
        top, bottom = event.area.y, event.area.y + event.area.height
        if not self._shows(event.sequence, top, bottom):
            self._schedule.damaged(top, bottom)

    def _shows(self, number: int, top: int, bottom: int) -> bool:
        """Whether the frame that was just grabbed shows these rows already: they were drawn before it, and told with its reply.

        Another frame for them would look the same.
        """
        if self._grabbed is None:
            return False
        grab, changed = self._grabbed
        before = (number - grab) % NUMBERS >= NUMBERS // 2
        return before and changed.top <= top and bottom <= changed.bottom

    def _grab(self, grab: Grab) -> None:
        ring, (top, bottom) = self._ring, grab.fetch
        offset = ring.pixels_offset(grab.slot) + top * ring.stride
        timestamp_ms = time.time_ns() // 1_000_000
        begin = time.monotonic_ns()
        request = self._shm.GetImage(
            self._display.root,
            *(0, top, ring.head.width, bottom - top),
            *(ALL_PLANES, xproto.ImageFormat.ZPixmap, self._segment, offset),
        )
        request.reply()
        self._grabbed = request.sequence, grab.changed
        end = time.monotonic_ns()
        size = (ring.head.width, ring.head.height, ring.stride)
        ring.write_head(grab.slot, FrameHead(grab.seq, begin, end, timestamp_ms, *size, *grab.changed))
        self._send(Notice(grab.slot, grab.seq, end, begin))

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if when < math.inf:
            self._timer = self._loop.call_later(max(when - time.monotonic(), 0) + TIMER_STEP / 2, self.step)
