"""/asyncapi.json from the code: what viewers say by the tables that the door checks it with, what they are told by `api.told`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.json import schema_components

from api.events import HANDLERS, ROOMS
from api.front import VERSION
from api.told import TOLD

REFERENCE = "#/components/schemas/{name}"
CHANNEL = {"$ref": "#/channels/socket"}


def document() -> dict[str, Any]:
    """An AsyncAPI 3 document of the Socket.IO side."""
    structs = [struct for struct in (*(handler.payload for handler in HANDLERS.values()), *TOLD.values()) if struct is not None]
    _, schemas = schema_components(structs, ref_template=REFERENCE)
    said = {f"say.{name}": _message(name, handler.payload, handler.run) for name, handler in HANDLERS.items()}
    told = {f"told.{name}": _message(name, struct, struct) for name, struct in TOLD.items()}
    operations: dict[str, Any] = {}
    for name, handler in HANDLERS.items():
        operations[f"say.{name}"] = {
            "action": "receive",
            "channel": CHANNEL,
            "messages": [_in_channel(f"say.{name}")],
            **({"x-scope": "session:control"} if name in ROOMS else {}),
            "reply": {"channel": CHANNEL, "messages": [_in_channel(f"told.{told}") for told in handler.answers]},
        }
    operations["told"] = {"action": "send", "channel": CHANNEL, "messages": [_in_channel(name) for name in told]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jiomosa",
            "version": VERSION,
            "description": "Pictures and input over Socket.IO 5 (Engine.IO 4): a message is an event. docs/protocol.md has more.",
        },
        "channels": {
            "socket": {
                "address": "/socket.io/",
                "messages": {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in (*said, *told)},
            }
        },
        "operations": {_key(name): operation for name, operation in operations.items()},
        "components": {"messages": {_key(name): message for name, message in (said | told).items()}, "schemas": schemas},
    }


def _message(name: str, payload: type[Struct] | None, described: Callable[..., Any] | type[Struct] | None) -> dict[str, Any]:
    words = ((payload or described).__doc__ or "").strip() if payload or described else ""
    schema = {"$ref": REFERENCE.format(name=payload.__name__)} if payload is not None else {"type": "null"}
    return {"name": name, **({"summary": words} if words else {}), "payload": schema}


def _key(name: str) -> str:
    """AsyncAPI's keys are of letters, digits, dots, dashes and underscores."""
    return name.replace(":", "-")


def _in_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/socket/messages/{_key(name)}"}
