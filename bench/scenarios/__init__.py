"""The scenarios: one module each, whose docstring defines its figures. Imported one by one, when they are asked for."""

from __future__ import annotations

import importlib
import inspect

from bench.scenario import Scenario

MEASURED = (
    *("pipeline", "glass", "click", "typing", "demand", "fanout", "links", "changes", "congestion", "churn", "sessions", "idle"),
    *("startup", "memory", "peers", "security"),
)
ENDURED = ("faults", "soak")  # only when they are named: they take half an hour, or as long as one likes
NAMES = (*MEASURED, *ENDURED)


def find(name: str) -> Scenario:
    """The scenario called `name`, one of NAMES."""
    module = importlib.import_module(f"bench.scenarios.{name}")
    what, _, explanation = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    return Scenario(name, " ".join(what.split()), explanation, module.run)
