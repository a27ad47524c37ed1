"""Bodies and payloads become models or sentences that name the field; addresses become what a browser can load."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.models import CreateRequest, ErrorModel, LoadRequest
from api.request import answer, convert, page_url, parse
from engine.errors import BadRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.com", "https://example.com"),
        ("http://example.com/a?b=c#d", "http://example.com/a?b=c#d"),
        ("example.com", "https://example.com"),
        ("  example.com/x \n", "https://example.com/x"),
        ("www.example.com:8080", "https://www.example.com:8080"),
        ("localhost", "https://localhost"),
        ("localhost:5000", "https://localhost:5000"),
        ("localhost:5000/path", "https://localhost:5000/path"),
        ("127.0.0.1:8000/x", "https://127.0.0.1:8000/x"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("[::1]:8000", "https://[::1]:8000"),
        ("user:secret@example.com", "https://user:secret@example.com"),
        ("HTTP://EXAMPLE.COM/", "HTTP://EXAMPLE.COM/"),
        ("about:blank", "about:blank"),
        ("https://पञ्चतन्त्र.भारत/पृष्ठ", "https://पञ्चतन्त्र.भारत/पृष्ठ"),
        ("example.com/?next=http://other.example/", "https://example.com/?next=http://other.example/"),
    ],
)
def test_what_a_person_types_becomes_an_address(typed: str, url: str) -> None:
    assert page_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("exa mple.com", "spaces"),
        ("example.com/\x00", "control"),
        ("a\nb", "control"),
        ("http://", "no host"),
        ("https:///path", "no host"),
        ("http://:80/", "no host"),
        ("example.com:port", "malformed"),
        ("http://example.com:99999/", "malformed"),
        ("http://[::1/", "malformed"),
        ("file:///etc/passwd", "'file'"),
        ("ftp://example.com/", "'ftp'"),
        ("chrome://settings", "'chrome'"),
        ("view-source://x", "'view-source'"),
        ("javascript://example.com/%0aalert(1)", "'javascript'"),
        ("data:text/html,<p>x", "'data'"),
        ("about:version", "'about'"),
        ("about:srcdoc", "'about'"),
    ],
)
def test_what_is_no_address_is_a_sentence(typed: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words) as caught:
        page_url(typed)
    assert "`url`" in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.status == 400


@given(st.text() | st.from_regex(r"[a-z:/@\[\]?#. -]{0,20}"))
def test_whatever_is_typed_is_an_allowed_scheme_or_a_sentence(typed: str) -> None:
    try:
        url = page_url(typed)
    except BadRequest:
        return
    assert url.lower().startswith(("http://", "https://")) or url == "about:blank"


@pytest.mark.parametrize("typed", ["file:/etc/passwd", "javascript:alert(1)", "chrome:settings", "view-source:x"])
def test_a_scheme_without_slashes_does_not_get_through(typed: str) -> None:
    try:
        url = page_url(typed)
    except BadRequest:
        return
    assert url.startswith("https://")


def test_a_body_becomes_a_model_with_its_defaults() -> None:
    assert parse(b"{}", CreateRequest) == CreateRequest(None, 1280, 720, None)
    assert parse(b'{"session_id":"a-B_9","width":160,"height":2160,"more":1}', CreateRequest) == CreateRequest("a-B_9", 160, 2160)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"width": 159}', "`width`"),
        (b'{"width": 3841}', "`width`"),
        (b'{"height": 119}', "`height`"),
        (b'{"height": 3841}', "`height`"),
        (b'{"width": "wide"}', "`width`"),
        (b'{"width": 640.5}', "`width`"),
        (b'{"width": true}', "`width`"),
        (b'{"session_id": ""}', "`session_id`"),
        (b'{"session_id": "a b"}', "`session_id`"),
        (b'{"session_id": "../../etc"}', "`session_id`"),
        (b'{"session_id": "a\\n"}', "`session_id`"),
        (b'{"session_id": 5}', "`session_id`"),
        (b'{"session_id": "' + b"x" * 65 + b'"}', "`session_id`"),
        (b'{"url": ""}', "`url`"),
        (b'{"url": "' + b"x" * 8193 + b'"}', "`url`"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"null", "object"),
        (b"5", "object"),
        (b"{", "not JSON"),
        (b"nonsense", "not JSON"),
        (b'{"width": NaN}', "not JSON"),
        (b'{"url": "\\ud800"}', "not JSON"),
        (b'{"url": "\xff"}', "not JSON"),
    ],
)
def test_a_bad_body_is_a_sentence_that_names_the_field(body: bytes, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(body, CreateRequest)
    assert words in caught.value.message
    assert caught.value.message.startswith("The request body")
    assert caught.value.message.endswith(".")


def test_a_whole_number_may_come_with_a_point() -> None:
    assert parse(b'{"width":640.0,"height":4.8e2}', CreateRequest) == CreateRequest(None, 640, 480)
    with pytest.raises(BadRequest, match="`width`"):
        parse(b'{"width":640.5,"height":480.0}', CreateRequest)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(BadRequest, match="url"):
        parse(b"{}", LoadRequest)


def test_a_field_comes_first_in_its_sentence() -> None:
    with pytest.raises(BadRequest) as caught:
        convert({"width": 10}, CreateRequest, "`create`")
    assert caught.value.message == "`create`: `width` is not right: expected `int` >= 160."


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_body_is_it_is_a_model_or_a_sentence(data: bytes) -> None:
    try:
        assert isinstance(parse(data, CreateRequest), CreateRequest)
    except BadRequest:
        return


@given(JSON | st.binary(max_size=5))
def test_whatever_a_payload_is_it_is_a_model_or_a_sentence(payload: Any) -> None:
    try:
        assert isinstance(convert(payload, CreateRequest, "`create`"), CreateRequest)
    except BadRequest:
        return


async def test_an_answer_is_json_of_its_model() -> None:
    response = answer(ErrorModel("What is wrong.", "bad"), 418)
    assert (response.status_code, response.content_type) == (418, "application/json")
    assert msgspec.json.decode(await response.get_data(as_text=False)) == {"error": "What is wrong.", "code": "bad"}
