"""The REST side: JSON asked and answered."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from jiomosa_client.errors import ConnectionLost, JiomosaError


class Rest:
    """Of the server at `address`."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 90.0) -> dict[str, Any]:
        """The answer. Raises `JiomosaError` with the server's sentence; `ConnectionLost` where there is none."""
        answer: dict[str, Any] = json.loads(self.fetch(method, path, body, timeout))
        return answer

    def fetch(self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 90.0) -> bytes:
        """The answer as it is; raises as `ask`."""
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if data is not None else {})
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310  # whoever calls chose it
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            raise _explained(error) from None
        except OSError as error:
            raise ConnectionLost(f"{self.address} cannot be reached: {getattr(error, 'reason', error)}.", "unreachable") from None


def _explained(error: urllib.error.HTTPError) -> JiomosaError:
    try:
        with error:
            answer = json.loads(error.read())
        return JiomosaError(answer["error"], answer["code"], error.code)
    except (ValueError, KeyError, TypeError):
        return JiomosaError(f"The server answered {error.code}.", "", error.code)
