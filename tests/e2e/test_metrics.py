"""/metrics of a real server, and the dashboard that is drawn from it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from bench.client import Client
from bench.server import Server, run
from engine.framering import SLOTS
from tests.e2e.test_faults import process_of, title

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana" / "jiomosa.json"

Metrics = dict[str, dict[tuple[str, ...], float]]  # values by the sample's name, and by the values of its labels


def scrape(server: Server) -> Metrics:
    answer = requests.get(f"{server.address}/metrics", timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    found: Metrics = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_what_viewers_get_is_counted(server: Server, session: str, load: Callable[[str], None], client: Client) -> None:
    before = scrape(server)
    load("/canvas.html")
    client.subscribe(session, fps=20)
    pictures = [client.wait_for_frame() for _ in range(20)]
    watched = scrape(server)
    requests.get(f"{server.address}/api/session/{session}/frame", timeout=10)
    server.post(f"/api/session/{session}/close")
    after = scrape(server)

    def risen(name: str, *labels: str, until: Metrics = after) -> float:
        return until[name][labels] - before[name][labels]

    assert watched["jiomosa_sessions"]["open",] == before["jiomosa_sessions"]["open",] == after["jiomosa_sessions"]["open",] + 1
    assert watched["jiomosa_viewers"]["websocket",] == before["jiomosa_viewers"]["websocket",] + 1
    assert after["jiomosa_viewers"]["websocket",] == before["jiomosa_viewers"]["websocket",], (
        "it is gone, but what it got is not:"
    )
    assert risen("jiomosa_frames_sent_total", "websocket") >= len(pictures)
    assert risen("jiomosa_frames_sent_total", "request") == 1
    assert risen("jiomosa_frame_bytes_sent_total", "websocket") >= sum(frame.wire for frame in pictures)
    assert risen("jiomosa_frames_grabbed_total") >= len(pictures)
    assert risen("jiomosa_frames_encoded_total") >= len(pictures)
    assert risen("jiomosa_encoder_busy_seconds_total", "0") + risen("jiomosa_encoder_busy_seconds_total", "1") > 0
    for stage in ("grab", "notice", "wait", "job", "encode", "queue", "send"):
        assert risen("jiomosa_stage_seconds_count", stage) >= len(pictures) - 1, stage
    assert risen("jiomosa_frame_age_seconds_count") >= len(pictures) - 1
    assert 0 < risen("jiomosa_frame_age_seconds_sum") / risen("jiomosa_frame_age_seconds_count") < 5
    for kind in ("front", "encoder", "capture", "xserver", "driver", "browser"):
        assert watched["jiomosa_processes"][kind,] >= 1, kind
        assert watched["jiomosa_process_memory_bytes"][kind,] > 0, kind
        assert risen("jiomosa_process_cpu_seconds_total", kind) >= 0, kind
    assert risen("jiomosa_process_cpu_seconds_total", "browser", until=watched) > 0


def risen(name: str, before: Metrics, after: Metrics) -> dict[tuple[str, ...], float]:
    """What has, by the values of its labels."""
    return {labels: value - before[name][labels] for labels, value in after[name].items() if value != before[name][labels]}


def until(server: Server, true: Callable[[Metrics], bool]) -> Metrics:
    """The first scrape of which that is true."""
    deadline = time.monotonic() + 30
    while not true(found := scrape(server)):
        assert time.monotonic() < deadline, {name: values for name, values in found.items() if "process" not in name}
        time.sleep(0.1)  # a scrape looks at all processes
    return found


def test_what_goes_wrong_is_counted(site: str) -> None:
    """A session that is refused, pictures that a slow viewer is not shown, an encoder that hangs, a browser that dies."""
    with run(encoders=1, max_sessions=1) as server, Client(server.address) as fast, Client(server.address) as slow:
        server.post("/api/session/create", session_id="only", width=320, height=240, url=f"{site}/canvas.html")
        before = scrape(server)
        assert requests.post(f"{server.address}/api/session/create", timeout=60).status_code == 503
        slow.subscribe("only", fps=2, adaptive=False)
        fast.subscribe("only", fps=30, adaptive=False)
        for _ in range(4):  # both take what they get, and answer pings
            slow.wait_for_frame()
            for _ in range(5):
                fast.wait_for_frame()
        watched = scrape(server)
        assert risen("jiomosa_sessions_refused_total", before, watched) == {("sessions",): 1}
        assert risen("jiomosa_frames_dropped_total", before, watched).get(("pace",), 0) > 0
        slots = watched["jiomosa_frame_ring_slots"]
        assert slots["leased",] >= 1, "the newest picture is always kept"
        assert slots["leased",] + slots["free",] == SLOTS

        (encoder,) = (child for child in psutil.Process(server.process.pid).children() if "encoder" in title(child))
        encoder.suspend()
        hung = until(server, lambda found: found["jiomosa_packet_ring_slots"]["taken",] >= 1)
        assert sum(hung["jiomosa_packet_ring_slots"].values()) == sum(watched["jiomosa_packet_ring_slots"].values())
        until(server, lambda found: found["jiomosa_restarts_total"]["encoder",] == 1)

        process_of(server, "only", "chromium").kill()
        while fast.wait_for("status", 60).payload.get("code") != "rebuilt":
            pass
        assert scrape(server)["jiomosa_restarts_total"]["browser",] == 1
    assert server.process.returncode == 0, "\n".join(server.log)


def test_the_dashboard_is_one_and_asks_for_nothing_that_is_not_there(server: Server) -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    plugins.register_default_plugins()
    known = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
    assert lost(dashboard, known) == [], "what Grafana's own model of a dashboard does not know is not in it any more"

    text = requests.get(f"{server.address}/metrics", timeout=10).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {sample.name for family in families.values() for sample in family.samples}
    labels = {name: {key for sample in family.samples for key in sample.labels} for name, family in families.items()}
    asked: set[str] = set()
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            names = set(re.findall(r"\bjiomosa_\w+", target["expr"]))
            assert names, panel["title"]
            assert names <= samples, panel["title"]
            asked |= {re.sub(r"_(total|bucket)$", "", name) for name in names}
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert any(label in labels[re.sub(r"_(total|bucket)$", "", name)] for name in names), (panel["title"], label)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    unseen = set(families) - asked
    assert unseen == {"jiomosa_build_info", "jiomosa_start_time_seconds", "jiomosa_sessions_created"}, "each has a place on it"


def lost(here: Any, there: Any, path: str = "") -> list[str]:
    """What is `here` and not `there`, or otherwise."""
    if isinstance(here, dict):
        return [entry for key, value in here.items() for entry in lost(value, there.get(key, KeyError), f"{path}/{key}")]
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        return [entry for index, value in enumerate(here) for entry in lost(value, there[index], f"{path}/{index}")]
    return [] if here == there else [path]
