"""`jiomosa doctor`: checks this machine, one line for each thing, with the command that mends what is wrong.

    ok    Chromium 156.0.8078.79
    warn  ...      it runs, but something will be missing
    FAIL  ...      sessions cannot start, or not safely
          what to do

The judgements here are pure: from what was found to a finding. `api.probes` asks the machine.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

from api import probes
from api.probes import Sandbox, Trial
from engine.settings import Settings

MEBIBYTE = 1 << 20
SESSION_BYTES = 4 * 1280 * 720 * 4  # a ring of four pictures
COMFORTABLE_BYTES = 256 * MEBIBYTE
LEAST_BYTES = 32 * MEBIBYTE
OPEN_FILES = 4096
APT = "apt-get install -y --no-install-recommends"
FONT_PACKAGES = {
    "Chinese": "fonts-noto-cjk",
    "Japanese": "fonts-noto-cjk",
    "Korean": "fonts-noto-cjk",
    "Devanagari": "fonts-noto-core",
    "Arabic": "fonts-noto-core",
    "emoji": "fonts-noto-color-emoji",
}
ALLOW_NAMESPACES = (
    "Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), docker run --security-opt seccomp=unconfined (Docker)."
)
WITHOUT_SANDBOX = (
    "BROWSER_SANDBOX=0 goes on without it, for pages that you trust only: one that breaks out of Chromium's renderer "
    "then has all rights of the user that the browser runs as."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` is what to do about it."""

    level: Literal["ok", "warn", "FAIL"]
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.level:4}  {self.text}" + (f"\n      {self.remedy}" if self.remedy else "")


def run(settings: Settings, out: TextIO) -> int:
    """Check everything and print a line for each; 0 when nothing fails, else 1."""
    failures = 0
    for finding in findings(settings):
        failures += finding.level == "FAIL"
        print(finding, file=out, flush=True)
    return 1 if failures else 0


def findings(settings: Settings) -> Iterator[Finding]:
    """Every finding, as it is made."""
    chromium, driver = probes.version(settings.chromium), probes.version(settings.chromedriver)
    yield judge_python(sys.version_info[:3])
    yield judge_chromium(settings.chromium, chromium)
    yield judge_driver(settings.chromedriver, driver, chromium)
    yield judge_program("Xvfb", "xvfb", shutil.which("Xvfb"))
    yield judge_program("setpriv", "util-linux", shutil.which("setpriv"))
    yield from judge_fonts(probes.fonts())
    yield judge_shared_memory(probes.shared_memory())
    yield judge_open_files(*resource.getrlimit(resource.RLIMIT_NOFILE))
    complaint = probes.folder_complaint(settings.runtime_dir)
    yield judge_runtime_dir(settings.runtime_dir, complaint)
    if chromium is not None and complaint is None:
        yield judge_sandbox(probes.sandbox(settings))
    yield judge_port(settings.host, settings.port, probes.port_complaint(settings.host, settings.port))


def judge_python(version: Sequence[int]) -> Finding:
    shown = ".".join(map(str, version))
    if tuple(version) >= (3, 11):
        return Finding("ok", f"Python {shown}")
    return Finding("FAIL", f"Python {shown} is too old: 3.11 or newer is needed.", "PYTHON=/path/to/python3.11 make setup")


def judge_chromium(path: str, version: str | None) -> Finding:
    if version is not None:
        return Finding("ok", f"Chromium {version}")
    return Finding("FAIL", f"No Chromium runs as {path}.", f"{APT} chromium, or name another with CHROMIUM=/path")


def judge_driver(path: str, version: str | None, chromium: str | None) -> Finding:
    if version is None:
        return Finding(
            "FAIL", f"No ChromeDriver runs as {path}.", f"{APT} chromium-driver, or name another with CHROMEDRIVER=/path"
        )
    if chromium is not None and version.split(".")[0] != chromium.split(".")[0]:
        return Finding(
            "FAIL",
            f"ChromeDriver {version} cannot drive Chromium {chromium}: their first numbers must be the same.",
            "apt-get update && apt-get install -y chromium chromium-driver",
        )
    return Finding("ok", f"ChromeDriver {version}")


def judge_program(name: str, package: str, path: str | None) -> Finding:
    return Finding("ok", f"{name}: {path}") if path else Finding("FAIL", f"{name} is not on the PATH.", f"{APT} {package}")


