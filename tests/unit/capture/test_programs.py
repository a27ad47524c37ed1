"""What is ours among the machine's processes, what they get to know, and how programs end; with small real programs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capture.programs import Programs, process_end
from engine.device import device_of
from engine.errors import ConfigurationError
from engine.leftovers import MARKER
from engine.messages import CaptureSpec
from engine.settings import Settings

STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"


def spec(folder: Path, uid: int | None = None, session_id: str = "unit") -> CaptureSpec:
    settings = Settings()
    known: dict[str, Any] = {name: getattr(settings, name) for name in CaptureSpec.__struct_fields__ if hasattr(settings, name)}
    known |= {"session_id": session_id, "ring": "none", "device": device_of(1, 1), "sandbox": True}
    return CaptureSpec(**known, folder=str(folder), uid=uid)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    programs = Programs(spec(tmp_path / "session"))
    programs.prepare_folder()
    yield programs
    programs.remove_folder()
    assert not programs.folder.exists()


async def test_a_program_knows_its_session_and_nothing_of_the_servers(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "42")
    monkeypatch.setenv("DISPLAY", ":wrong")
    programs = Programs(spec(programs.folder))
    programs.export("DISPLAY", ":7")
    program = await programs.start("Env", "env", stdout=asyncio.subprocess.PIPE)
    assert program.process.stdout is not None
    told = dict(line.split("=", 1) for line in (await program.process.stdout.read()).decode().splitlines())
    assert await program.gone == 0
    assert "SECRET_OF_THE_SERVER" not in told
    assert told["DISPLAY"] == ":7"
    assert told["HOME"] == str(programs.folder)
    assert told["TMPDIR"].startswith(told["HOME"])
    assert told[MARKER] == "unit:session"


async def test_what_is_not_installed_is_said(programs: Programs) -> None:
    with pytest.raises(ConfigurationError, match="The thing cannot start: no-such-program was not found; run `jiomosa doctor`"):
        await programs.start("The thing", "no-such-program")


async def test_a_program_ends_by_sigterm_and_a_stubborn_one_by_sigkill(programs: Programs) -> None:
    mild = await programs.start("Mild", "sleep", "60")
    assert await mild.end()
    assert mild.gone.result() == -signal.SIGTERM
    assert await mild.end(), "to end it again is nothing"
    stubborn = await programs.start("Stubborn", sys.executable, "-c", STUBBORN, stdout=asyncio.subprocess.PIPE)
    assert stubborn.process.stdout is not None
    assert await stubborn.process.stdout.readline() == b"ready\n"
    assert not await stubborn.end()
    assert stubborn.gone.result() == -signal.SIGKILL


async def test_a_killed_program_did_not_end_in_good_order(programs: Programs) -> None:
    program = await programs.start("Victim", "sleep", "60")
    program.process.kill()
    await program.gone
    assert not await program.end()


async def test_stragglers_are_found_however_they_detached_and_others_are_left_alone(programs: Programs) -> None:
    """Chromium's helpers double-fork; their marker stays."""
    program = await programs.start("Parent", "sh", "-c", "setsid -f sleep 60 && setsid -f sleep 61")
    assert await program.gone == 0
    other = Programs(spec(programs.folder, session_id="unit-2"))
    neighbour = await other.start("Neighbour", "sleep", "60")
    while len(pids := programs._remaining()) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert neighbour.process.pid not in pids
    assert os.getpid() not in pids
    ends = [process_end(pid) for pid in pids]
    await programs.end_stragglers()
    await asyncio.wait_for(asyncio.gather(*ends), 10)
    assert programs._remaining() == []
    assert not neighbour.gone.done()
    await neighbour.end()
    await programs.end_stragglers()  # of nothing


async def test_a_zombie_is_nobodys(programs: Programs) -> None:
    environment = {MARKER: "unit:session", "PATH": os.environ["PATH"]}
    with subprocess.Popen(["true"], env=environment) as child:  # noqa: ASYNC220  # asyncio would reap it at once
        await process_end(child.pid)
        assert child.pid not in programs._remaining()


def test_what_is_not_there_or_not_readable_is_not_ours(programs: Programs, tmp_path: Path) -> None:
    assert not programs._is_ours(tmp_path / "none")
    assert not programs._is_ours(Path("/proc/1"))
    assert not programs._is_ours(Path("/proc/self"))


def fake_process(folder: Path, state: str, uid: int, environ: bytes) -> Path:
    folder.mkdir()
    (folder / "status").write_text(f"Name:\todd: name\nState:\t{state} (x)\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
    (folder / "environ").write_bytes(environ)
    return folder


def test_ours_is_told_by_user_id_where_there_is_one_else_by_the_whole_marker(tmp_path: Path) -> None:
    mark = f"{MARKER}=unit:{tmp_path.name}".encode()
    by_uid, by_mark = Programs(spec(tmp_path, 61999)), Programs(spec(tmp_path))
    cases = {
        ("S", 61999, b"A=1\0"): (True, False),
        ("S", 61998, mark + b"\0"): (False, True),
        ("R", 61999, b"A=1\0" + mark + b"\0B=2\0"): (True, True),
        ("Z", 61999, mark + b"\0"): (False, False),
        ("S", 0, mark + b"1\0"): (False, False),
        ("S", 0, b"X" + mark + b"\0"): (False, False),
    }
    for number, ((state, uid, environ), expected) in enumerate(cases.items()):
        process = fake_process(tmp_path / str(number), state, uid, environ)
        assert (by_uid._is_ours(process), by_mark._is_ours(process)) == expected


def test_the_servers_own_user_id_is_never_hunted(tmp_path: Path) -> None:
    """Whatever the spec says: it would be the end of the server."""
    programs = Programs(spec(tmp_path, os.getuid()))
    assert not programs._is_ours(fake_process(tmp_path / "server", "S", os.getuid(), b""))


def test_the_folder_is_for_its_user_only(programs: Programs) -> None:
    file = programs.folder / "Xauthority"
    file.write_text("secret")
    programs.give(file)
    assert file.stat().st_mode & 0o777 == 0o600
    for folder in (programs.folder, programs.folder / "tmp"):
        assert folder.stat().st_mode & 0o777 == 0o700
    programs.prepare_folder()  # again is nothing


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change user ids")
async def test_a_program_runs_as_the_sessions_user_without_any_of_our_rights(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"jiomosa-unit-{os.getpid()}"
    programs = Programs(spec(folder, 61999))
    programs.prepare_folder()
    try:
        program = await programs.start("Status", "cat", "/proc/self/status", stdout=asyncio.subprocess.PIPE)
        assert program.process.stdout is not None
        status = dict(
            line.split(":\t", 1) for line in (await program.process.stdout.read()).decode().splitlines() if ":\t" in line
        )
        await program.gone
        assert status["Uid"].split() == status["Gid"].split() == ["61999"] * 4
        assert status["Groups"].strip() == ""
        assert int(status["CapEff"], 16) == 0
        assert folder.stat().st_uid == (folder / "tmp").stat().st_uid == 61999
    finally:
        programs.remove_folder()


async def test_the_end_of_what_has_ended_is_an_error() -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    with pytest.raises(ProcessLookupError):
        process_end(process.pid)


async def test_an_end_that_is_not_waited_for_leaves_no_descriptor() -> None:
    before = len(os.listdir("/proc/self/fd"))
    end = process_end(os.getppid())
    end.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(os.listdir("/proc/self/fd")) == before
