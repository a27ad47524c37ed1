"""A process is made to listen no more; whoever is connected to it stays so."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from capture import listeners

LISTENING = """
import socket
four = socket.create_server(("127.0.0.1", 0))
other = socket.create_server(("127.0.0.1", 0))
print(four.getsockname()[1], other.getsockname()[1], flush=True)
connection, _ = four.accept()
print("accepted", flush=True)
connection.sendall(connection.recv(5))
"""


def test_nobody_else_gets_in_and_who_is_in_stays() -> None:
    with subprocess.Popen([sys.executable, "-c", LISTENING], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        ports = [int(word) for word in child.stdout.readline().split()]
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=5) as connection:
            assert child.stdout.readline() == "accepted\n"
            assert listeners.shut(child.pid) == 2
            for port in ports:
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), timeout=5)
            connection.sendall(b"hello")
            assert connection.recv(5) == b"hello"
        assert listeners.shut(child.pid) == 0 if child.poll() is None else True
    assert child.returncode == 0


def test_a_process_that_is_gone_is_an_error_of_the_system() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    with pytest.raises(OSError, match="No such process"):
        listeners.shut(child.pid)
