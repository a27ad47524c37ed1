"""A session's programs apart from the machine, where we may set them apart: namespaces of the capture process and all it starts.

    namespace   when                  what is other inside
    mount       always                the policies of Chromium are ours; the folders of the X servers' sockets and of their
                                      keyboards are empty; as root, other users' processes are not to be seen
    network     where egress is       a loopback device and nothing else: the only way out is the socket that we hand to the
                filtered              egress proxy, and nobody else can reach it, nor ChromeDriver
    user        unless we are root    none of it needs any right outside

Where the kernel forbids it, nothing is other: the policies are those of the machine (the Docker image brings ours), and the way
out is a socket on the machine's loopback address.

Must come first in the process: threads that are there already would stay outside.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from capture import policies
from engine import logs
from engine.leftovers import X_SOCKETS

log = logs.logger("jiomosa.capture")

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x0002_0000, 0x1000_0000, 0x4000_0000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 0x4000, 1 << 18
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
X_KEYBOARDS = Path("/var/lib/xkb")  # named by display, which is 0 for each session; where it is not writable they go to /tmp
PORT = 1080  # SOCKS'; in a network of its own it is always free
BACKLOG = 256  # browsers wait here while the proxy is replaced
# Where builds of Chromium look for policies: Chromium itself, Google Chrome, Chrome for Testing.
POLICY_ROOTS = tuple(map(Path, ("/etc/chromium", "/etc/opt/chrome", "/etc/opt/chrome_for_testing")))
NAME = "policies/managed/zz-jiomosa.json"  # of several files the last in the alphabet wins

_libc = ctypes.CDLL(None, use_errno=True)


def set_apart(*, egress: bool) -> socket.socket | None:
    """Set this process apart as far as the kernel allows.

    `egress`: returns the socket at which the browser will ask for connections, in a network of its own or else in the machine's.
    """
    flags = CLONE_NEWNS | (CLONE_NEWNET if egress else 0) | (0 if os.geteuid() == 0 else CLONE_NEWUSER)
    apart = _possible(flags)
    if apart:
        _enter(flags)
    else:
        log.warning("browser has the network and policies of the machine", reason="the kernel lets us make no namespaces")
    return socket.create_server(("127.0.0.1", PORT if apart else 0), backlog=BACKLOG) if egress else None


def _possible(flags: int) -> bool:
    """Whether all of it works, tried in a process of its own: half of it could not be taken back."""
    pid = os.fork()
    if pid == 0:
        try:
            _enter(flags)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _enter(flags: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(flags))
    if flags & CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    if flags & CLONE_NEWNET:
        _raise_loopback()
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    make_socket_folder()
    for folder in (X_SOCKETS, X_KEYBOARDS):
        if folder.is_dir():
            _mount("tmpfs", str(folder), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=1m")
    if not flags & CLONE_NEWUSER:
        _hide_processes()
    for root in POLICY_ROOTS:
        if root.is_dir():
            _lay_policies(root)


def make_socket_folder() -> None:
    """X servers make it, and own it, if it is missing; its owner may remove the sockets of others. So root makes it first."""
    if os.geteuid() == 0 and not X_SOCKETS.exists():
        X_SOCKETS.mkdir(exist_ok=True)
        X_SOCKETS.chmod(0o1777)


def _hide_processes() -> None:
    """Of other users', that is of other sessions and of the server, the session's programs see none."""
    try:
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible")
    except OSError as error:
        # Before Linux 5.8, which brought the word, it was an option of all mounts of /proc at once: not ours to set.
        if error.errno != errno.EINVAL:
            raise


def _lay_policies(root: Path) -> None:
    """Lay over `root` a copy of it with our policies beside those of the machine's administrator."""
    kept = {path.relative_to(root): path.read_bytes() for path in _readable(root)}
    _mount("tmpfs", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m")
    for name, content in (kept | {Path(NAME): policies.text().encode()}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    for path in root.rglob("*"):  # whatever our umask is, the browser's user reads them
        path.chmod(0o755 if path.is_dir() else 0o644)
    _mount(None, str(root), None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _readable(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and os.access(path, os.R_OK):
            yield path


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        (flags,) = struct.unpack_from("16xh", request)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(_libc.mount(*texts, ctypes.c_ulong(flags), None if data is None else data.encode()))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
