"""Requests and answers: JSON into models and back, addresses into what the browser can load; errors name what is wrong."""

from __future__ import annotations

import re
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from quart import Response, request

from engine.errors import BadRequest

M = TypeVar("M")

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|about:|data:")  # `localhost:8080` has none


async def body(model: type[M]) -> M:
    """The request's JSON body as `model`; none, or an empty one, is `{}`. Raises `BadRequest` naming the field."""
    data = await request.get_data(cache=False)
    assert isinstance(data, bytes)
    return parse(data.strip() or b"{}", model)


def query(model: type[M]) -> M:
    """The request's query parameters as `model`. Raises `BadRequest` naming the parameter."""
    return convert(request.args.to_dict(), model, "The query", strict=False)


def check_fps(fps: float, highest: int, what: str) -> float:
    """`fps` as it is told. Raises `BadRequest` where it is not from 1 to `highest`."""
    if not 1 <= fps <= highest:  # which NaN is not, either
        raise BadRequest(f"{what}: `fps` must be from 1 to {highest}.")
    return int(fps) if float(fps).is_integer() else fps


def answer(model: msgspec.Struct, status: int = 200) -> Response:
    """`model` as a JSON response."""
    return Response(msgspec.json.encode(model), status, content_type="application/json")


def parse(data: bytes, model: type[M]) -> M:
    """JSON `data` as `model`. Raises `BadRequest` naming the field."""
    try:
        return convert(msgspec.json.decode(data), model, "The request body")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"The request body is not JSON: {error}.") from None


def convert(payload: Any, model: type[M], what: str, *, strict: bool = True) -> M:
    """A decoded value as `model`; numbers may come as text where it is not `strict`.

    Raises `BadRequest` naming the field; `what` is what was sent ("`input:click`").
    """
    try:
        return msgspec.convert(payload, model, strict=strict)
    except msgspec.ValidationError as error:
        if not (isinstance(payload, dict) and any(map(is_whole, payload.values()))):
            raise BadRequest(explain(what, error)) from None
    # An object's 75.0 is the same number as 75 in JSON, and all that some languages can say.
    whole = {name: int(value) if is_whole(value) else value for name, value in payload.items()}
    try:
        return msgspec.convert(whole, model, strict=strict)
    except msgspec.ValidationError as error:
        raise BadRequest(explain(what, error)) from None


def is_whole(value: Any) -> bool:
    """Whether it is a float without a fraction."""
    return isinstance(value, float) and value.is_integer()


def explain(what: str, error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `int` >= 160 - at `$.width`" as a sentence with the field first."""
    text, _, where = str(error).partition(" - at `$")
    field = where.rstrip("`").lstrip(".")
    subject = f"{what}: `{field}`" if field else what
    return f"{subject} is not right: {text[:1].lower()}{text[1:]}."


def page_url(text: str) -> str:
    """What a person typed as an address, as a URL: https where no scheme is given. Raises `BadRequest`."""
    url = text.strip()
    if not url or any(ord(character) < 33 for character in url):
        raise BadRequest("The `url` is not an address: it is empty or contains spaces or control characters.")
    try:
        parts = urlsplit(url)
        if not SCHEME.match(url):
            url = f"https://{url}"
            parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError as error:
        raise BadRequest(f"The `url` is malformed: {error}.") from None
    if parts.scheme not in ("http", "https") and url != "about:blank":
        raise BadRequest(f"The `url` has the scheme {parts.scheme!r}, which is not allowed; use http or https.")
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise BadRequest("The `url` has no host name.")
    return url
