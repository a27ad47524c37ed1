"""A server that is nobody, where the kernel makes no namespaces for it: it works, and what pages may not open stays closed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bench import site as bench_site
from bench.client import Client
from bench.faults import processes
from bench.server import Server, run

NOBODY = "65534"
# A user namespace of all users, in which the kernel grants no further one; in it, one without any right.
WITHIN = (
    *("unshare", "--user", "--map-users=0,0,65536", "--map-groups=0,0,65536", "sh", "-c"),
    f'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "$@"',
    "sh",
)


def possible() -> bool:
    return (
        os.geteuid() == 0 and subprocess.run([*WITHIN, "test", "-r", __file__], capture_output=True, check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(
    not possible(), reason="only root may become such a user, and that user must be able to read this"
)


@pytest.fixture(scope="module")
def server(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    where = site.removeprefix("http://")
    settings: dict[str, Any] = {"private_addresses": "deny", "allowed_destinations": where, "browser_sandbox": False}
    with run(within=WITHIN, encoders=1, **settings) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


def test_it_streams_as_a_user_without_rights(server: Server, site: str) -> None:
    server.post("/api/session/create", session_id="one", width=320, height=240, url=f"{site}/canvas.html")
    with Client(server.address) as viewer:
        viewer.emit("subscribe", {"session_id": "one", "fps": 30})
        viewer.wait_for_frame()
        chromium = processes.of_session(server, "one", "chromium")
        status = Path(f"/proc/{chromium.pid}/status").read_text()
        assert f"Uid:\t{NOBODY}\t{NOBODY}" in status
        assert os.readlink(f"/proc/{chromium.pid}/ns/mnt") == os.readlink(f"/proc/{server.process.pid}/ns/mnt")
    assert any("the kernel lets us make no namespaces" in line for line in server.log)


def test_its_pages_reach_what_they_may_and_nothing_else(server: Server, site: str) -> None:
    server.post("/api/session/create", session_id="two", width=320, height=240)
    server.post("/api/session/two/load", url=f"{site}/still.html")
    with bench_site.serve() as private:
        answer = requests.post(f"{server.address}/api/session/two/load", json={"url": f"{private}/still.html"}, timeout=60)
    assert answer.status_code == 502, answer.text
