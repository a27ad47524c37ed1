"""The egress process: for each session a way out, on the socket where that session's browser asks for connections.

The listening socket of a way is made by the session's capture process, in the network that only its browser is in, and comes
through the front, which keeps it: when this process ends, browsers wait in its backlog for the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from typing import Any

import uvloop

from capture.egress import tunnel
from capture.egress.reach import Names, Refusal, reach
from capture.egress.socks import Request
from engine import logs
from engine.channel import Channel
from engine.destinations import Destinations, entries
from engine.errors import ChildGone
from engine.messages import Message, Ping, Ready, Shutdown
from engine.tokenbucket import TokenBucket
from engine.ways import CloseWay, Denied, EgressSpec, OpenWay, Traffic

log = logs.logger("jiomosa.egress")

MOST_TUNNELS = 512  # of one session; Chromium opens 99 at most
TOLD_RATE = 20.0  # refusals a second of one session that are told; all are counted
RETRY_SECONDS = 0.1  # after an accept that failed for want of something


def main(channel: Channel, spec: EgressSpec) -> None:
    """Serve until told to end, or until the front is gone."""
    if spec.uid is not None:
        os.setgroups([])
        os.setresgid(spec.uid, spec.uid, spec.uid)
        os.setresuid(spec.uid, spec.uid, spec.uid)
        # The kernel forgets with the user id what should happen when the front dies; the closed channel says it as well.
    uvloop.run(Egress(channel, spec).run())


class Egress:
    """All ways out, under one rule."""

    def __init__(self, channel: Channel, spec: EgressSpec) -> None:
        self._channel = channel
        self._rule = Destinations(private=spec.private, allowed=entries(spec.allowed), denied=entries(spec.denied))
        self._ways: dict[int, Way] = {}
        self.traffic = Counts()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = loop.create_future()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        self._channel.attach(loop, self._received, self._end)
        self.send(Ready())
        await self._over
        for way in self._ways.values():
            way.close()

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def send(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ChildGone:
            self._end()

    def _received(self, message: Any) -> None:
        match message:
            case OpenWay(number):
                self._ways[number] = Way(number, socket.socket(fileno=self._channel.take_file()), self._rule, self)
            case CloseWay(number):
                if (way := self._ways.pop(number, None)) is not None:
                    way.close()
            case Ping(token):
                now = self.traffic
                self.send(Traffic(token, sum(len(way.tunnels) for way in self._ways.values()), *now.numbers()))
            case Shutdown():
                self._end()


class Counts:
    """Since this process started."""

    def __init__(self) -> None:
        self.opened = self.denied = self.failed = self.up = self.down = 0

    def numbers(self) -> tuple[int, int, int, int, int]:
        return self.opened, self.denied, self.failed, self.up, self.down

    def passed(self, up: int, down: int) -> None:
        self.up += up
        self.down += down


class Way:
    """One session's way out."""

    def __init__(self, number: int, door: socket.socket, rule: Destinations, egress: Egress) -> None:
        self._number = number
        self._door = door
        self._rule = rule
        self._egress = egress
        self._names = Names()
        self._told = TokenBucket(TOLD_RATE, time.monotonic())
        self.tunnels: set[asyncio.Task[None]] = set()
        door.setblocking(False)
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(self._door)
            except OSError as error:  # the client has gone, or we have too many files open
                log.debug("a browser could not be let in", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if len(self.tunnels) >= MOST_TUNNELS:
                client.close()
                self._egress.traffic.failed += 1
                continue
            task = loop.create_task(self._tunnel(client))
            self.tunnels.add(task)
            task.add_done_callback(self.tunnels.discard)

    async def _tunnel(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # either side has gone
            await tunnel.serve(client, self._reach, self._egress.traffic.passed)

    async def _reach(self, request: Request) -> socket.socket:
        traffic = self._egress.traffic
        try:
            reached = await reach(self._rule, self._names, request.host, request.port)
        except Refusal as refusal:
            if refusal.word == "forbidden_address":
                traffic.denied += 1
            else:
                traffic.failed += 1
            if self._told.take(time.monotonic()):  # before the browser is: who asks then knows why
                self._egress.send(Denied(self._number, request.host, request.port, refusal.word, refusal.sentence))
            raise
        traffic.opened += 1
        return reached

    def close(self) -> None:
        """End it, with all that goes through it."""
        self._accepting.cancel()
        for task in self.tunnels:
            task.cancel()
        self._door.close()
