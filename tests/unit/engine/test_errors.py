"""The hierarchy of errors, and how they cross from process to process."""

from __future__ import annotations

import pytest

from engine import errors
from engine.errors import BY_CODE, CASES, ChildGone, JiomosaError, Unavailable, rebuild

STATUS = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "NotAllowed": 405,
    "Conflict": 409,
    "LengthRequired": 411,
    "TooLarge": 413,
    "TooMany": 429,
    "LoadFailed": 502,
    "Unavailable": 503,
    "ChildGone": 503,
    "ConfigurationError": 503,
    "JiomosaError": 500,
}
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, JiomosaError)]


def test_every_error_is_in_the_table_above() -> None:
    assert {kind.__name__: kind.status for kind in KINDS} == STATUS


def test_codes_are_words_and_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_named_at_the_top_of_the_module(kind: type[JiomosaError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


def test_every_error_that_a_child_may_report_can_be_built_again() -> None:
    assert set(BY_CODE.values()) == set(KINDS) - {Unavailable}, "what is not in the table is Unavailable"


@pytest.mark.parametrize("kind", BY_CODE.values())
def test_an_error_survives_the_way_to_another_process(kind: type[JiomosaError]) -> None:
    error = kind("What is wrong.")
    again = rebuild(error.code, error.message)
    assert type(again) is kind
    assert (again.code, again.message, again.status, str(again)) == (kind.code, "What is wrong.", kind.status, "What is wrong.")


def test_a_code_that_nobody_knows_is_kept() -> None:
    again = rebuild("of_another_version", "What is wrong.")
    assert type(again) is Unavailable
    assert (again.code, again.status) == ("of_another_version", 503)


@pytest.mark.parametrize("code", CASES)
def test_the_code_of_a_single_case_is_kept_with_its_kind(code: str) -> None:
    again = rebuild(code, "What is wrong.")
    assert (type(again), again.code, again.status) == (CASES[code], code, CASES[code].status)


def test_a_code_of_its_own_is_the_instances_only() -> None:
    assert Unavailable("x", code="no_shared_memory").code == "no_shared_memory"
    assert Unavailable("x").code == "unavailable"
    assert isinstance(ChildGone("x"), Unavailable)
