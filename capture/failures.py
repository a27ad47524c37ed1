"""Why the browser could not load a page, in words that a person understands."""

from __future__ import annotations

import re

# Chromium's net/base/net_error_list.h; the first that fits.
WORDS = (
    ("ERR_CERT_|ERR_SSL_|ERR_BAD_SSL", "its certificate, or the encryption, cannot be trusted"),
    ("ERR_TOO_MANY_REDIRECTS", "it redirects without end"),
    ("ERR_NAME_NOT_RESOLVED|ERR_NAME_RESOLUTION_FAILED", "there is no such host"),
    ("ERR_CONNECTION_REFUSED|ERR_ADDRESS_UNREACHABLE", "nobody answers there"),
    ("ERR_CONNECTION_(RESET|CLOSED|ABORTED)|ERR_EMPTY_RESPONSE", "the server broke the connection off"),
    ("ERR_(CONNECTION_)?TIMED_OUT", "the server did not answer in time"),
    ("ERR_(INTERNET_DISCONNECTED|NETWORK_)", "this server has no network"),
    ("ERR_PROXY_CONNECTION_FAILED|ERR_TUNNEL_CONNECTION_FAILED", "it may not be reached from here"),
    ("ERR_BLOCKED_BY_", "it may not be opened here"),
    ("ERR_INVALID_AUTH_CREDENTIALS", "it wants a name and a password"),
    ("ERR_UNKNOWN_URL_SCHEME", "only another program could open it"),
    ("ERR_UNSAFE_PORT", "browsers do not open this port"),
)


def in_words(reason: str) -> str:
    """The browser's `reason` ("net::ERR_TOO_MANY_REDIRECTS"), and what it means where that is known; without a full stop."""
    reason = reason.rstrip(". ") or "the browser does not say why"
    for pattern, words in WORDS:
        if re.search(pattern, reason):
            return f"{reason} ({words})"
    return reason
