"""All settings, in one place: name, default, what is allowed, and one line of help each.

A setting comes from the environment variable of its name, or from the command line where `jiomosa serve --help` lists it.
The README's table is `markdown_table()`, that of docs/settings.md `markdown_table(whole=True)`; a test holds them equal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

from engine.checks import (
    Check,
    between,
    destinations,
    is_loopback,
    listed,
    networks,
    one_of,
    secret,
    size,
    word,
)
from engine.errors import ConfigurationError


def _setting(default: Any, help: str, check: Check | None = None) -> Any:
    return field(default=default, repr=check is not secret, metadata={"help": help, "check": check})


@dataclass(frozen=True, slots=True)
class Settings:
    """The server's settings. Construct with `from_environment`, or directly in a test."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(5000, "Port to listen on; 0 takes a free one and says which.", between(0, 65535))
    session_timeout: float = _setting(
        300.0, "Seconds without activity after which an unwatched session is closed.", between(1, 1e7)
    )
    frame_capture_interval: float = _setting(
        1.0, "Seconds between two refreshes of the polling viewer, and how long one poll counts as demand.", between(0.05, 3600)
    )
    encoders: int = _setting(0, "Encoder processes; 0 means one for each core.", between(0, 64))
    max_fps: int = _setting(60, "The most frames a second a viewer may ask for.", between(1, 240))
    viewer_timeout: float = _setting(
        20.0, "Seconds after which a viewer that takes nothing, or does not answer, is let go.", between(1, 600)
    )
    congestion_control: str = _setting(
        "",
        "TCP's congestion control for viewers, one of /proc/sys/net/ipv4/tcp_available_congestion_control; empty: the system's.",
        word,
    )
    freeze_after: float = _setting(
        10.0,
        "Seconds after which a page that nobody watches, polls or uses is frozen, until somebody does; 0 never.",
        between(0, 1e7),
    )
    warm_sessions: int = _setting(
        0, "Browsers kept started for sessions to come, which then have a picture within 0.2 seconds; 0 none.", between(0, 64)
    )
    warm_size: str = _setting("1280x720", "The size, width x height, that these sessions have.", size)
    max_sessions: int = _setting(100, "The most sessions at once; 0: as many as the machine has room for.", between(0, 1e6))
    max_sessions_per_user: int = _setting(
        10,
        "The most sessions of one user, where nobody logs in of one address, at once; 0: no limit. On loopback without a login "
        "there is none.",
        between(0, 1e6),
    )
    max_viewers: int = _setting(1000, "The most viewers of one session; 0: no limit.", between(0, 1e6))
    session_memory: int = _setting(
        300, "Megabytes of memory, the container's where that has less, that must be free to start a session.", between(0, 1e6)
    )
    max_session_memory: int = _setting(
        2000,
        "Megabytes of memory that a session's browser may take before it is ended and started again; 0: no limit.",
        between(0, 1e6),
    )
    max_load: float = _setting(
        8.0, "Tasks that want to run, for each core, above which no session is started; 0: not looked at.", between(0, 1e6)
    )
    dialog_timeout: float = _setting(
        60.0, "Seconds after which a page's dialog (alert, prompt, login) that nobody answers is dismissed.", between(1, 3600)
    )
    max_tabs: int = _setting(
        20, "The most tabs of one session; what a page opens beyond them is closed; 0: no limit.", between(0, 1000)
    )
    load_timeout: float = _setting(30.0, "Seconds a page may take to load.", between(1, 600))
    hang_timeout: float = _setting(
        30.0, "Seconds that a watched page may not answer before its browser is started again; 0 never.", between(0, 1e7)
    )
    start_timeout: float = _setting(30.0, "Seconds a session's browser may take to start.", between(1, 600))
    browser_sandbox: bool = _setting(
        True, "Chromium's own sandbox; turn off only where `jiomosa doctor` says the kernel forbids it."
    )
    browser_uid: int = _setting(
        61000, "First of the user ids that browsers run as, one a session, where the server runs as root.", between(1, 2**31)
    )
    chromium: str = _setting("/usr/lib/chromium/chromium", "Path of the Chromium binary (not the distribution's wrapper script).")
    chromedriver: str = _setting("/usr/bin/chromedriver", "Path of ChromeDriver, of the same version as Chromium.")
    auth: str = _setting(
        "auto",
        "Without AUTH_SECRET and AUTH_JWKS: `none` lets anybody in on any address, `auto` only on a loopback address.",
        one_of("auto", "none"),
    )
    auth_secret: str = _setting(
        "", "Secret, of 32 characters or more, that tokens (JWT, HS256) are signed with; whoever comes has to show one.", secret
    )
    auth_jwks: str = _setting(
        "",
        "Path or address, https or of localhost, of the public keys (JWKS) that tokens are signed with: RS256, ES256 or EdDSA.",
    )
    auth_audience: str = _setting("", "Audience (`aud`) that tokens must name; needed with AUTH_JWKS.")
    auth_issuer: str = _setting("", "Issuer (`iss`) that tokens must name.")
    auth_revoked: str = _setting(
        "", "Path of a list of tokens that are not valid any more: lines `sub NAME` or `jti ID`; read when it changes."
    )
    auth_leeway: float = _setting(10.0, "Seconds by which the clock of who issues the tokens may differ.", between(0, 600))
    metrics_token: str = _setting(
        "", "Secret, of 32 characters or more, that whoever scrapes /metrics may show instead of an admin's token.", secret
    )
    allowed_hosts: str = _setting(
        "", "Names that this server goes by beyond HOST, localhost and plain addresses, separated by commas; others are refused."
    )
    cors_origins: str = _setting(
        "",
        "Origins of other pages that may use this server, separated by commas; `null` for a WebView's data: page, `*` for all.",
    )
    request_rate: float = _setting(
        50.0,
        "Requests a second from one address; 0: no limit. On loopback without a login there is none.",
        between(0, 1e6),
    )
    connections: int = _setting(
        64, "Viewers, streams and other requests that one address may have open at once; likewise.", between(0, 1_000_000)
    )
    input_rate: float = _setting(200.0, "Events a second from one viewer; 0: no limit.", between(0, 1e6))
    trusted_proxies: str = _setting(
        "",
        "Addresses or networks of proxies in front, separated by commas: their X-Forwarded-For and -Proto are believed.",
        networks,
    )
    tls_certificate: str = _setting("", "Path of a certificate (PEM, with its chain), to serve https; needs TLS_KEY.")
    tls_key: str = _setting("", "Path of the certificate's private key (PEM).")
    drain_seconds: float = _setting(
        0.0,
        "Seconds after SIGTERM for which sessions may go on, while no new one is let in; 0: they end at once.",
        between(0, 1e6),
    )
    private_addresses: str = _setting(
        "auto",
        "Whether pages may open addresses that are not public (this machine, its networks, a cloud's metadata): `allow`, `deny`, "
        "or `auto`: only where nobody but this machine's own user can ask for pages.",
        one_of("auto", "allow", "deny"),
    )
    allowed_destinations: str = _setting(
        "",
        "What pages may open in any case: names (`*.` for all below one), addresses, networks, each with a `:port` if need be, "
        "separated by commas.",
        destinations,
    )
    denied_destinations: str = _setting(
        "", "What they may not open unless it is among ALLOWED_DESTINATIONS; likewise, and `*` for all.", destinations
    )
    runtime_dir: str = _setting("/tmp", "Folder that browser profiles are made in, one a session, removed with it.")
    max_upload: int = _setting(100, "The most megabytes of one answer to a page that asks for files.", between(1, 100_000))
    log_level: str = _setting(
        "info", "How much to log: debug, info, warning or error.", one_of("debug", "info", "warning", "error")
    )
    log_format: str = _setting(
        "text", "How to log: text for people, or json, one object a line, for programs.", one_of("text", "json")
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            check = entry.metadata["check"]
            value = getattr(self, entry.name)
            complaint = check(value) if check else None
            if complaint:
                shown = "set" if check is secret else repr(value)
                raise ConfigurationError(f"{entry.name.upper()} is {shown} but {complaint}.")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        return listed(self.cors_origins)

    @property
    def proxies(self) -> tuple[str, ...]:
        return listed(self.trusted_proxies)

    @property
    def for_this_machine_alone(self) -> bool:
        """Whether nobody but whoever sits at this machine can ask for anything."""
        return not self.login_configured and is_loopback(self.host)

    @property
    def private_allowed(self) -> bool:
        """Whether pages may open addresses that are not public."""
        return self.private_addresses == "allow" or (self.private_addresses == "auto" and self.for_this_machine_alone)

    @property
    def egress_filtered(self) -> bool:
        """Whether there is anything that pages may not open."""
        return not self.private_allowed or bool(self.denied_destinations)

    @property
    def allowed(self) -> tuple[str, ...]:
        return listed(self.allowed_destinations)

    @property
    def denied(self) -> tuple[str, ...]:
        return listed(self.denied_destinations)

    @property
    def login_configured(self) -> bool:
        return bool(self.auth_secret or self.auth_jwks)

    @property
    def host_names(self) -> tuple[str, ...]:
        return listed(self.allowed_hosts)

    @property
    def warm_dimensions(self) -> tuple[int, int]:
        """Width and height of warm sessions, in pixels."""
        width, _, height = self.warm_size.partition("x")
        return int(width), int(height)

    @property
    def encoder_count(self) -> int:
        return self.encoders or len(os.sched_getaffinity(0))


def from_environment(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """Settings from `environment`; `overrides` (from the command line) win where they are not None.

    Raises `ConfigurationError` naming the variable and what it may be.
    """
    values: dict[str, Any] = {}
    for entry in fields(Settings):
        text = environment.get(entry.name.upper())
        if text is not None and text.strip():
            values[entry.name] = _parse(entry.name.upper(), text.strip(), entry.default)
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Settings(**values)


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise ConfigurationError(f"{name} is {text!r} but must be 1 or 0.")
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise ConfigurationError(f"{name} is {text!r} but must be {kind}.") from None
    return text


def markdown_table(whole: bool = False) -> str:
    """The settings as the README shows them; `whole`: also what each may be."""
    names = ["variable", "default", *(["may be"] if whole else []), "meaning"]
    rows = [_row(names), _row(["---"] * len(names))]
    for entry in fields(Settings):
        default = int(entry.default) if isinstance(entry.default, bool) else entry.default
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        cells = [f"`{entry.name.upper()}`", f"`{shown}`", *([_allowed(entry)] if whole else []), entry.metadata["help"]]
        rows.append(_row(cells))
    return "\n".join(rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _allowed(entry: Field[Any]) -> str:
    if isinstance(entry.default, bool):
        return "1 or 0"
    check: Check | None = entry.metadata["check"]
    number = {int: "a whole number, ", float: "a number, "}.get(type(entry.default), "")
    return number + check.allowed.removeprefix("be ") if check else "any text"
