"""`jiomosa doctor` on this machine, with its real Chromium."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from api import doctor, probes
from api.probes import Trial
from engine.settings import Settings, from_environment


def report(settings: Settings) -> tuple[int, str]:
    out = io.StringIO()
    return doctor.run(settings, out), out.getvalue()


def test_a_machine_that_was_set_up_is_well() -> None:
    code, text = report(from_environment(os.environ, port=0))
    assert "FAIL" not in text
    assert code == 0
    assert "ok    Chromium " in text
    assert "ok    ChromeDriver " in text
    assert "in its sandbox as user" in text or "BROWSER_SANDBOX=0" in text


def test_the_command_says_it_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "doctor"],
        env=os.environ | {"CHROMEDRIVER": "/no/such/driver", "CHROMIUM": "/no/such/browser", "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "FAIL  No Chromium runs as /no/such/browser." in done.stdout
    assert "FAIL  No ChromeDriver runs as /no/such/driver." in done.stdout
    assert "Traceback" not in done.stderr


def test_a_taken_port_and_a_folder_that_cannot_be_written() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = report(Settings(port=port, runtime_dir="/proc", chromium="/no/such/browser"))
    assert code == 1
    assert f"FAIL  Cannot listen on 127.0.0.1:{port}: Address already in use." in text
    assert "FAIL  No browser profile can be made in /proc" in text


def test_a_browser_that_fails_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ANSWER_SECONDS", 0.5)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # pytest's own are closed to the browser's user
        Path(folder).chmod(0o755)
        stubborn = Path(folder, "chromium")
        stubborn.write_text(
            "#!/bin/sh\ncase \" $* \" in *--no-sandbox*) sleep 60 ;; esac\necho 'FATAL: No usable sandbox!' >&2\nexit 1\n"
        )
        stubborn.chmod(0o755)
        found = probes.sandbox(Settings(chromium=str(stubborn), runtime_dir=folder))
        assert os.listdir(folder) == [stubborn.name]
    assert found.inside == Trial(shown=False, words="FATAL: No usable sandbox!")
    assert found.outside == Trial(shown=False, words="no page within 0.5 s. it said nothing.")


def test_a_page_counts_as_shown_only_where_its_picture_is_asked_for() -> None:
    """Without a page of chrome://, which policies may forbid."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        reader = Path(folder, "chromium")
        for picture in ("", "picture"):
            fetch = f"from urllib.request import urlopen; import sys; urlopen(sys.argv[-1] + {picture!r}).read()"
            reader.write_text(f"#!/usr/bin/python3\n{fetch}\n")
            reader.chmod(0o755)
            assert probes.sandbox(Settings(chromium=str(reader))).inside == Trial(
                shown=bool(picture), words="" if picture else "it said nothing."
            )
