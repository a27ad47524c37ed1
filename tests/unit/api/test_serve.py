"""What the server listens with."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace

import pytest

from api.serve import _listen
from engine.errors import ConfigurationError
from engine.settings import Settings

SETTINGS = replace(Settings(), host="127.0.0.1", port=0, max_load=0)


def test_connections_have_the_congestion_control_that_is_set() -> None:
    with contextlib.closing(_listen(replace(SETTINGS, congestion_control="reno"))) as listener:
        client = socket.create_connection(listener.getsockname())
        listener.setblocking(True)
        connection, _ = listener.accept()
        with client, connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0") == b"reno"


def test_one_that_the_system_has_not_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(ConfigurationError, match=r"no congestion control called 'nonsense'.*reno"):
        _listen(replace(SETTINGS, congestion_control="nonsense"))
