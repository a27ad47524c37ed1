"""No user id is given out twice on one machine, and a claim ends with whoever holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine import userid
from engine.errors import Unavailable
from engine.userid import UserId

ROOT = Path(__file__).parents[3]
FIRST = 3_000_000_000 + os.getpid() * 10  # nobody's: a claim is a number, and this one is no real user's
CLAIM = """
import pathlib, sys
from engine import userid
userid.LOCKS = pathlib.Path(sys.argv[2])
print(userid.UserId.claim(int(sys.argv[1])).number, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def locks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where claims are made: in a test that root does not run, too."""
    monkeypatch.setattr(userid, "LOCKS", tmp_path / "user-ids")
    return userid.LOCKS


def test_claims_are_unique_until_they_are_released() -> None:
    with UserId.claim(FIRST) as one, UserId.claim(FIRST) as other:
        assert (one.number, other.number) == (FIRST, FIRST + 1)
        one.release()
        with UserId.claim(FIRST) as again:
            assert again.number == FIRST
    with UserId.claim(FIRST) as last:
        assert last.number == FIRST


def test_another_servers_claim_is_seen_and_ends_with_it(locks: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(FIRST), str(locks)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert int(server.stdout.readline()) == FIRST
        with UserId.claim(FIRST) as mine:
            assert mine.number == FIRST + 1
        server.kill()
        server.wait(60)
        with UserId.claim(FIRST) as mine:
            assert mine.number == FIRST


def test_when_all_are_taken_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(userid, "ATTEMPTS", 2)
    with UserId.claim(FIRST), UserId.claim(FIRST), pytest.raises(Unavailable, match=f"{FIRST} to {FIRST + 1}"):
        UserId.claim(FIRST)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_claim_that_fails_leaves_no_descriptor_open_and_says_why(monkeypatch: pytest.MonkeyPatch, locks: Path) -> None:
    before = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(userid, "ATTEMPTS", 0)
        with pytest.raises(Unavailable):
            UserId.claim(FIRST)
    with monkeypatch.context() as patch:

        def refuse(*arguments: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        patch.setattr(fcntl, "fcntl", refuse)
        with pytest.raises(Unavailable, match=f"{locks}: No locks available"):
            UserId.claim(FIRST)
    assert descriptors() == before


def test_without_a_descriptor_left_that_is_said() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        with pytest.raises(Unavailable, match="Too many open files") as caught:
            UserId.claim(FIRST)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert caught.value.code == "no_user"
