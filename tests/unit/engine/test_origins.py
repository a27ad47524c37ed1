"""Who may ask: clients that are no browsers, our own pages and those that are listed; no page of anybody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.origins import Origins

DEFAULT = Origins((), ("127.0.0.1",), any_name=False)
HERE = "localhost:5000"
EVIL = "https://evil.example"


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:5000", "LOCALHOST:1", "tv.localhost", "localhost.", "127.0.0.1:5000", "[::1]:5000", "10.1.2.3", ""],
)
def test_names_that_only_this_machine_can_have(host: str) -> None:
    assert DEFAULT.refusal("GET", {"host": host}) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "[::1",
        "a@b",
        ":1",
    ],
)
def test_any_other_name_may_be_a_rebound_one(host: str) -> None:
    refusal = DEFAULT.refusal("GET", {"host": host, "origin": f"http://{host}"})
    assert refusal is not None
    assert "ALLOWED_HOSTS" in refusal
    assert Origins((), (), any_name=True).refusal("GET", {"host": host}) is None


def test_a_name_that_is_listed() -> None:
    origins = Origins((), ("TV.example",), any_name=False)
    assert origins.refusal("GET", {"host": "tv.Example:5000"}) is None


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:5001", "http://localhost", "", "localhost:5000.evil.example"])
def test_a_page_of_another_origin(method: str, origin: str) -> None:
    refusal = DEFAULT.refusal(method, {"host": HERE, "origin": origin, "sec-fetch-site": "same-origin"})
    assert refusal is not None
    assert "CORS_ORIGINS" in refusal
    for listed in (origin, "*"):
        assert Origins((listed,), (), any_name=False).refusal(method, {"host": HERE, "origin": origin}) is None


@pytest.mark.parametrize("origin", ["http://localhost:5000", "https://localhost:5000", "http://LOCALHOST:5000"])
def test_a_page_of_our_own(origin: str) -> None:
    assert DEFAULT.refusal("POST", {"host": HERE, "origin": origin}) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("destination", ["image", "script", "iframe", "empty"])
def test_what_another_page_embeds_says_no_origin(site: str, destination: str) -> None:
    headers = {"host": HERE, "sec-fetch-site": site, "sec-fetch-dest": destination}
    assert DEFAULT.refusal("GET", headers) is not None
    assert DEFAULT.refusal("GET", headers | {"referer": f"{EVIL}/page"}) is not None
    listed = Origins((EVIL,), (), any_name=False)
    assert listed.refusal("GET", headers | {"referer": f"{EVIL}/page"}) is None
    assert listed.refusal("GET", headers) is not None
    assert Origins(("null",), (), any_name=False).refusal("GET", headers) is None, "a data: page has no referer"


def test_a_link_may_lead_here_and_a_form_may_not_act_here() -> None:
    headers = {"host": HERE, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document", "referer": f"{EVIL}/"}
    assert DEFAULT.refusal("GET", headers) is None
    assert DEFAULT.refusal("POST", headers) is not None
    assert DEFAULT.refusal("POST", {"host": HERE, "referer": f"{EVIL}/"}) is not None, "an old browser's form"
    assert DEFAULT.refusal("POST", {"host": HERE, "referer": f"http://{HERE}/x"}) is None


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_client_that_is_no_browser(method: str) -> None:
    assert DEFAULT.refusal(method, {"host": HERE}) is None


@given(st.sampled_from(["GET", "POST"]), st.text(), st.text(), st.text())
def test_no_header_brings_it_to_fall(method: str, host: str, origin: str, referer: str) -> None:
    DEFAULT.refusal(method, {"host": host, "origin": origin})
    DEFAULT.refusal(method, {"host": host, "referer": referer, "sec-fetch-site": "cross-site"})
