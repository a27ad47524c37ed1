"""Where pages may go, in a world of its own: nothing private is reached, however it is tried, and what is public is."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import requests

from bench.client import Client
from bench.server import Server, run
from tests.e2e import inner_world
from tests.e2e.inner_world import ATTACK, INNER, OWN, PUBLIC, SITE, World

REASON = inner_world.reason_against()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

FORBIDDEN = {
    "private": f"http://{INNER}/",
    "loopback": "http://127.0.0.1/",
    "localhost": "http://localhost/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "decimal": "http://167772161/",
    "octal": "http://012.0.0.1/",
    "hexadecimal": "http://0xa.0.0.0x1/",
    "short": "http://10.1/",
    "no machine": "http://0.0.0.0/",
    "IPv6 loopback": "http://[::1]/",
    "IPv6 private": "http://[fd00::1]/",
    "IPv6-mapped": "http://[::ffff:10.0.0.1]/",
    "NAT64": "http://[64:ff9b::a00:1]/",
    "this machine": f"http://{OWN}/",
    "name": "http://inner.test/",
    "name with IPv6": "http://inner6.test/",
    "redirect": f"http://{PUBLIC}/to?url=" + quote(f"http://{INNER}/", safe=""),
    "redirect to a spelling": f"http://{PUBLIC}/to?url=" + quote("http://0x7f.1/", safe=""),
}
REBOUND = """<title>begins</title><script>
const again = () => fetch('/secret?' + Math.random()).then(() => setTimeout(again, 50), () => { document.title = 'over'; });
again();
</script>"""


class Lab:
    """A server in the world, with one session."""

    def __init__(self, world: World, server: Server) -> None:
        self.world, self.server = world, server

    def load(self, url: str) -> requests.Response:
        return requests.post(f"{self.server.address}/api/session/s/load", json={"url": url}, timeout=30)

    def title(self, pattern: str, seconds: float = 20) -> str:
        """The page's title, once it is like that."""
        deadline, title = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            title = str(self.server.get("/api/session/s/info")["page_info"]["title"])
            if re.fullmatch(pattern, title):
                return title
            time.sleep(0.02)
        raise AssertionError(f"the title is {title!r}")

    def process(self, title: str) -> psutil.Process:
        found = []
        for child in psutil.Process(self.server.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has just ended
                if child.cmdline()[:1] == [title]:
                    found.append(child)
        assert len(found) == 1, found
        return found[0]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("world")
    with inner_world.world(folder) as world:
        world.pages |= {"/attack": ATTACK, "/rebound": REBOUND, "/public": "<title>public</title>"}
        world.names |= {
            "public.test": [[PUBLIC]],
            "inner.test": [[INNER]],
            "prefetched.test": [[INNER]],
            "inner6.test": [["::ffff:10.0.0.1", "fd00::1"]],
            "both.test": [[INNER, PUBLIC]],
            "rebound.test": [[PUBLIC], [INNER]],
        }
        # The public address is one of this machine here, which only a list can allow.
        with run(private_addresses="deny", allowed_destinations=f"{PUBLIC},{SITE}", load_timeout=10, encoders=1) as server:
            server.post("/api/session/create", session_id="s", width=320, height=240)
            yield Lab(world, server)
        assert server.process.returncode == 0


def test_what_is_public_is_reached(lab: Lab) -> None:
    for url in (f"http://{PUBLIC}/public", "http://public.test/public", "http://both.test/public"):
        answer = lab.load(url)
        assert answer.ok, answer.text
        assert answer.json()["page_info"]["title"] == "public"
    assert lab.world.breached == set()
    assert PUBLIC in {one.removeprefix("::ffff:") for one in lab.world.reached}


@pytest.mark.parametrize("way", FORBIDDEN)
def test_no_private_address_is_reached_and_it_is_said_why(lab: Lab, way: str) -> None:
    answer = lab.load(FORBIDDEN[way])
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_address"), answer.text
    assert re.fullmatch(r"\S+ may not be opened: it is an? .*\.|\S+ may not be opened: it is the .*\.", answer.json()["error"])
    assert lab.world.breached == set()


def test_a_page_reaches_nothing_private_by_itself(lab: Lab) -> None:
    lab.load(f"http://{SITE}/attack")
    assert lab.title("through:.*") == "through:"
    assert lab.world.breached == set()
    assert "prefetched.test" not in lab.world.asked


def test_a_name_that_is_resolved_anew_to_a_private_address_stays_outside(lab: Lab) -> None:
    assert lab.load("http://rebound.test/rebound").status_code == 200
    lab.title("over")
    assert lab.world.asked.count("rebound.test") >= 2, "it was not resolved again"
    assert lab.world.breached == set()


def test_viewers_are_told_why_a_link_leads_nowhere(lab: Lab) -> None:
    lab.world.pages["/link"] = f"<title>link</title><a href='http://{INNER}/' style='position:fixed;inset:0'>inside</a>"
    lab.load("http://public.test/link")
    with Client(lab.server.address) as client:
        client.emit("subscribe", {"session_id": "s"})
        client.wait_for("subscribed")
        client.emit("input:click", {"x": 100, "y": 100})
        told = client.wait_for("error")
    assert told.payload["code"] == "forbidden_address"
    assert told.payload["message"] == f"{INNER}:80 may not be opened: it is a private address."
    assert lab.world.breached == set()


def test_what_is_not_there_is_said_in_a_sentence(lab: Lab) -> None:
    answer = lab.load("http://nowhere.test/")
    assert (answer.status_code, answer.json()["code"]) == (502, "unreachable")
    assert "there is no nowhere.test" in answer.json()["error"]
    assert "refuses the connection" in lab.load(f"http://{PUBLIC}:81/").json()["error"]


def test_the_browser_has_no_network_but_the_way_out(lab: Lab) -> None:
    driver = next(
        child for child in psutil.Process(lab.server.process.pid).children(recursive=True) if child.name() == "chromedriver"
    )
    outside = os.readlink("/proc/thread-self/ns/net")
    assert os.readlink(f"/proc/{driver.pid}/ns/net") != outside
    routes = Path(f"/proc/{driver.pid}/net/route").read_text().splitlines()[1:]
    devices = [line.split(":")[0].strip() for line in Path(f"/proc/{driver.pid}/net/dev").read_text().splitlines()[2:]]
    assert (routes, devices) == ([], ["lo"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_way_out_that_dies_or_hangs_is_there_again(lab: Lab, number: signal.Signals) -> None:
    before = lab.process("jiomosa: egress")
    before.send_signal(number)
    assert lab.load("http://public.test/public").json()["page_info"]["title"] == "public"
    assert lab.process("jiomosa: egress").pid != before.pid
    assert not before.is_running() or before.status() == psutil.STATUS_ZOMBIE
    assert lab.load(f"http://{INNER}/").json()["code"] == "forbidden_address"
    assert lab.world.breached == set()


def test_it_has_no_rights_of_its_own(lab: Lab) -> None:
    process: Any = lab.process("jiomosa: egress")
    assert process.uids().effective != 0
    assert process.gids().saved == process.uids().saved
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert re.search(r"CapEff:\s*0+\n", status)
    assert re.search(r"Groups:\s*\n", status)
