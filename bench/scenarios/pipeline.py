"""Pipeline: recorded frames through real rings, encoders and front to real sockets, without a browser.

Throughput. Sessions enough to keep the encoders busy offer frames of one kind at 200 a second each, one viewer each at quality
75. In turns within a run: one bare loop of simplejpeg.encode_jpeg over the same frames, two such loops at once, the server with
one encoder, the server with two.

one encoder / bare loop     frames delivered a second, over those of the bare loop
by CPU                      the same by each frame's CPU time: of the encoder process, over that of the bare loop
two encoders                frames delivered a second for each CPU second of the encoders, two encoders over one, times two
two bare loops              frames a second of two loops at once over one: what the machine's cores allow
torn, wrong, backwards      of one picture in 16: the clocks painted at top and bottom disagree; the number painted is not the
                            message's; of all: frames not newer than the one before at their viewer

Latency. One session, mixed frames at 60 fps, each copied whole into its slot, one rendition, 10 viewers; the default number of
encoders. Times are CLOCK_MONOTONIC, common to all processes; the grab's end, the encoding's begin and end are noted by those
who do them, notice and encoded by the front (two list entries a frame), received by the viewers' process when a message's last
byte has been read.

notice      end of grab -> the front has the notice
job         -> an encoder begins: who is ready, the message, the encoder's waking
encode      begin to end: JPEG, base64, packet
encoded     -> the front has the encoder's word
delivered   -> received: the copy out of shared memory, binding, the kernel's sockets, the viewers' own process
added       received - grab's end - encode: what engine and front add to the codec, for each frame at each viewer
"""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from bench import bare, clock, crowd, frames, stage
from bench.crowd import Crowd
from bench.load import Plan, Watch
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server

SESSIONS = {1: 3, 2: 5}  # by encoders; each offers up to OFFERED frames a second
OFFERED = 200
SAMPLE = 16
VIEWERS, FPS = 10, 60
STAGES = ("notice", "job", "encode", "encoded", "delivered", "added")


def run(options: Options, steps: Steps) -> Result:
    result = Result("pipeline")
    steps.begin(options.runs * (4 * len(frames.KINDS) + 1))
    _throughput(options, steps, result)
    _latency(options, steps, result)
    return result


# ---- throughput


def _throughput(options: Options, steps: Steps, result: Result) -> None:
    seconds = max(2.0, options.seconds / 2)
    one: dict[str, list[tuple[float, float]]] = {kind: [] for kind in frames.KINDS}  # (by time, by CPU), over the bare loop
    two: dict[str, list[float]] = {kind: [] for kind in frames.KINDS}
    rates: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in frames.KINDS}
    bares: list[float] = []
    crowds: list[Crowd] = []
    with _server(1) as (single, single_ids), _server(2) as (double, double_ids):
        for number in range(options.runs):
            for kind in frames.KINDS:
                suffix = f"{kind}, run {number + 1} of {options.runs}"
                steps.step(f"one bare loop, {suffix}")
                alone = bare.measure(kind, seconds, stage.QUALITY)[0]
                steps.step(f"two bare loops, {suffix}")
                bares.append(sum(speed.wall for speed in bare.measure(kind, seconds, stage.QUALITY, 2)) / alone.wall)
                steps.step(f"one encoder, {suffix}")
                crowds.append(first := _flood(single, single_ids, kind, seconds))
                steps.step(f"two encoders, {suffix}")
                crowds.append(second := _flood(double, double_ids, kind, seconds))
                one[kind].append((first.messages / alone.wall, _by_cpu(first) / alone.cpu))
                two[kind].append(2 * _by_cpu(second) / _by_cpu(first))
                rates[kind].append((alone.wall, first.messages, second.messages))
    for kind in frames.KINDS:
        definition = "frames delivered a second with one encoder / of one bare loop"
        result.add(f"{kind}: one encoder / bare loop", [by_time for by_time, _ in one[kind]], "", definition, ">= 0.95")
        definition = "frames for each CPU second of the encoder / of the bare loop's process"
        result.add(f"{kind}: by CPU", [by_cpu for _, by_cpu in one[kind]], "", definition)
        definition = "2 x frames for each CPU second of the encoders, two encoders / one; its target is 2, held to one decimal"
        result.add(f"{kind}: two encoders / one, by CPU", two[kind], "", definition, ">= 1.95")
        for index, what in enumerate(("bare loop", "one encoder", "two encoders")):
            result.add(f"{kind}: {what}", [rate[index] for rate in rates[kind]], "/s", f"frames a second, {what}")
    result.add("two bare loops / one", bares, "", "frames a second of two loops at once / of one: what the cores allow")
    _correct(result, crowds)
    for role in ("front", "source"):
        shares = [crowd.cost.by_role.get(role, 0.0) for crowd in crowds]
        result.add(f"CPU {role}, throughput", shares, "%", f"CPU of the {role} while flooded")
    result.add("CPU viewers, throughput", [crowd.load for crowd in crowds], "%", "CPU of the viewers' process while flooded")


