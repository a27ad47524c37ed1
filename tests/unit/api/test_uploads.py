"""Uploads: what a file may be called, and that a browser cannot have us write anywhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.uploads import LONGEST_NAME, UPLOAD, Folder, safe_name, write
from engine.errors import BadRequest


@given(st.text())
def test_a_name_is_one_and_no_path(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert not set(safe) & {"/", "\\", "\0", "\n"}
    assert len(safe) <= LONGEST_NAME


def test_a_name_keeps_its_end() -> None:
    assert safe_name("C:\\Users\\ann\\photo.jpg") == "photo.jpg"
    assert safe_name("x" * 500 + ".pdf").endswith(".pdf")
    assert safe_name("../../etc/passwd") == "passwd"


def test_files_lie_in_a_folder_of_their_own_and_nothing_is_followed(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    with folder.file("a.txt") as fd:
        write(fd, b"12345")
    assert Path(folder.path("a.txt")).read_bytes() == b"12345"
    assert Path(folder.path("a.txt")).stat().st_mode & 0o777 == 0o644
    with pytest.raises(BadRequest, match="cannot be called"), folder.file("a.txt"):
        pass
    os.symlink("/etc/passwd", folder.path("link"))
    with pytest.raises(BadRequest), folder.file("link"):
        pass
    folder.remove()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_which_paths_may_be_large() -> None:
    assert UPLOAD.fullmatch("/api/session/demo/files/1234")
    assert not UPLOAD.fullmatch("/api/session/demo/load")
    assert not UPLOAD.fullmatch("/api/session/demo/files/a/b")
