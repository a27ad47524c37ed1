"""A session's folder and user id: claimed whole or not at all, and given back whole."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from api.belongings import Belongings
from engine import userid
from engine.errors import Unavailable
from engine.settings import Settings

UID = 2_000_000_000 + os.getpid()  # no real user's


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setattr(userid, "LOCKS", tmp_path / "user-ids")
    monkeypatch.setattr(os, "chown", lambda path, user, group: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Settings(runtime_dir=str(tmp_path), browser_uid=UID)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def folders(settings: Settings) -> list[str]:
    return [name for name in os.listdir(settings.runtime_dir) if name.startswith("jiomosa-")]


def test_what_is_claimed_is_seen_to_be_in_use_and_is_given_back(settings: Settings) -> None:
    before = descriptors()
    claimed = Belongings.claim("one", settings)
    assert claimed.uid == UID
    assert folders(settings) == [Path(claimed.folder).name]
    other = os.open(claimed.folder, os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    Path(claimed.folder, "profile").mkdir()
    claimed.give_back()
    assert folders(settings) == []
    assert descriptors() == before
    with userid.UserId.claim(UID) as again:
        assert again.number == UID


def test_who_is_not_root_has_a_folder_only(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    claimed = Belongings.claim("one", settings)
    assert claimed.uid is None
    claimed.give_back()
    assert folders(settings) == []


@pytest.mark.parametrize("step", ["mkdtemp", "chown", "open", "flock"])
def test_what_fails_halfway_leaves_nothing_and_is_said(monkeypatch: pytest.MonkeyPatch, settings: Settings, step: str) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    really_open = os.open
    before = descriptors()
    with monkeypatch.context() as patch:
        match step:
            case "mkdtemp":
                patch.setattr(tempfile, "mkdtemp", refuse)
            case "chown":
                patch.setattr(os, "chown", refuse)
            case "open":
                patch.setattr(os, "open", lambda path, *more: (refuse if "jiomosa-" in str(path) else really_open)(path, *more))
            case "flock":
                patch.setattr(fcntl, "flock", refuse)
        with pytest.raises(Unavailable, match=rf"{settings.runtime_dir} \(RUNTIME_DIR\): No space left on device\.$") as caught:
            Belongings.claim("one", settings)
    assert caught.value.code == "no_folder"
    assert (descriptors(), folders(settings)) == (before, [])
    with userid.UserId.claim(UID) as again:
        assert again.number == UID, "the user id was not given back"


def test_a_user_id_that_cannot_be_claimed_is_told_as_that(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(userid, "ATTEMPTS", 0)
    with pytest.raises(Unavailable, match="user ids"):
        Belongings.claim("one", settings)
    assert folders(settings) == []
