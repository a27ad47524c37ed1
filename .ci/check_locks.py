"""Checks, without a network, that the locks fit pyproject.toml and hold nothing of the machine that made them."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]*)?( \\)?$")
LINE = re.compile(r"^(#.*|    --hash=sha256:[0-9a-f]{64}( \\)?|)$")


def read(path: str, complaints: list[str]) -> dict[str, str]:
    """The pins of a lock, name to version. Complains about lines that are neither pin, hash nor comment (addresses, folders)."""
    pins: dict[str, str] = {}
    for line in Path(path).read_text().splitlines():
        if match := PIN.match(line):
            pins[canonicalize_name(match["name"])] = match["version"]
        elif not LINE.match(line):
            complaints.append(f"{path} has a line that is neither a pin nor a hash: {line}")
    return pins


def main() -> int:
    complaints: list[str] = []
    settings = tomllib.loads(Path("pyproject.toml").read_text())
    needed = settings["project"]["dependencies"] + settings["build-system"]["requires"]
    runtime, dev = read("requirements.lock", complaints), read("requirements-dev.lock", complaints)
    for path, pins, texts in (
        ("requirements.lock", runtime, needed),
        ("requirements-dev.lock", dev, needed + settings["project"]["optional-dependencies"]["dev"]),
    ):
        for wanted in map(Requirement, texts):
            version = pins.get(canonicalize_name(wanted.name))
            if version is None or not wanted.specifier.contains(version, prereleases=True):
                complaints.append(f"pyproject.toml wants {wanted}, {path} has {version or 'none'}.")
    complaints += [
        f"requirements.lock has {name} {version}, requirements-dev.lock {dev.get(name, 'none')}."
        for name, version in runtime.items()
        if dev.get(name) != version
    ]
    for complaint in complaints:
        print(complaint)
    print(
        "The locks do not fit; `make lock` mends them."
        if complaints
        else f"The locks fit: {len(runtime)} packages, {len(dev)} with the tests'."
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
