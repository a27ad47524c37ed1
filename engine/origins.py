"""Which requests may come from where: so that other web pages cannot drive this server through their visitor's browser.

    what a page could try                         what gives it away
    fetch, WebSocket, form from another site      `Origin`, which its browser adds and scripts cannot change
    <img>, <script>, <iframe> of another site     `Sec-Fetch-Site`; whose page it is, `Referer` says
    its own name, resolved anew to our address    `Host` (DNS rebinding): to its browser we are the same site as it is

Clients that are no browsers send none of these but `Host`, and are let by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

SAFE = ("GET", "HEAD")
FOREIGN = ("cross-site", "same-site")  # a neighbour on another port or sub-domain is a stranger, too


class Origins:
    """`listed`: origins of other pages that may come in, `*` for all; `hosts`: names that this server goes by.

    `any_name`: do not look at `Host`. Right only where every request has to bring a secret, which a rebound page does not have.
    """

    def __init__(self, listed: Collection[str], hosts: Collection[str], *, any_name: bool) -> None:
        self._listed = frozenset(listed)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._any_name = any_name

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may use this server, to which it said `host`."""
        # Not the scheme: whoever ends TLS before us may not tell which it was.
        own = bool(host) and origin.partition("://")[2].lower() == host.lower()
        return own or "*" in self._listed or origin in self._listed

    def refusal(self, method: str, headers: Mapping[str, str]) -> str | None:
        """A sentence on why a request with these headers (names in lower case) is refused; None: it may pass."""
        host = headers.get("host", "")
        if not self._any_name and not self._goes_by(host):
            return (
                f"This server does not go by the name {host[:100]!r}; a page may be misusing your browser (DNS rebinding). "
                "If the name is right, add it to ALLOWED_HOSTS."
            )
        origin = self._origin(method, headers)
        if origin is not None and not self.allows(origin, host):
            return f"Pages of {origin[:100]} may not use this server; if this one should, add it to CORS_ORIGINS."
        return None

    def _goes_by(self, host: str) -> bool:
        if not host:
            return True  # HTTP/1.0 without it; no browser does that
        try:
            name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
        except ValueError:
            return False
        if name == "localhost" or name.endswith(".localhost") or name in self._hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True  # an address cannot be resolved to another

    def _origin(self, method: str, headers: Mapping[str, str]) -> str | None:
        """The origin of the page that asks; None: no page, or one that only leads here by a link."""
        if "origin" in headers:
            return headers["origin"]
        referer = headers.get("referer")
        foreign = headers.get("sec-fetch-site") in FOREIGN
        if foreign and method in SAFE and headers.get("sec-fetch-dest") == "document":
            return None
        if foreign or (referer is not None and method not in SAFE):
            return _origin_of(referer or "")
        return None


def _origin_of(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else "null"
