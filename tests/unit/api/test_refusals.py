"""Why a page did not load is said in the egress process's words, and only where it was that."""

from __future__ import annotations

import pytest

from api.refusals import MOST_KEPT, Refusals
from engine.errors import JiomosaError, LoadFailed, Unavailable
from engine.ways import Denied

SOCKS = LoadFailed("The page http://x/ could not be loaded: net::ERR_SOCKS_CONNECTION_FAILED.")


def denied(host: str, port: int, code: str = "forbidden_address") -> Denied:
    return Denied(1, host, port, code, f"{host}:{port} may not be opened: it is a private address.")


def code_of(error: JiomosaError | None) -> tuple[str, int] | None:
    return None if error is None else (error.code, error.status)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://Inner.example/x?y", "inner.example", 80),
        ("https://inner.example/", "INNER.example", 443),
        ("http://10.0.0.1:8080/", "10.0.0.1", 8080),
        ("http://[::1]:81/", "::1", 81),
    ],
)
def test_the_page_of_a_refused_address_is_explained(url: str, host: str, port: int) -> None:
    refusals = Refusals()
    refusals.heard(denied(host, port), 5.0)
    assert code_of(refusals.of(url, 4.0)) == ("forbidden_address", 403)
    assert refusals.of(url, 6.0) is None
    assert refusals.of("http://other.example/", 4.0) is None
    explained = refusals.explain(SOCKS, url, 4.0)
    assert explained.message.endswith("it is a private address.")


def test_a_redirect_is_explained_by_what_was_refused_last() -> None:
    refusals = Refusals()
    refusals.heard(denied("10.0.0.1", 80), 5.0)
    refusals.heard(denied("10.0.0.2", 80), 6.0)
    assert "10.0.0.2" in refusals.explain(SOCKS, "http://public.example/", 4.0).message
    assert refusals.explain(SOCKS, "http://public.example/", 7.0) is SOCKS


def test_another_failure_stays_what_it_is() -> None:
    refusals = Refusals()
    refusals.heard(denied("x", 80), 5.0)
    for error in (LoadFailed("net::ERR_CONNECTION_RESET."), Unavailable("It hangs.")):
        assert refusals.explain(error, "http://x/", 0.0) is error
    assert refusals.of("http://[", 0.0) is None


def test_what_could_not_be_reached_is_no_matter_of_rights() -> None:
    refusals = Refusals()
    refusals.heard(Denied(1, "x", 80, "unreachable", "x:80 cannot be reached: there is no x."), 5.0)
    explained = refusals.explain(SOCKS, "http://x/", 0.0)
    assert (explained.code, explained.status) == ("unreachable", 502)
    assert "there is no x" in explained.message


def test_a_page_that_probes_everything_keeps_no_more_than_its_share() -> None:
    refusals = Refusals()
    for port in range(1, 1000):
        refusals.heard(denied("10.0.0.1", port), float(port))
    assert len(refusals._kept) == MOST_KEPT
    assert refusals.of("http://10.0.0.1:999/", 0.0) is not None