@contextlib.contextmanager
def _server(encoders: int) -> Any:
    with stage.synthetic(encoders=encoders, max_fps=OFFERED) as server, contextlib.ExitStack() as open_now:
        url = stage.feed("text", copy=False)
        yield server, [open_now.enter_context(stage.session(server, url)) for _ in range(SESSIONS[encoders])]


def _flood(server: Server, ids: list[str], kind: str, seconds: float) -> Crowd:
    for id in ids:
        server.post(f"/api/session/{id}/load", url=stage.feed(kind, copy=False))
    viewers = [Watch(id, OFFERED, stage.QUALITY) for id in ids]
    return crowd.watch(server, Plan(server.address, viewers, seconds, warm=1.0, sample=SAMPLE))


def _by_cpu(crowd: Crowd) -> float:
    """Frames for each CPU second of the encoders."""
    return crowd.messages / (crowd.cost.by_role["encoder"] / 100)


def _correct(result: Result, crowds: list[Crowd]) -> None:
    torn = wrong = looked_at = 0
    for crowd_ in crowds:
        for seen in crowd_.seen:
            for seq, text in seen.kept:
                reading = clock.read(base64.b64decode(text))
                looked_at += 1
                torn += reading is None or reading.torn
                wrong += reading is not None and reading.ticks != seq
    backwards = sum(seen.backwards for crowd_ in crowds for seen in crowd_.seen)
    result.add(
        "torn", [torn], "", f"of {looked_at} pictures looked at: clocks at top and bottom disagree or are not there", "<= 0"
    )
    result.add("wrong", [wrong], "", "of these: the number painted is not the message's", "<= 0")
    total = sum(len(seen.seqs) for crowd_ in crowds for seen in crowd_.seen)
    result.add("backwards", [backwards], "", f"of {total} frames: not newer than the one before at the same viewer", "<= 0")


# ---- latency


def _latency(options: Options, steps: Steps, result: Result) -> None:
    runs: dict[str, list[list[float]]] = {name: [] for name in STAGES}
    crowds = []
    for number in range(options.runs):
        steps.step(f"latency at {FPS} fps with {VIEWERS} viewers, run {number + 1} of {options.runs}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trace.json"
            with stage.synthetic(BENCH_TRACE=path) as server, stage.session(server, stage.feed("mixed", fps=FPS)) as id:
                plan = Plan(server.address, [Watch(id, FPS, stage.QUALITY)] * VIEWERS, options.seconds)
                crowds.append(seen := crowd.watch(server, plan))
            trace = json.loads(path.read_text())
        samples = _stages(trace, seen)
        for name in STAGES:
            runs[name].append(samples[name])
    for name in STAGES:
        added = name == "added"
        result.add_latencies(name, runs[name], "see the scenario's stages", "<= 3" if added else "", "<= 6" if added else "")
    result.add(
        "latency: worst viewer", [min(seen.rates) for seen in crowds], "/s", "frames a second of the worst viewer", ">= 59.5"
    )
    for role in sorted({role for seen in crowds for role in seen.cost.by_role} - {"other"}):
        shares = [seen.cost.by_role.get(role, 0.0) for seen in crowds]
        result.add(f"CPU {role}, latency", shares, "%", f"CPU of the {role} processes at {FPS} fps with {VIEWERS} viewers")
    result.add("CPU viewers, latency", [seen.load for seen in crowds], "%", "CPU of the viewers' process")


def _stages(trace: dict[str, list[list[int]]], crowd: Crowd) -> dict[str, list[float]]:
    """Milliseconds of each stage: of each frame delivered; for `delivered` and `added`, of each frame at each viewer."""
    noticed = {seq: (grab_end, heard) for seq, grab_end, heard in trace["frames"]}
    packets = {seq: (begin, end, heard) for seq, _, begin, end, heard in trace["packets"]}
    measured = {seq for seen in crowd.seen for seq in seen.seqs}
    samples: dict[str, list[float]] = {name: [] for name in STAGES}
    for seq in measured:
        (grab_end, heard), (begin, end, encoded) = noticed[seq], packets[seq]
        for name, nanoseconds in zip(STAGES, (heard - grab_end, begin - heard, end - begin, encoded - end), strict=False):
            samples[name].append(nanoseconds / 1e6)
    for seen in crowd.seen:
        for seq, arrived in zip(seen.seqs, seen.arrived, strict=True):
            (grab_end, _), (begin, end, encoded) = noticed[seq], packets[seq]
            samples["delivered"].append((arrived - encoded) / 1e6)
            samples["added"].append((arrived - grab_end - (end - begin)) / 1e6)
    return samples
