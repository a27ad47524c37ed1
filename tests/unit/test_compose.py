"""compose.yaml says what docs/deploy and the document that Jiomosa began with say of it."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # schemathesis brings it

from engine.settings import Settings, from_environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def renderer() -> dict[str, Any]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert list(services) == ["renderer"]
    found: dict[str, Any] = services["renderer"]
    return found


def test_its_settings_are_some_that_there_are(renderer: dict[str, Any]) -> None:
    given = dict(entry.split("=", 1) for entry in renderer["environment"])
    assert given["SESSION_TIMEOUT"] == "600"
    assert {name.lower() for name in given} <= {field.name for field in fields(Settings)}
    settings = from_environment(given)
    assert (settings.session_timeout, settings.auth) == (600, "none")


def test_it_is_published_on_this_machine_alone_since_nobody_logs_in(renderer: dict[str, Any]) -> None:
    for port in renderer["ports"]:
        address, _, inside = str(port).rsplit(":", 2)
        assert ip_address(address).is_loopback
        assert int(inside) == Settings().port


def test_there_is_room_for_pictures(renderer: dict[str, Any]) -> None:
    number, unit = renderer["shm_size"][:-2], renderer["shm_size"][-2:]
    assert int(number) << {"mb": 20, "gb": 30}[unit] >= 1 << 30


def test_what_it_is_built_and_confined_with_is_there(renderer: dict[str, Any]) -> None:
    assert (ROOT / renderer["build"] / "Dockerfile").exists()
    (profile,) = (entry.partition("=")[2] for entry in renderer["security_opt"] if entry.startswith("seccomp="))
    assert (ROOT / profile).exists()
    assert "no-new-privileges:true" in renderer["security_opt"]
    assert renderer["cap_drop"] == ["ALL"]
