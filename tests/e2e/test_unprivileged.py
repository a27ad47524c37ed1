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
from tests.e2e import inner_world
from tests.e2e.inner_world import ATTACK, INNER, SITE, World
from tests.e2e.test_egress import Lab

# A user namespace in which we are nobody, have no right, and the kernel grants no further one.
WITHIN = (
    *("unshare", "--user", "--map-user=65534", "--map-group=65534", "--keep-caps", "sh", "-c"),
    'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"',
    "sh",
)


def possible() -> bool:
    return subprocess.run([*WITHIN, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not possible(), reason="the kernel lets us make no user namespace")


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
        for kind in ("user", "mnt", "net"):
            assert namespace(chromium.pid, kind) == namespace(server.process.pid, kind)
    assert any("the kernel lets us make no namespaces" in line for line in server.log)


def test_its_pages_reach_what_they_may_and_nothing_else(server: Server, site: str) -> None:
    server.post("/api/session/create", session_id="two", width=320, height=240)
    server.post("/api/session/two/load", url=f"{site}/still.html")
    with bench_site.serve() as private:
        answer = requests.post(f"{server.address}/api/session/two/load", json={"url": f"{private}/still.html"}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_address")


REASON = inner_world.reason_against()
# A machine's network beside loopback, where WebRTC looks for none.
NETWORK = (
    "link add outward type veth peer name other",
    "link set other up",
    "link set outward up",
    "address add 10.0.0.3/24 dev outward",
    "route add default dev outward",
)


def attacked(folder: Path, **settings: Any) -> tuple[str, World]:
    """What a page that tries all ways says got through, and the world in which it was, once the browser has ended."""
    with inner_world.world(folder) as world:
        world.pages["/attack"] = ATTACK
        world.names |= {"inner.test": [[INNER]], "prefetched.test": [[INNER]]}
        for words in NETWORK:
            subprocess.run(["ip", *words.split()], check=True)
        with run(within=WITHIN, encoders=1, load_timeout=10, browser_sandbox=False, **settings) as running:
            running.post("/api/session/create", session_id="s", width=320, height=240)
            lab = Lab(world, running)
            assert lab.load(f"http://{SITE}/attack").ok
            said = lab.title("through:.*")
        return said, world


@pytest.mark.skipif(REASON is not None, reason=REASON or "")
def test_its_pages_get_around_the_way_out_by_nothing(tmp_path: Path) -> None:
    """By flags alone: neither UDP (STUN) nor lookups nor any connection of a page's own."""
    said, world = attacked(tmp_path, private_addresses="deny", allowed_destinations=SITE)
    assert (said, world.breached, world.datagrams) == ("through:", set(), 0)
    assert "prefetched.test" not in world.asked


@pytest.mark.skipif(REASON is not None, reason=REASON or "")
def test_where_nothing_is_denied_the_same_page_is_heard(tmp_path: Path) -> None:
    """So it is the way out that keeps it in, above, and not the page that tries nothing."""
    said, world = attacked(tmp_path, private_addresses="allow")
    assert {"fetch", "name", "rtc"} <= set(said.split())
    assert INNER in world.breached
    assert world.datagrams > 0
    assert "prefetched.test" in world.asked


def namespace(pid: int, kind: str) -> str:
    return os.readlink(f"/proc/{pid}/ns/{kind}")
