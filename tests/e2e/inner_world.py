"""A small Internet inside this machine: a network namespace with addresses of all kinds, names that we answer for, and canaries.

Whatever connects to a canary is noted with the address that it connected to, and is served a page. Nothing of it is seen outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x0200, 0x0002_0000, 0x4000_0000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 1 << 18
PUBLIC, OWN = "93.184.216.34", "93.184.216.35"
NAME_SERVER = "127.0.0.53"
INNER = "10.0.0.1"
SITE = "10.0.0.2"  # private, and to be allowed: Chromium itself lets no page of a public address at a private one
ADDRESSES = (PUBLIC, OWN, INNER, SITE, "169.254.169.254", "fd00::1", "64:ff9b::a00:1")
STUN_PORT = 3478
ATTACK = (Path(__file__).parent / "attack.html").read_text().replace("INNER", INNER)

_libc = ctypes.CDLL(None, use_errno=True)


def reason_against() -> str | None:
    """Why this machine can have no such world; None where it can."""
    if os.geteuid() != 0:
        return "A world of its own needs root, for namespaces."
    return None if shutil.which("ip") else "A world of its own needs the program ip; Debian's package iproute2 brings it."


@dataclass
class World:
    """`reached`: addresses that somebody connected to, or sent a datagram to. `pages`: path -> HTML. `names`: what a
    name stands for, one list of addresses for each time that it is looked up, the last for ever; `asked`: what was looked up.
    `datagrams`: how many came."""

    reached: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    datagrams: int = 0

    @property
    def breached(self) -> set[str]:
        """Addresses that nobody should have reached."""
        return {str(getattr(ip_address(one), "ipv4_mapped", None) or one) for one in self.reached} - {PUBLIC, SITE}


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """This thread, and what it starts, are in the world until the end."""
    made = World()
    with contextlib.ExitStack() as stack:
        outside = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY) for kind in ("net", "mnt")]
        stack.callback(_return, outside, os.getcwd())
        _check(_libc.unshare(CLONE_NEWNET | CLONE_NEWNS))
        _check(_libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
        resolver = folder / "resolv.conf"
        resolver.write_text(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n")
        resolver.chmod(0o644)
        _check(_libc.mount(bytes(resolver), b"/etc/resolv.conf", None, ctypes.c_ulong(MS_BIND), None))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in ADDRESSES:
            subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
        for server in (_Canary(made), _Datagrams(made, "0.0.0.0", STUN_PORT), _Names(made)):  # noqa: S104  # of this world
            stack.enter_context(_running(server))
        yield made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # each request is a connection, and each connection is looked up

    def do_GET(self) -> None:
        world: World = self.server.world  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        if parts.path == "/to":
            self.send_response(302)
            self.send_header("Location", unquote(parse_qs(parts.query)["url"][0]))
            self.end_headers()
            return
        body = world.pages.get(parts.path, "<title>canary</title>a secret").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name that the base class looks for

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


class _Canary(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def __init__(self, made: World) -> None:
        self.world = made
        super().__init__(("::", 80), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        self.world.reached.append(connection.getsockname()[0])
        return connection, client

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers come and go."""


class _Datagrams:
    """A UDP socket that notes what comes."""

    def __init__(self, made: World, address: str, port: int) -> None:
        self.world = made
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))

    def serve_forever(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                data, client = self._socket.recvfrom(2000)
                if not data:
                    return
                self.came(data, client)

    def came(self, data: bytes, client: Any) -> None:
        self.world.reached.append(INNER)
        self.world.datagrams += 1

    def shutdown(self) -> None:
        host, port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1" if host == "0.0.0.0" else host, port))  # noqa: S104

    def server_close(self) -> None:
        self._socket.close()


class _Names(_Datagrams):
    """A name server (RFC 1035) as small as can be: one question, addresses without a time to live."""

    def __init__(self, made: World) -> None:
        super().__init__(made, NAME_SERVER, 53)

    def came(self, data: bytes, client: Any) -> None:
        end = data.index(b"\0", 12)
        kind = int.from_bytes(data[end + 1 : end + 3], "big")
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name = ".".join(labels).lower()
        known = self.world.names.get(name)
        found: list[bytes] = []
        if known is not None and kind in (1, 28):
            turn = self.world.asked.count(name) - (kind == 28 and name in self.world.asked)  # a lookup asks for IPv4 first
            wanted = 4 if kind == 1 else 6
            found = [ip_address(one).packed for one in known[min(turn, len(known) - 1)] if ip_address(one).version == wanted]
            if kind == 1:
                self.world.asked.append(name)
        head = data[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + len(found).to_bytes(2, "big") + b"\0\0\0\0"
        records = b"".join(
            b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\0" + len(one).to_bytes(2, "big") + one for one in found
        )
        self._socket.sendto(head + data[12 : end + 5] + records, client)


@contextlib.contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _return(outside: list[int], folder: str) -> None:
    # A thread with whom others share root and working folder cannot go to another mount namespace (setns(2), EINVAL); a server's
    # thread that was just joined is one for an instant more.
    _check(_libc.unshare(CLONE_FS))
    for handle in outside:
        _check(_libc.setns(handle, 0))
        os.close(handle)
    os.chdir(folder)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
