"""What cannot be started is told, and leaves neither process nor descriptor; `tests/process/test_child.py` has real children."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from engine import child as module
from engine.child import Child
from engine.errors import ChildGone
from engine.messages import Wants


class Process:
    """Of multiprocessing, as far as it goes: `starts` with a process id, or not at all."""

    made: list[Process]

    def __init__(self, **how: Any) -> None:
        self.pid: int | None = None
        self.calls: list[str] = []
        self.made.append(self)

    def start(self) -> None:
        self.calls.append("start")
        self.pid = 4_000_000  # beyond the kernel's largest (4194304 at most) that is likely to be in use: nobody is signalled

    def kill(self) -> None:
        self.calls.append("kill")

    def join(self) -> None:
        self.calls.append("join")


def refuse(*arguments: object) -> Any:
    raise OSError(errno.EMFILE, "Too many open files")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    monkeypatch.setattr(Process, "made", [], raising=False)
    monkeypatch.setattr(module._spawn, "Process", Process)
    return Process.made


@pytest.mark.parametrize(
    ("what", "where", "calls"),
    [
        ("socket_pair", module, []),
        ("start", Process, []),
        ("pidfd_open", os, ["start", "kill", "join"]),
    ],
)
async def test_what_cannot_be_started_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, made: list[Process], what: str, where: Any, calls: list[str]
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    child = Child("capture one", "nowhere", None)
    monkeypatch.setattr(where, what, refuse)
    with pytest.raises(ChildGone, match=r"^The capture one process could not be started: Too many open files\.$"):
        child.start(lambda message: None)
    assert [call for process in made for call in process.calls] == calls
    assert len(os.listdir("/proc/self/fd")) == before
    assert (child.started, child.alive) == (False, False)


async def test_one_that_could_not_be_started_has_nothing_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pidfd_open", refuse)
    child = Child("capture one", "nowhere", None)
    with pytest.raises(ChildGone):
        child.start(lambda message: None)
    child.kill()
    child.hear()
    with pytest.raises(ChildGone, match="has ended"):
        child.send(Wants(1))
    assert await child.stop(1) == 0
