"""Settings: defaults that are allowed, complaints that name the variable, and the table of the README."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigurationError
from engine.settings import Settings, from_environment, markdown_table

NAMES = [entry.name for entry in fields(Settings)]
RANGES: dict[str, tuple[float, float]] = {
    "port": (0, 65535),
    "session_timeout": (1, 1e7),
    "frame_capture_interval": (0.05, 3600),
    "encoders": (0, 64),
    "max_fps": (1, 240),
    "viewer_timeout": (1, 600),
    "freeze_after": (0, 1e7),
    "warm_sessions": (0, 64),
    "load_timeout": (1, 600),
    "hang_timeout": (0, 1e7),
    "max_sessions": (0, 1e6),
    "max_viewers": (0, 1e6),
    "dialog_timeout": (1, 3600),
    "max_tabs": (0, 1000),
    "max_upload": (1, 100_000),
    "session_memory": (0, 1e6),
    "max_load": (0, 1e6),
    "max_sessions_per_user": (0, 1e6),
    "max_session_memory": (0, 1e6),
    "drain_seconds": (0, 1e6),
    "start_timeout": (1, 600),
    "browser_uid": (1, 2**31),
    "auth_leeway": (0, 600),
    "request_rate": (0, 1e6),
    "connections": (0, 1_000_000),
    "input_rate": (0, 1e6),
}
FREE = {"host", "browser_sandbox", "chromium", "chromedriver", "cors_origins", "runtime_dir", "allowed_hosts"}


def test_every_setting_is_in_a_table_of_this_test() -> None:
    assert set(NAMES) == set(RANGES) | FREE | {
        "log_level",
        "log_format",
        "warm_size",
        "auth",
        "auth_secret",
        "auth_jwks",
        "auth_audience",
        "trusted_proxies",
        "tls_certificate",
        "tls_key",
        "auth_issuer",
        "metrics_token",
        "congestion_control",
        "auth_revoked",
        "private_addresses",
        "allowed_destinations",
        "denied_destinations",
    }


def test_a_congestion_control_is_one_word() -> None:
    assert from_environment({"CONGESTION_CONTROL": "bbr"}).congestion_control == "bbr"
    with pytest.raises(ConfigurationError, match="CONGESTION_CONTROL"):
        from_environment({"CONGESTION_CONTROL": "bbr cubic"})


@pytest.mark.parametrize("size", ["160x120", "1280x720", "3840x2160"])
def test_a_size_is_width_times_height(size: str) -> None:
    settings = from_environment({"WARM_SIZE": size})
    assert "x".join(map(str, settings.warm_dimensions)) == size


@pytest.mark.parametrize("size", ["", "x", "1280", "1280*720", "159x120", "160x119", "3841x2160", "1280x720x24", "-1x-1"])
def test_what_is_no_size_is_named(size: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^WARM_SIZE is .* but must be WIDTHxHEIGHT"):
        Settings(warm_size=size)


def test_a_short_secret_is_refused_and_no_secret_is_ever_shown() -> None:
    with pytest.raises(ConfigurationError, match="AUTH_SECRET is set but must have 32 characters") as caught:
        from_environment({"AUTH_SECRET": "hunter2"})
    assert "hunter2" not in caught.value.message
    settings = from_environment({"AUTH_SECRET": "hunter2" * 5})
    assert settings.login_configured
    assert "hunter2" not in repr(settings)


def test_proxies_are_addresses_or_networks() -> None:
    assert Settings(trusted_proxies="127.0.0.1, 10.0.0.0/8,::1").proxies == ("127.0.0.1", "10.0.0.0/8", "::1")
    for wrong in ("*", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
            Settings(trusted_proxies=wrong)


@pytest.mark.parametrize(
    ("host", "login", "alone"),
    [
        ("127.0.0.1", False, True),
        ("localhost", False, True),
        ("::1", False, True),
        ("127.0.0.1", True, False),
        ("10.0.0.1", False, False),
    ],
)
def test_who_is_alone(host: str, login: bool, alone: bool) -> None:
    assert Settings(host=host, auth_secret="s" * 32 if login else "").for_this_machine_alone is alone


@pytest.mark.parametrize(
    ("settings", "private", "filtered"),
    [
        ({}, True, False),
        ({"auth_secret": "s" * 32}, False, True),
        ({"host": "10.0.0.1", "auth": "none"}, False, True),
        ({"host": "10.0.0.1", "auth": "none", "private_addresses": "allow"}, True, False),
        ({"private_addresses": "deny"}, False, True),
        ({"denied_destinations": "*:25"}, True, True),
    ],
)
def test_where_pages_may_go_depends_on_who_can_ask(settings: dict[str, str], private: bool, filtered: bool) -> None:
    made = Settings(**settings)  # type: ignore[arg-type]
    assert (made.private_allowed, made.egress_filtered) == (private, filtered)


def test_destinations_are_names_addresses_or_networks() -> None:
    listed = "a.example:443, *.b.example, 10.0.0.0/8,[::1]:80"
    assert Settings(allowed_destinations=listed, denied_destinations="*").allowed_destinations == listed
    for name in ("allowed_destinations", "denied_destinations"):
        with pytest.raises(ConfigurationError, match=rf"^{name.upper()} is 'http://x' but must be names, addresses or networks"):
            Settings(**{name: "http://x"})  # type: ignore[arg-type]


def test_the_documents_defaults() -> None:
    settings = from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert (settings.session_timeout, settings.frame_capture_interval) == (300.0, 1.0)


@pytest.mark.parametrize("name", RANGES)
def test_bounds_are_allowed_and_beyond_is_named(name: str) -> None:
    low, high = RANGES[name]
    kind = type(getattr(Settings(), name))
    step = 1 if kind is int else 0.01
    for value in (low, high):
        assert getattr(from_environment({name.upper(): str(kind(value))}), name) == value
    for value in (low - step, high + step):
        with pytest.raises(ConfigurationError) as caught:
            from_environment({name.upper(): str(kind(value))})
        assert name.upper() in caught.value.message
        assert f"{low:.10g} to {high:.10g}" in caught.value.message
        assert repr(kind(value)) in caught.value.message
        with pytest.raises(ConfigurationError, match=name.upper()):
            Settings(**{name: kind(value)})


@pytest.mark.parametrize("name", RANGES)
def test_what_is_not_a_number_is_named(name: str) -> None:
    kind = "a whole number" if isinstance(getattr(Settings(), name), int) else "a number"
    for text in ("many", "1,5", "0x10", "--"):
        with pytest.raises(ConfigurationError, match=rf"^{name.upper()} is '{text}' but must be {kind}\.$"):
            from_environment({name.upper(): text})


@pytest.mark.parametrize("name", [name for name in RANGES if isinstance(getattr(Settings(), name), float)])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_no_time_is_infinite(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=name.upper()):
        from_environment({name.upper(): text})


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("YES", True), (" on ", True), ("0", False), ("False", False), ("no", False), ("OFF", False)],
)
def test_forms_of_yes_and_no(text: str, value: bool) -> None:
    assert from_environment({"BROWSER_SANDBOX": text}).browser_sandbox is value


@pytest.mark.parametrize("text", ["2", "maybe", "-1", "y"])
def test_neither_yes_nor_no(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"BROWSER_SANDBOX.*must be 1 or 0"):
        from_environment({"BROWSER_SANDBOX": text})


def test_log_level_is_one_of_four_words() -> None:
    for word in ("debug", "info", "warning", "error"):
        assert from_environment({"LOG_LEVEL": word}).log_level == word
    with pytest.raises(ConfigurationError, match=r"LOG_LEVEL is 'loud' but must be one of debug, info, warning, error\."):
        from_environment({"LOG_LEVEL": "loud"})


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_is_none_at_all(name: str) -> None:
    assert from_environment({name.upper(): "  "}) == Settings()


def test_the_command_line_wins_where_it_says_something() -> None:
    settings = from_environment({"PORT": "1", "HOST": "::1"}, port=2, host=None)
    assert (settings.port, settings.host) == (2, "::1")
    with pytest.raises(ConfigurationError, match="PORT"):
        from_environment({}, port=70000)


def test_other_variables_are_none_of_ours() -> None:
    assert from_environment({"port": "1", "PATH": "/", "JIOMOSA_PORT": "2"}) == Settings()


@given(st.dictionaries(st.sampled_from([name.upper() for name in NAMES]), st.text(max_size=20)))
def test_whatever_is_in_the_environment_is_a_setting_or_a_sentence(environment: dict[str, str]) -> None:
    complaint = None
    try:
        from_environment(environment)
    except ConfigurationError as error:
        complaint = error.message
    assert complaint is None or (complaint.endswith(".") and any(name in complaint for name in environment))


def test_origins_are_split_and_stripped() -> None:
    assert Settings(cors_origins=" https://a.example, null,,*").allowed_origins == ("https://a.example", "null", "*")
    assert Settings().allowed_origins == ()


def test_encoders_zero_is_one_for_each_core() -> None:
    assert Settings().encoder_count == len(os.sched_getaffinity(0))
    assert Settings(encoders=3).encoder_count == 3


def test_the_table_lists_each_setting_once() -> None:
    lines = markdown_table().splitlines()
    assert lines[0].count("|") == lines[1].count("|") == 4
    assert [line.split("`")[1] for line in lines[2:]] == [name.upper() for name in NAMES]
    for line, entry in zip(lines[2:], fields(Settings), strict=True):
        assert line.endswith(f"| {entry.metadata['help']} |")


@pytest.mark.parametrize("entry", fields(Settings), ids=lambda entry: str(entry.name))
def test_the_default_in_the_table_means_the_default(entry: Any) -> None:
    line = next(line for line in markdown_table().splitlines() if f"`{entry.name.upper()}`" in line)
    shown = line.split("|")[2].strip().strip("`")
    assert getattr(from_environment({entry.name.upper(): shown}), entry.name) == entry.default


def test_help_is_one_sentence() -> None:
    for entry in fields(Settings):
        text = entry.metadata["help"]
        assert text.endswith(".")
        assert "\n" not in text
        assert "|" not in text, "it would break the README's table"
