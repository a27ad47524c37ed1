"""Supervised children: how the front starts a process of ours, hears of its end, and ends it.

    new -> start() -> starting -> first Ready -> ready -> stop() -> stopping -> exited
                          |                        |
                          +----- Failed, or the process ends ----> exited

A child is started with multiprocessing's spawn method by the dotted name of its module, whose `main(channel, spec)` it runs;
so the front never imports what only children need, and a child never inherits the front's sockets. The front learns of the
end of a process from its pidfd. A child whose front is gone learns of it by the closing of its channel (and by SIGTERM from
the kernel, should it sit in a system call), and ends by itself.

Processes are started from the main thread only: PR_SET_PDEATHSIG is bound to the thread that forks.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from engine import logs, precedence
from engine.channel import Channel, socket_pair
from engine.errors import ChildGone, JiomosaError, rebuild
from engine.messages import Failed, Message, Ready, Shutdown

log = logs.logger("jiomosa.child")

PR_SET_PDEATHSIG = 1
LAST_SECONDS = 2.0  # a child that has failed takes this for cleaning up at most: its successor waits
TITLE = "jiomosa: "  # what the title of each process of ours begins with, as `ps` shows it
_spawn = multiprocessing.get_context("spawn")


class Child:
    """The front's side of one child process."""

    def __init__(self, name: str, module: str, spec: object) -> None:
        self.name = name
        self._module = module
        self._spec = spec
        self._process: Any = None
        self._channel: Channel | None = None
        self._pidfd = -1
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._on_message: Callable[[Any], None] = lambda message: None
        self._failure: JiomosaError | None = None
        self.stopping = False

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def alive(self) -> bool:
        return self._process is not None and not self._exited.done()

    @property
    def works(self) -> bool:
        """Whether it is computing, or would be if it had a processor; not when it waits for something, or is stopped."""
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(") ")[2][:1]
        except OSError:  # it has ended
            return False
        return state in ("R", "D")  # D: for memory or a disk, which is no reason to end it either

    def start(self, on_message: Callable[[Any], None], on_exit: Callable[[JiomosaError], None] | None = None) -> None:
        """Start the process. `on_message` gets all but its first `Ready`; `on_exit` is called once it has ended.

        Raises `ChildGone` when it cannot be started.
        """
        loop = asyncio.get_running_loop()
        try:
            near = self._spawn()
        except OSError as error:
            raise ChildGone(f"The {self.name} process could not be started: {error.strerror}.") from error
        self._on_message = on_message
        self._channel = Channel(near)
        self._channel.attach(loop, self._received, lambda: None)

        def ended() -> None:
            loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._process.join()
            exit_code = self._process.exitcode
            self._process.close()
            assert self._channel is not None
            self._channel.drain()  # its last words may still be unread
            self._channel.close()
            error = self._failure or ChildGone(f"The {self.name} process has ended unexpectedly (exit code {exit_code}).")
            if not self._ready.done():
                self._ready.set_exception(error)
                self._ready.exception()  # whoever did not wait for it has been told by on_exit
            self._exited.set_result(exit_code)
            if on_exit is not None:
                on_exit(error)

        loop.add_reader(self._pidfd, ended)

    def _spawn(self) -> socket.socket:
        """Start the process; returns our end of its channel. Leaves nothing when it raises OSError."""
        near, far = socket_pair()
        arguments = (self.name, self._module, far, self._spec, logs.chosen())
        process = _spawn.Process(target=run, args=arguments, name=self.name, daemon=True)
        try:
            process.start()
            self._pidfd = os.pidfd_open(int(process.pid or 0))
        except OSError:
            if process.pid is not None:  # a process whose end we would not hear of must not be
                process.kill()
                process.join()
            near.close()
            raise
        finally:
            far.close()
        self._process, self._pid = process, int(process.pid or 0)
        return near

    def _received(self, message: Any) -> None:
        match message:
            case Ready(detail) if not self._ready.done():
                self._ready.set_result(detail)
            case Failed(code, text):
                self._failure = rebuild(code, text)
                asyncio.get_running_loop().call_later(LAST_SECONDS, self.kill)
            case _:
                self._on_message(message)

    async def ready(self, timeout: float) -> str:
        """Wait for the child's `Ready`; returns what it runs. Raises what it failed with, or `ChildGone` after `timeout` s."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._ready), timeout)
        except TimeoutError:
            raise ChildGone(f"The {self.name} process was not ready within {timeout:g} seconds.") from None

    def send(self, message: Message, file: int | None = None) -> None:
        """`file`: a descriptor that the child gets a copy of. Raises `ChildGone` when the child is not there to read it."""
        if self._channel is None or self._exited.done():
            raise ChildGone(f"The {self.name} process has ended.")
        self._channel.send(message, file)

    def take_file(self) -> int:
        """The file that came with the message that `on_message` is handling."""
        assert self._channel is not None
        return self._channel.take_file()

    def hear(self) -> None:
        """Take in now what it has sent already: before it is called hung, say."""
        if self._channel is not None:
            self._channel.drain()

    async def stop(self, grace: float) -> int:
        """Ask the child to end, kill it after `grace` seconds, and await its end. Returns its exit code."""
        self.stopping = True
        if self._process is None:
            return 0
        if self.alive:
            with contextlib.suppress(ChildGone):
                self.send(Shutdown())
            try:
                return await asyncio.wait_for(asyncio.shield(self._exited), grace)
            except TimeoutError:
                log.warning("process did not end, killed", process=self.name, seconds=grace)
                self.kill()
        return await self._exited

    def kill(self) -> None:
        """SIGKILL; `on_exit` follows."""
        if self.alive:
            self._process.kill()


def name_process(name: str) -> None:
    """Have the title of this process say that it is ours, and which."""
    setproctitle(TITLE + name)


def run(name: str, module: str, end: socket.socket, spec: object, logging: logs.Logging | None = None) -> None:
    """The child's side: what a spawned process runs before it is the module's."""
    name_process(name)
    if logging is not None:
        logs.configure(logging)
    # The terminal's Ctrl-C goes to the whole foreground group, but ending is the front's decision: a session of our own.
    os.setsid()
    precedence.go_with_all()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(end)
    main = importlib.import_module(module).main
    gc.collect()
    gc.freeze()  # what is there after the imports stays for good: keep collections short
    try:
        main(channel, spec)
    finally:
        channel.close()
