"""What the egress process has refused to a session's browser lately: so that a page that does not load says why.

The browser itself says no more than that its proxy failed. Which of the connections were the page's own is seen by its address; a
redirect's are not in the address that was asked for, so there the last refusal since then counts.
"""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import urlsplit

from engine.errors import Forbidden, JiomosaError, LoadFailed
from engine.ways import Denied

MOST_KEPT = 64  # a page that probes everything shall not keep more
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PROXY_FAILED = ("ERR_SOCKS_CONNECTION", "ERR_PROXY_CONNECTION", "ERR_TUNNEL_CONNECTION")


class Refusals:
    """One session's. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], tuple[float, Denied]] = OrderedDict()

    def heard(self, denied: Denied, now: float) -> None:
        self._kept[denied.host.lower(), denied.port] = now, denied
        self._kept.move_to_end((denied.host.lower(), denied.port))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def of(self, url: str, since: float) -> JiomosaError | None:
        """Why the address `url` was not reached; None: it was, as far as we know, or not asked for since `since`."""
        try:
            parts = urlsplit(url)
            where = (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)
        except ValueError:
            return None
        at, denied = self._kept.get(where, (0.0, None))
        return None if denied is None or at < since else _error(denied)

    def explain(self, error: JiomosaError, url: str, since: float) -> JiomosaError:
        """`error`, with which loading `url` has failed; if it was that the proxy failed, the proxy's own words."""
        if not isinstance(error, LoadFailed) or not any(word in error.message for word in PROXY_FAILED):
            return error
        if (own := self.of(url, since)) is not None:
            return own
        at, last = next(reversed(self._kept.values()), (0.0, None))
        return error if last is None or at < since else _error(last)


def _error(denied: Denied) -> JiomosaError:
    if denied.code == "forbidden_address":
        return Forbidden(denied.message, code=denied.code)
    return LoadFailed(f"The page could not be loaded: {denied.message}", code=denied.code)
