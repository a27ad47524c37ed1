"""Only what provably belonged to a server that is gone is removed."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from api import sweep as module
from engine.leftovers import MARKER


@pytest.fixture(autouse=True)
def _own_segments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(module, "SEGMENTS", tmp_path / "shm")


@pytest.fixture
def dead() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def sweep(folder: Path) -> set[str]:
    """What is left after it."""
    module.sweep(str(folder / "run"))
    return {path.name for path in [*(folder / "shm").iterdir(), *(folder / "run").iterdir()]}


def test_what_a_dead_server_left_goes_and_nothing_else(tmp_path: Path, dead: int) -> None:
    (tmp_path / "shm" / f"jiomosa-{dead}-frames0").write_text("x")
    (tmp_path / "run" / f"jiomosa-{dead}-abc" / "profile").mkdir(parents=True)
    others = [f"jiomosa-{os.getpid()}-abc", "jiomosa-notes", f"other-{dead}-abc", f"jiomosa-{dead}"]
    for name in others:
        (tmp_path / "run" / name).mkdir()
        (tmp_path / "shm" / name).write_text("x")
    assert sweep(tmp_path) == set(others)


def test_what_somebody_holds_the_lock_of_stays(tmp_path: Path, dead: int) -> None:
    """In another container its process may be there all the same."""
    names = {f"jiomosa-{dead}-abc", f"jiomosa-{dead}-frames0"}
    (tmp_path / "run" / f"jiomosa-{dead}-abc").mkdir()
    (tmp_path / "shm" / f"jiomosa-{dead}-frames0").write_text("x")
    fds = [os.open(tmp_path / part, os.O_RDONLY) for part in (f"run/jiomosa-{dead}-abc", f"shm/jiomosa-{dead}-frames0")]
    for fd in fds:
        fcntl.flock(fd, fcntl.LOCK_SH)
    assert sweep(tmp_path) == names
    for fd in fds:
        os.close(fd)
    assert sweep(tmp_path) == set()


def test_a_link_is_removed_and_what_it_points_to_is_not(tmp_path: Path, dead: int) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    (tmp_path / "run" / f"jiomosa-{dead}-abc").symlink_to(tmp_path / "mine")
    assert sweep(tmp_path) == set()
    assert (tmp_path / "mine" / "file").exists()


def test_a_process_that_took_the_number_later_keeps_nothing_alive_and_one_of_ours_does(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        folder = tmp_path / "run" / f"jiomosa-{other.pid}-abc"
        folder.mkdir()
        assert sweep(tmp_path) == {folder.name}, "it may have made it"
        other.kill()
    assert not module._may_be_its_front(os.getpid(), 1000.0)
    assert module._may_be_its_front(os.getpid(), 1e12)


def test_a_folder_in_which_a_browser_still_ends_is_left_to_it(tmp_path: Path, dead: int) -> None:
    folder = tmp_path / "run" / f"jiomosa-{dead}-abc"
    folder.mkdir()
    environment = {MARKER: f"one:{folder.name}", "PATH": os.environ["PATH"]}
    with subprocess.Popen(["sleep", "60"], env=environment) as browser:
        assert sweep(tmp_path) == {folder.name}
        browser.kill()
    assert sweep(tmp_path) == set()
