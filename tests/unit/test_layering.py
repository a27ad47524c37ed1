"""The house's rules: who may import whom, how long a module may be, and what the front never loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "api", "capture", "encoder", "bench", "tests", "docs/examples/python")
LINES = 320
HEAVY = {"selenium", "simplejpeg", "xcffib", "numpy", "isal", "PIL", "capture", "encoder", "bench"}

IMPORT_AND_REPORT = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(*modules: str) -> set[str]:
    """Top-level packages that are loaded in a fresh process once it has imported `modules`."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_REPORT, *modules], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def modules_of(folder: str) -> list[str]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


def test_who_imports_whom() -> None:
    command = [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 kept, 0 broken" in done.stdout


def test_no_module_has_grown_past_its_room() -> None:
    lengths = {path: len(path.read_text().splitlines()) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    assert lengths
    assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LINES} == {}


def test_the_front_loads_neither_browser_nor_codec() -> None:
    modules = modules_of("api")
    assert {"api.cli", "api.doctor"} <= set(modules)
    assert loaded_by(*modules) & HEAVY == set()


def test_traces_cost_nothing_where_nobody_wants_them() -> None:
    assert "opentelemetry" not in loaded_by("api.serve")


def test_the_command_line_is_quick_to_load() -> None:
    """Children import it again when they are spawned."""
    assert loaded_by("api.cli") & (HEAVY | {"quart", "socketio", "uvicorn", "uvloop", "asyncio"}) == set()


def test_what_this_test_would_see() -> None:
    assert {"numpy", "engine"} <= loaded_by("numpy", "engine.settings")
