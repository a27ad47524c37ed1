"""Looks the packages of locks up in the lists of known holes that pip-audit reads: first PyPI's, then OSV's.

Fails where a hole is known. Where neither list knows the packages, or none can be reached, it says that nothing was looked up and
succeeds: pip-audit itself would report "no known vulnerabilities" of packages that it has skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SECONDS = 120


def look_up(service: str, locks: list[str]) -> tuple[int, list[dict[str, Any]], str]:
    """(packages that the list knows, those with holes, why there are none of the first)."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json", "--vulnerability-service", service]
    command += [word for lock in locks for word in ("--requirement", lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return 0, [], f"it did not answer within {SECONDS} s"
    except ValueError:
        return 0, [], (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
    known = [package for package in packages if "skip_reason" not in package]
    return len(known), [package for package in known if package["vulns"]], "it knows none of the packages"


def main(locks: list[str]) -> int:
    for service in ("pypi", "osv"):
        known, holes, why = look_up(service, locks)
        for package in holes:
            for hole in package["vulns"]:
                fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
                print(f"{package['name']} {package['version']}: {hole['id']}, mended by {fixed}")
        if holes:
            return 1
        if known:
            print(f"No known holes in {known} packages ({service}).")
            return 0
        print(f"{service}: {why}.")
    print("Nothing was looked up: no list of known holes can be reached from here.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
