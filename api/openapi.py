"""/openapi.json from the code: quart-schema collects the routes, msgspec describes the models.

quart-schema alone puts a model's schema where it is used and loses the models inside it; here every model is a component,
once, and is referred to.
"""

from __future__ import annotations

from typing import Any

from msgspec.json import schema_components
from quart_schema.openapi import OpenAPIProvider

from api.models import SESSION_ID, JpegFile, MjpegStream, PngFile, Unchanged

REFERENCE = "#/components/schemas/{name}"


# What is no JSON: its media type; None: no body.
MEDIA: dict[Any, str | None] = {
    PngFile: "image/png",
    JpegFile: "image/jpeg",
    MjpegStream: "multipart/x-mixed-replace",
    Unchanged: None,
}


class Provider(OpenAPIProvider):
    """Describes our routes; see the module."""

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
        return {"content": {"application/json": {"schema": schema}}}, components

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
