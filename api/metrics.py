"""`/metrics` for Prometheus: everything is counted where it happens, and becomes text only when somebody asks.

The names are in docs/operations.md, what is counted in `engine.tally`, `api.sessions` and `api.encoders`.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from quart import Blueprint, Response, request
from quart_schema import hide

from api.entrance import Entrance
from api.front import VERSION, Front
from api.gate import Limits
from api.login import bearer, check
from engine.admission import REASONS
from engine.errors import Unauthorized
from engine.framering import SLOTS
from engine.identity import ADMIN
from engine.tally import BOUNDS, Histogram

TRANSPORTS = ("websocket", "polling", "mjpeg")
DROPS = ("link", "pace", "encoder", "gone")
KINDS = ("front", "encoder", "egress", "capture", "xserver", "driver", "browser", "other")


def routes(front: Front, entrance: Entrance, limits: Limits) -> Blueprint:
    """The endpoint."""
    blueprint = Blueprint("metrics", __name__)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(front, entrance, limits))
    token = front.settings.metrics_token

    @blueprint.get("/metrics")
    @hide
    async def metrics() -> Response:
        given = request.headers.get("Authorization")
        if not (token and given and hmac.compare_digest((bearer(given) or "").encode(), token.encode())):
            if token and not front.login.required:
                raise Unauthorized("The metrics want `Authorization: Bearer` with the METRICS_TOKEN of this server.")
            check(await front.login.asker(), ADMIN)
        await front.look_at_processes()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return blueprint


class Collector:
    """What prometheus-client asks at each scrape."""

    def __init__(self, front: Front, entrance: Entrance, limits: Limits) -> None:
        self._front = front
        self._entrance = entrance
        self._limits = limits

    def collect(self) -> Iterator[Metric]:
        build = InfoMetricFamily("jiomosa_build", "The server that answers.")
        build.add_metric([], {"version": VERSION})
        yield build
        yield GaugeMetricFamily("jiomosa_start_time_seconds", "When the server started, epoch.", self._front.started_at)
        yield from self._sessions()
        yield from self._frames()
        yield from self._encoders()
        yield from self._egress()
        yield from self._refusals()
        yield from self._processes()

    def _sessions(self) -> Iterator[Metric]:
        sessions = self._front.sessions
        all_ = sessions.all()
        states = {"open": len(all_), "starting": sessions.starting, "warm": sessions.warm}
        yield _gauges("jiomosa_sessions", "Sessions, by state.", "state", states)
        yield CounterMetricFamily("jiomosa_sessions_created", "Sessions that were created.", sessions.created)
        viewers = Counter(viewer.transport for session in all_ for viewer in session.stream.viewers)
        yield _gauges("jiomosa_viewers", "Viewers, by transport.", "transport", _all(TRANSPORTS, viewers))
        yield GaugeMetricFamily("jiomosa_connections", "Socket.IO connections, watching or not.", self._entrance.connected)
        leased = sum(session.stream.leased for session in all_)
        ring = {"leased": leased, "free": max(0, SLOTS * len(all_) - leased)}
        yield _gauges("jiomosa_frame_ring_slots", "Slots of the sessions' frame rings, by who has them.", "state", ring)
        restarts = {
            "browser": sessions.rebuilds,
            "encoder": self._front.pool.statistics().restarts,
            "egress": self._front.egress_statistics().replaced,
        }
        yield _counters("jiomosa_restarts", "Processes that were started again, by kind.", "kind", restarts)

    def _frames(self) -> Iterator[Metric]:
        tally = self._front.sessions.tally()
        yield CounterMetricFamily("jiomosa_frames_grabbed", "Frames taken from the screens.", tally.grabbed)
        yield CounterMetricFamily("jiomosa_frames_encoded", "Packets made of frames; one serves many viewers.", tally.encoded)
        outcomes = {"unclaimed": tally.unclaimed, "failed": tally.failed, "repeated": tally.repeated}
        yield _counters("jiomosa_encodes_wasted", "Encodes of use to nobody, by outcome.", "outcome", outcomes)
        transports = (*TRANSPORTS, "request")
        sent = _all(transports, tally.sent)
        yield _counters("jiomosa_frames_sent", "Frames given to viewers' links and to polls.", "transport", sent)
        sizes = _all(transports, tally.sent_bytes)
        yield _counters("jiomosa_frame_bytes_sent", "Their bytes.", "transport", sizes)
        drops = _all(DROPS, tally.dropped)
        yield _counters("jiomosa_frames_dropped", "Frames a viewer was not shown, by cause.", "cause", drops)
        events = {"cursor": tally.events_dropped["cursor"], "flood": self._entrance.events_dropped}
        yield _counters("jiomosa_events_dropped", "Events other than frames that were dropped, by cause.", "cause", events)
        age = HistogramMetricFamily("jiomosa_frame_age_seconds", "From a frame's grab until it is given to a viewer's link.")
        age.add_metric([], *_buckets(tally.age))
        yield age
        stages = HistogramMetricFamily("jiomosa_stage_seconds", "How long each stage of a frame's way takes.", labels=["stage"])
        for stage, histogram in tally.stages.items():
            stages.add_metric([stage], *_buckets(histogram))
        yield stages

    def _encoders(self) -> Iterator[Metric]:
        statistics = self._front.pool.statistics()
        busy = {str(number): seconds for number, seconds in statistics.busy.items()}
        yield _counters("jiomosa_encoder_busy_seconds", "Seconds at work; its rate is the busy share.", "encoder", busy)
        slots = {"taken": statistics.jobs, "free": max(0, statistics.slots - statistics.jobs)}
        yield _gauges("jiomosa_packet_ring_slots", "Slots of the encoders' packet rings.", "state", slots)

    def _egress(self) -> Iterator[Metric]:
        statistics = self._front.egress_statistics()
        yield GaugeMetricFamily("jiomosa_egress_open", "Connections that browsers have open to the outside.", statistics.open)
        outcomes = {"made": statistics.made, "denied": statistics.denied, "failed": statistics.failed}
        yield _counters("jiomosa_egress_connections", "Connections that browsers asked for.", "outcome", outcomes)
        sizes = {"up": statistics.up, "down": statistics.down}
        yield _counters("jiomosa_egress_bytes", "What went through them, from the browsers and to them.", "direction", sizes)

    def _refusals(self) -> Iterator[Metric]:
        refused = _all((*REASONS, "shutting_down", "start_failed"), self._front.sessions.refused)
        yield _counters("jiomosa_sessions_refused", "Who asked for a session and got none, by reason.", "reason", refused)
        requests = _all(("rate", "connections", "origin"), self._limits.refused)
        yield _counters("jiomosa_requests_refused", "Requests and connections refused at the gate.", "reason", requests)

    def _processes(self) -> Iterator[Metric]:
        census = self._front.processes.census
        count, memory = Counter[str](), Counter[str]()
        for process in census.processes:
            count[process.kind] += 1
            memory[process.kind] += process.memory
        yield _gauges("jiomosa_processes", "Processes, by kind.", "kind", _all(KINDS, count))
        yield _gauges("jiomosa_process_memory_bytes", "Their own: resident and not shared.", "kind", _all(KINDS, memory))
        yield _counters("jiomosa_process_cpu_seconds", "Processor time they used.", "kind", _all(KINDS, census.cpu))


def _all(labels: Iterable[str], values: Mapping[str, float]) -> dict[str, float]:
    """Zero is a value too: a rate of what appears only at its first event would miss that."""
    return dict.fromkeys(labels, 0.0) | dict(values)


def _gauges(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counters(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """As Prometheus has them: each with all that are below."""
    below, buckets = 0, []
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], histogram.counts, strict=True):
        below += count
        buckets.append((bound, float(below)))
    return buckets, histogram.sum
