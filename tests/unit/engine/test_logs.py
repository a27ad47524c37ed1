"""What is written to the log: a line each, with its fields, for people or for programs, and no secret in it, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
SECRETS = [  # what is written, and what must not be found
    (f"a token {TOKEN} of hers", TOKEN),
    (f"Authorization: Bearer {TOKEN}", TOKEN),
    ("it said Bearer abc.DEF-123_456", "abc.DEF"),
    ("Basic YW5uOnBhc3N3b3Jk was sent", "YW5uOnBhc3N3b3Jk"),
    ("Cookie: sid=deadbeef; theme=dark", "deadbeef"),
    ("set-cookie: sid=deadbeef", "deadbeef"),
    ("https://ann:hunter2@example.com/a", "hunter2"),
    ("The page https://example.com/reset?code=hunter2#frag could not be loaded: ...", "hunter2"),
    ("https://example.com/#access_token=hunter2", "hunter2"),
    ("GET /api/session/one/frame?ticket=hunter2&x=1", "hunter2"),
    ("data:text/html,<p>hunter2", "hunter2"),
    ("javascript:login('hunter2')", "hunter2"),
]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written to standard error; what logging was before is put back."""
    root, ours = logging.getLogger(), logging.getLogger(logs.NAME)
    before = root.handlers, root.level, ours.level, logs.chosen(), dict(logs._about)
    yield capsys
    root.handlers, root.level, ours.level, logs._chosen = before[0], before[1], before[2], before[3]
    logs._about.clear()
    logs._about.update(before[4])


def test_a_line_for_programs_has_its_fields(lines: pytest.CaptureFixture[str]) -> None:
    logs.configure(logs.Logging("info", "json"))
    logs.about(session="one")
    logs.logger("jiomosa.test").info("viewer subscribed", viewer="v", viewers=2)
    logs.logger("jiomosa.test").debug("not this")
    (line,) = map(json.loads, lines.readouterr().err.splitlines())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "viewer subscribed",
        "level": "info",
        "logger": "jiomosa.test",
        "session": "one",
        "viewer": "v",
        "viewers": 2,
    }


def test_a_line_for_people_is_one_line_without_colours_where_there_is_no_terminal(lines: pytest.CaptureFixture[str]) -> None:
    logs.configure(logs.Logging("debug", "text"))
    logs.logger("jiomosa.test").debug("page loaded", session="one", title="two\nlines \x1b[31m")
    (line,) = lines.readouterr().err.splitlines()
    assert "page loaded" in line
    assert "session=one" in line
    assert "two lines" in line
    assert "\x1b" not in line


def test_libraries_speak_in_the_same_form_and_of_warnings_only(lines: pytest.CaptureFixture[str]) -> None:
    logs.configure(logs.Logging("debug", "json"))
    logging.getLogger("some.library").warning("it broke: %s", f"Bearer {TOKEN}")
    logging.getLogger("some.library").info("chatter")
    (line,) = map(json.loads, lines.readouterr().err.splitlines())
    assert (line["event"], line["logger"], line["level"]) == ("it broke: Bearer ***", "some.library", "warning")


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(("written", "secret"), SECRETS)
def test_secrets_are_not_written(lines: pytest.CaptureFixture[str], format: str, written: str, secret: str) -> None:
    logs.configure(logs.Logging("debug", format))
    log = logs.logger("jiomosa.test")
    log.info(written)
    log.info("in a field", reason=written, inside={"deeper": [written]})
    logging.getLogger("some.library").error("%s", written)
    try:
        int(f"not a number: {written}")
    except ValueError as error:
        log.exception("failed", reason=error)
    said = lines.readouterr().err
    assert "in a field" in said
    assert "ValueError" in said
    assert secret not in said


@pytest.mark.parametrize("field", sorted(logs.SECRET_FIELDS))
def test_a_field_that_is_a_secret_is_not_written(lines: pytest.CaptureFixture[str], field: str) -> None:
    logs.configure(logs.Logging())
    logs.logger("jiomosa.test").info("something", **{field: "hunter2"})
    said = lines.readouterr().err
    assert f"{field}=***" in said
    assert "hunter2" not in said


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_becomes_one_line_of_bounded_length(text: str) -> None:
    cleaned = logs.clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert len(cleaned) <= logs.LONGEST


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz 0123456789.,;()-", max_size=200))
def test_plain_sentences_stay_as_they_are(text: str) -> None:
    assert logs.clean(text) == text


def test_what_is_too_long_is_cut() -> None:
    assert len(logs.clean("x" * 5000)) == logs.LONGEST
