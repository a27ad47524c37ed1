"""The programs of a session: the X server, ChromeDriver, and whatever these two start.

Each program is started through `setpriv`, which drops to the session's own user id (where there is one) and, last of all, asks
the kernel to signal the program when we die: a change of user id clears that wish, so it cannot be made earlier.

Nothing may outlive the session, and not everything is our child: Chromium's helpers double-fork. So at the end whatever is left
is found and killed (`engine.leftovers`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from engine import logs
from engine.errors import ConfigurationError
from engine.leftovers import DISPLAY_FILE, MARKER, is_ours, marker, remaining
from engine.messages import CaptureSpec

log = logs.logger("jiomosa.capture")

# Of the server's own environment only what a browser shows to its user; secrets of the server stay with the server.
INHERITED = ("PATH", "LANG", "LC_ALL", "LANGUAGE", "TZ")
TERMINATE_SECONDS = 1.0  # Xvfb and ChromeDriver end within 50 ms of a SIGTERM; whoever has not after this hangs
STRAGGLER_SECONDS = 3.0  # a killed process that is still there after this is stuck in the kernel


@dataclass(eq=False)
class Program:
    """A running program. `gone` resolves to its exit code once it has ended."""

    name: str
    process: asyncio.subprocess.Process
    gone: asyncio.Task[int]
    reader: asyncio.Task[bytes] | None = None  # of output that nobody needs, so that the program never waits for a reader

    async def end(self) -> bool:
        """SIGTERM, SIGKILL if that does not help, and await the end. True when it went by itself or by the SIGTERM."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        done, _ = await asyncio.wait({self.gone}, timeout=TERMINATE_SECONDS)
        if done:
            return self.gone.result() != -signal.SIGKILL
        log.warning("program did not end, killed", program=self.name)
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.gone
        return False


class Programs:
    """Starts a session's programs and makes sure that none is left at its end."""

    def __init__(self, spec: CaptureSpec) -> None:
        # Never hunt by the user id that we share with the server, whatever the spec says.
        self._uid = spec.uid if spec.uid not in (None, os.getuid()) else None
        self._marker = marker(spec.session_id, spec.folder)
        self.folder = Path(spec.folder)
        self._environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            MARKER: self._marker.partition("=")[2],
            "HOME": spec.folder,
            "TMPDIR": str(self.folder / "tmp"),
            "XAUTHORITY": str(self.folder / "Xauthority"),
            "XDG_RUNTIME_DIR": str(self.folder / "tmp"),
            # No session bus and no accessibility bus: both would start daemons of their own.
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "NO_AT_BRIDGE": "1",
        }

    def prepare_folder(self) -> None:
        """Make the session's folder usable by its programs, and by nobody else."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.give(self.folder)
        for name in ("tmp", "Xauthority", DISPLAY_FILE):
            path = self.folder / name
            if path.is_symlink():  # the browser of before could make them: we must not follow
                path.unlink()
        (self.folder / "tmp").mkdir(mode=0o700, exist_ok=True)
        self.give(self.folder / "tmp")

    def give(self, path: Path) -> None:
        """Make `path` the property of the session's user, and readable by nobody else."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self._uid is not None:
            os.chown(path, self._uid, self._uid)

    def export(self, name: str, value: str) -> None:
        """Put a variable into the environment of the programs that are started from now on."""
        self._environment[name] = value

    async def start(
        self,
        name: str,
        *arguments: str,
        death_signal: str = "KILL",
        stdout: int = asyncio.subprocess.DEVNULL,
        fd: int | None = None,
    ) -> Program:
        """Start a program that hears `death_signal` should we die. Raises `ConfigurationError` where it is not installed.

        Call from the main thread only: the death signal is bound to the thread that starts.
        """
        for binary in ("setpriv", arguments[0]):
            if shutil.which(binary) is None:
                raise ConfigurationError(f"{name} cannot start: {binary} was not found; run `jiomosa doctor`.")
        drop = ["--reuid", str(self._uid), "--regid", str(self._uid), "--clear-groups"] if self._uid is not None else []
        process = await asyncio.create_subprocess_exec(
            "setpriv",
            *drop,
            "--pdeathsig",
            death_signal,
            "--",
            *arguments,
            env=self._environment,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stdout,
            pass_fds=() if fd is None else (fd,),
        )
        return Program(name, process, asyncio.create_task(process.wait(), name=f"{name} ends"))

    async def end_stragglers(self) -> None:
        """Kill whatever is left of the session's processes and await their end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STRAGGLER_SECONDS):
                while ends := [end for pid in self._remaining() if (end := _kill(pid)) is not None]:
                    await asyncio.wait(ends)
        for pid in self._remaining():
            log.error("process could not be ended", pid=pid)

    def remove_folder(self) -> None:
        """Remove the session's folder; what cannot be removed (a folder of the front's) is left to the front."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remaining(self) -> list[int]:
        return remaining(self._uid, self._marker)

    def takes_memory(self, process: Path) -> bool:
        """Whether the memory of the process whose folder in /proc this is counts for the session."""
        # A sandboxed process hides its environment from whoever is not root.
        return self._is_ours(process) or (self._uid is None and _is_of_our_kernel_session(process))

    def _is_ours(self, process: Path) -> bool:
        return is_ours(process, self._uid, self._marker)


def _kill(pid: int) -> asyncio.Future[None] | None:
    """SIGKILL; the future resolves once the process has ended. None where it is gone already."""
    try:
        end = process_end(pid)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return end


def process_end(pid: int) -> asyncio.Future[None]:
    """A future that resolves when process `pid`, not necessarily our child, has ended. Raises ProcessLookupError."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    pidfd = os.pidfd_open(pid)

    def ended() -> None:
        if not future.done():
            future.set_result(None)

    def forget(_: asyncio.Future[None]) -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)

    loop.add_reader(pidfd, ended)
    future.add_done_callback(forget)
    return future


def _is_of_our_kernel_session(process: Path) -> bool:
    """Each capture process begins a kernel session (`setsid`), in which its programs stay."""
    with contextlib.suppress(OSError):
        session = int((process / "stat").read_text().rpartition(") ")[2].split()[3])
        return session == os.getsid(0) and process.name != str(os.getpid())
    return False
