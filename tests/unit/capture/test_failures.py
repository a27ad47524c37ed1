"""The browser's reasons, in words."""

from __future__ import annotations

import pytest

from capture.failures import WORDS, in_words

REASONS = {
    "net::ERR_CERT_DATE_INVALID": "certificate",
    "net::ERR_SSL_PROTOCOL_ERROR": "encryption",
    "net::ERR_TOO_MANY_REDIRECTS": "redirects",
    "net::ERR_NAME_NOT_RESOLVED": "no such host",
    "net::ERR_CONNECTION_REFUSED": "nobody answers",
    "net::ERR_EMPTY_RESPONSE": "broke the connection off",
    "net::ERR_CONNECTION_TIMED_OUT": "in time",
    "net::ERR_INTERNET_DISCONNECTED": "no network",
    "net::ERR_TUNNEL_CONNECTION_FAILED": "not be reached from here",
    "net::ERR_BLOCKED_BY_ADMINISTRATOR": "not be opened here",
    "net::ERR_INVALID_AUTH_CREDENTIALS": "a name and a password",
    "net::ERR_UNKNOWN_URL_SCHEME": "another program",
    "net::ERR_UNSAFE_PORT": "this port",
}


@pytest.mark.parametrize(("reason", "words"), REASONS.items())
def test_a_reason_keeps_its_name_and_has_words(reason: str, words: str) -> None:
    said = in_words(f"{reason}. ")
    assert said.startswith(f"{reason} (")
    assert words in said


def test_no_words_are_out_of_reach() -> None:
    said = [in_words(reason) for reason in REASONS]
    assert [words for _, words in WORDS if not any(words in one for one in said)] == []


@pytest.mark.parametrize(("reason", "said"), [("net::ERR_NEW_ONE.", "net::ERR_NEW_ONE"), ("", "the browser does not say why")])
def test_what_nobody_knows_is_told_as_it_is(reason: str, said: str) -> None:
    assert in_words(reason) == said
