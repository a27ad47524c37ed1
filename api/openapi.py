"""/openapi.json from the code: quart-schema collects the routes, msgspec describes the models.

quart-schema alone puts a model's schema where it is used and loses the models inside it; here every model is a component,
once, and is referred to.
"""

from __future__ import annotations

from typing import Any

from msgspec.json import schema_components
from msgspec.structs import fields
from quart_schema.openapi import OpenAPIProvider

from api.models import SESSION_ID, ErrorModel, JpegFile, MjpegStream, PngFile, Unchanged

REFERENCE = "#/components/schemas/{name}"


# What is no JSON: its media type; None: no body.
MEDIA: dict[Any, str | None] = {
    PngFile: "image/png",
    JpegFile: "image/jpeg",
    MjpegStream: "multipart/x-mixed-replace",
    Unchanged: None,
}


# What any request may be answered with, before it gets as far as its route; and what all those of a session may be.
ANYBODY = {
    400: "What was sent cannot be used; the sentence names the field.",
    401: "Nobody knows who asks: a token is missing or not valid.",
    403: "Who asks may not do this, or is another page.",
    429: "Too many requests, or too much open at once; Retry-After says how long to wait.",
}
WITH_A_BODY = {408: "The body did not come in time.", 413: "The body is too large."}
OF_A_SESSION = {
    404: "There is no such session.",
    503: "The session cannot do it now: its browser is being started again, or has gone.",
}


class Provider(OpenAPIProvider):
    """Describes our routes; see the module."""

    def build_paths(self, rule: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        error, error_components = _describe(ErrorModel)
        components.update(error_components)
        for path, operations in paths.items():
            for operation in operations.values():
                answers = ANYBODY | (OF_A_SESSION if "{" in path else {}) | (WITH_A_BODY if "requestBody" in operation else {})
                content = {"application/json": {"schema": error}}
                for status, description in answers.items():
                    operation["responses"][status] = {"description": description, "content": content}
        return paths, components

    def build_path_parameter(self, name: str, converter: Any) -> dict[str, Any]:
        parameter = super().build_path_parameter(name, converter)
        if name == "id":
            parameter["description"] = "The session's id."
            parameter["schema"]["pattern"] = SESSION_ID
        return parameter

    def build_querystring_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        _, components = _describe(model)
        properties = components.pop(model.__name__)["properties"]
        return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()], components

    def build_request_body(self, model: Any, source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _describe(model)
        required = any(field.required for field in fields(model))  # else no body at all will do, too
        return {"content": {"application/json": {"schema": schema}}, "required": required}, components

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        description = (model.__doc__ or "").strip()
        if model in MEDIA:
            media = MEDIA[model]
            content = {"content": {media: {"schema": {"type": "string", "format": "binary"}}}} if media else {}
            return {"description": description, **content}, {}
        schema, components = _describe(model)
        return {"description": description, "content": {"application/json": {"schema": schema}}}, components


def _describe(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference to `model`, and all components that it needs."""
    (reference,), components = schema_components([model], ref_template=REFERENCE)
    return reference, components
