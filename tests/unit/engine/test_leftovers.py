"""What a killed capture process left is found and ended, and only that; capture.programs tests whose process is whose."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from engine import leftovers


def test_what_is_left_is_ended_and_others_are_not(tmp_path: Path) -> None:
    mark, other = leftovers.marker("one", tmp_path / "a"), leftovers.marker("one", tmp_path / "b")
    environments = [{leftovers.MARKER: entry.partition("=")[2], "PATH": os.environ["PATH"]} for entry in (mark, other)]
    with (
        subprocess.Popen(["sleep", "60"], env=environments[0]) as ours,
        subprocess.Popen(["sleep", "60"], env=environments[1]) as theirs,
    ):
        while ours.pid not in leftovers.remaining(None, mark):
            pass  # between fork and exec it is still ours by another environment
        leftovers.end(None, mark)
        assert leftovers.remaining(None, mark) == []
        assert ours.wait() == -9
        assert theirs.poll() is None
        theirs.kill()
    leftovers.end(None, mark)  # of nothing


def test_the_socket_of_a_dead_x_server_goes_and_that_of_a_living_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "X_SOCKETS", tmp_path)
    for number in (7, 8):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / f"X{number}"))
    (tmp_path / "X8").unlink()
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(tmp_path / "X8"))
        alive.listen()
        for text in ("7", "8", "9", "", "x"):
            (tmp_path / leftovers.DISPLAY_FILE).write_text(text)
            leftovers.remove_display_socket(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("X*")) == ["X8"]
    leftovers.remove_display_socket(tmp_path / "nowhere")