def judge_fonts(families: dict[str, int] | None) -> Iterator[Finding]:
    """From the number of font families for each of the scripts in `probes.LANGUAGES`; None where there is no fc-list."""
    if families is None:
        yield Finding("warn", "Cannot tell which fonts there are: fc-list is not on the PATH.", f"{APT} fontconfig")
        return
    if not families["Latin"]:
        yield Finding("FAIL", "There is no font for Latin letters; pages would show empty boxes.", f"{APT} fonts-dejavu-core")
    if absent := [script for script in FONT_PACKAGES if not families[script]]:
        wanted = " ".join(sorted({FONT_PACKAGES[script] for script in absent}))
        yield Finding("warn", f"No fonts for {', '.join(absent)}: pages show empty boxes for them.", f"{APT} {wanted}")
    if present := [script for script, count in families.items() if count]:
        yield Finding("ok", f"Fonts for {', '.join(present)}")


def judge_shared_memory(sizes: tuple[int, int] | None) -> Finding:
    """From the bytes of /dev/shm in all and free; None where there is none."""
    if sizes is None:
        remedy = "mkdir -p /dev/shm && mount -t tmpfs -o size=1G tmpfs /dev/shm"
        return Finding("FAIL", "There is no /dev/shm, where pictures pass between processes.", remedy)
    total, free = sizes
    shown = f"/dev/shm has {total // MEBIBYTE} MB, {free // MEBIBYTE} MB of it free"
    room = f"room for about {free // SESSION_BYTES} sessions at 1280x720"
    remedy = "mount -o remount,size=1G /dev/shm (as root; in Docker: docker run --shm-size=1g)"
    if free < LEAST_BYTES:
        return Finding("FAIL", f"{shown}: too little for a session.", remedy)
    if total < COMFORTABLE_BYTES:
        return Finding("warn", f"{shown}: {room} only.", remedy)
    return Finding("ok", f"{shown}: {room}")


def judge_open_files(soft: int, hard: int) -> Finding:
    """`soft` is what holds now, `hard` what we may raise it to; -1 is no limit."""
    if soft >= OPEN_FILES or soft == resource.RLIM_INFINITY:
        return Finding("ok", f"Open files: up to {soft if soft >= 0 else 'any number'}")
    if hard >= OPEN_FILES or hard == resource.RLIM_INFINITY:
        return Finding("warn", f"Only {soft} files may be open at once: enough for a few viewers.", f"ulimit -n {OPEN_FILES}")
    remedy = (
        "Raise `nofile` in /etc/security/limits.conf and log in anew (systemd: LimitNOFILE; docker run --ulimit nofile=65536)"
    )
    return Finding("FAIL", f"Only {hard} files may be open at once, and {OPEN_FILES} should be.", remedy)


def judge_runtime_dir(path: str, complaint: str | None) -> Finding:
    if complaint is None:
        return Finding("ok", f"{path} takes browser profiles")
    return Finding(
        "FAIL", f"No browser profile can be made in {path}: {complaint}.", "Name another folder with RUNTIME_DIR=/path"
    )


def judge_port(host: str, port: int, complaint: str | None) -> Finding:
    if complaint is None:
        return Finding("ok", f"{host}:{port} is free")
    return Finding(
        "FAIL",
        f"Cannot listen on {host}:{port}: {complaint}.",
        "Stop what listens there, or choose with HOST=address PORT=number",
    )


def judge_sandbox(found: Sandbox) -> Finding:
    who = f"user {found.uid}" if found.uid is not None else f"user {os.geteuid()} (the server's own)"
    if found.inside is not None and found.inside.shown:
        how = "user namespaces" if found.namespaces else "its setuid helper"
        return Finding("ok", f"Chromium starts in its sandbox as {who} ({how})")
    if not (found.outside and found.outside.shown):
        return Finding("FAIL", f"Chromium does not start as {who}, even without its sandbox: {_words(found.outside)}")
    if found.inside is None:
        return Finding("warn", f"Chromium starts as {who}, its sandbox off (BROWSER_SANDBOX=0).", WITHOUT_SANDBOX)
    if found.namespaces:
        return Finding("FAIL", f"Chromium starts as {who}, but not in its sandbox: {_words(found.inside)}", WITHOUT_SANDBOX)
    return Finding(
        "FAIL",
        f"Chromium's sandbox does not work: {who} may not make user namespaces, and its setuid helper "
        + ("does not do either." if found.helper else f"is not installed ({APT} chromium-sandbox)."),
        f"{ALLOW_NAMESPACES} {WITHOUT_SANDBOX}",
    )


def _words(trial: Trial | None) -> str:
    return trial.words if trial else ""
