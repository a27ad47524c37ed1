"""What the doctor makes of what it finds; the machine itself is asked in tests/process/test_doctor.py."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from api import doctor
from api.doctor import MEBIBYTE, Finding
from api.probes import LANGUAGES, Sandbox, Trial, last_words, port_complaint, version, version_in
from engine.settings import Settings

SHOWN, DARK = Trial(shown=True), Trial(shown=False, words="No usable sandbox!")


def sandbox(inside: Trial | None, outside: Trial | None, *, namespaces: bool = True, helper: bool = True) -> Sandbox:
    return Sandbox(uid=65000, inside=inside, outside=outside, namespaces=namespaces, helper=helper)


@pytest.mark.parametrize(
    ("finding", "level", "words"),
    [
        (doctor.judge_python((3, 11, 2)), "ok", "Python 3.11.2"),
        (doctor.judge_python((3, 10, 9)), "FAIL", "3.11 or newer"),
        (doctor.judge_chromium("/x", "156.0.1"), "ok", "Chromium 156.0.1"),
        (doctor.judge_chromium("/x", None), "FAIL", "/x"),
        (doctor.judge_driver("/x", "156.0.1", "156.9.2"), "ok", "156.0.1"),
        (doctor.judge_driver("/x", "155.0.1", "156.9.2"), "FAIL", "cannot drive"),
        (doctor.judge_driver("/x", "155.0.1", None), "ok", "155.0.1"),
        (doctor.judge_driver("/x", None, "156.9.2"), "FAIL", "/x"),
        (doctor.judge_program("Xvfb", "xvfb", "/usr/bin/Xvfb"), "ok", "/usr/bin/Xvfb"),
        (doctor.judge_program("Xvfb", "xvfb", None), "FAIL", "install -y --no-install-recommends xvfb"),
        (doctor.judge_shared_memory((1024 * MEBIBYTE, 500 * MEBIBYTE)), "ok", "35 sessions"),
        (doctor.judge_shared_memory((64 * MEBIBYTE, 60 * MEBIBYTE)), "warn", "--shm-size"),
        (doctor.judge_shared_memory((1024 * MEBIBYTE, 5 * MEBIBYTE)), "FAIL", "remount"),
        (doctor.judge_shared_memory(None), "FAIL", "mount -t tmpfs"),
        (doctor.judge_open_files(4096, 4096), "ok", "4096"),
        (doctor.judge_open_files(-1, -1), "ok", "any number"),
        (doctor.judge_open_files(1024, -1), "warn", "ulimit -n 4096"),
        (doctor.judge_open_files(1024, 2048), "FAIL", "2048"),
        (doctor.judge_runtime_dir("/tmp", None), "ok", "/tmp"),
        (doctor.judge_runtime_dir("/tmp", "Read-only file system"), "FAIL", "RUNTIME_DIR"),
        (doctor.judge_port("127.0.0.1", 5000, None), "ok", "127.0.0.1:5000"),
        (doctor.judge_port("127.0.0.1", 5000, "Address already in use"), "FAIL", "Address already in use"),
        (doctor.judge_sandbox(sandbox(SHOWN, None)), "ok", "user namespaces"),
        (doctor.judge_sandbox(sandbox(SHOWN, None, namespaces=False)), "ok", "setuid helper"),
        (doctor.judge_sandbox(sandbox(None, SHOWN)), "warn", "BROWSER_SANDBOX=0"),
        (doctor.judge_sandbox(sandbox(None, DARK)), "FAIL", "No usable sandbox"),
        (doctor.judge_sandbox(sandbox(DARK, DARK)), "FAIL", "does not start"),
        (doctor.judge_sandbox(sandbox(DARK, SHOWN)), "FAIL", "BROWSER_SANDBOX=0"),
        (doctor.judge_sandbox(sandbox(DARK, SHOWN, namespaces=False)), "FAIL", "seccomp=unconfined"),
        (doctor.judge_sandbox(sandbox(DARK, SHOWN, namespaces=False, helper=False)), "FAIL", "chromium-sandbox"),
    ],
)
def test_judgements(finding: Finding, level: str, words: str) -> None:
    assert finding.level == level
    assert words in str(finding)
    assert finding.level == "ok" or finding.remedy or "does not start" in finding.text


def test_fonts() -> None:
    every = dict.fromkeys(LANGUAGES, 3)
    assert [finding.level for finding in doctor.judge_fonts(every)] == ["ok"]
    warning, present = doctor.judge_fonts(every | {"Korean": 0, "emoji": 0, "Japanese": 0})
    assert (warning.level, present.level) == ("warn", "ok")
    assert warning.remedy.endswith(" fonts-noto-cjk fonts-noto-color-emoji")
    assert "Korean" not in present.text
    assert [finding.level for finding in doctor.judge_fonts(dict.fromkeys(LANGUAGES, 0))] == ["FAIL", "warn"]
    assert [finding.level for finding in doctor.judge_fonts(None)] == ["warn"]


def test_fonts_of_every_script_can_be_mended() -> None:
    assert set(doctor.FONT_PACKAGES) == set(LANGUAGES) - {"Latin"}


@pytest.mark.parametrize(("levels", "code"), [(["ok", "warn"], 0), (["FAIL", "ok"], 1)])
def test_exit_code(levels: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def findings(settings: Settings) -> Iterator[Finding]:
        for level in levels:
            yield Finding(level, "a thing", "" if level == "ok" else "mend it")  # type: ignore[arg-type]

    monkeypatch.setattr(doctor, "findings", findings)
    out = io.StringIO()
    assert doctor.run(Settings(), out) == code
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines if not line.startswith("      ")] == levels
    assert lines.count("      mend it") == len(levels) - levels.count("ok")


def test_version_in() -> None:
    assert version_in("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)") == "156.0.8078.79"
    assert version_in("ChromeDriver 156.0.8078.79 (e3b0c44-refs/branch-heads/8078@{#1})") == "156.0.8078.79"
    assert version_in("command not found") is None


def test_version_of_what_is_not_there() -> None:
    assert version("/no/such/program") is None


def test_last_words_are_the_fatal_ones() -> None:
    text = "[1:1:ERROR] bus\n[1:1:FATAL:zygote.cc] No usable sandbox! If you want\n#0 0x55\n#1 0x56\n"
    assert last_words(text).startswith("[1:1:FATAL")
    assert last_words("one\ntwo\n\n") == "two"
    assert last_words("") == "it said nothing."


def test_port_complaint_is_short() -> None:
    assert port_complaint("127.0.0.1", 0) is None
    assert port_complaint("192.0.2.1", 5000) == "Cannot assign requested address"
