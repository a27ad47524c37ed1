"""Fan-out: many viewers of one session. What does a viewer cost the front, and how is the worst of them served?

Recorded frames at 30 fps through a real ring, encoders and front, 1, 10, 100 and 300 viewers, all in one rendition or shared
out among three (qualities next to one another). The quality is the one at which a picture is nearest to 60 kB; on the wire, as
base64 in JSON, that is 80 kB. The viewers are connections of one other process on this machine, which throws payloads away in
the kernel.

messages   frames a second delivered, all viewers together
front      CPU of the front; its share of sending through this machine's own network stack is in it
worst      frames a second of the viewer who got fewest
bare       CPU of one loop that sends as many bytes to as many sockets and does nothing else (`bench.bare_fanout`), in turns with
           it: what of the front's CPU this machine's network stack takes whoever sends
viewers    CPU of the viewers' own process: near 100 it, and not the server, is what is measured
"""

from __future__ import annotations

import simplejpeg

from bench import bare_fanout, crowd, frames, stage
from bench.crowd import Crowd
from bench.load import Plan, Watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps

KIND = "photo"
FPS = 30
PICTURE_BYTES = 60_000
COUNTS = (1, 10, 100, 300)
RENDITIONS = (1, 3)
FRONT_TARGETS = {(100, 1): "<= 30"}
WORST_TARGETS = {(300, 1): ">= 29"}


def run(options: Options, steps: Steps) -> Result:
    result = Result("fanout", axes=("viewers", "CPU of the front, %"))
    cases = [(count, renditions) for renditions in RENDITIONS for count in COUNTS if count >= renditions]
    steps.begin(options.runs * len(cases))
    seen: dict[tuple[int, int], list[Crowd]] = {case: [] for case in cases}
    quality = quality_for(PICTURE_BYTES)
    bare: dict[int, list[float]] = {count: [] for count in COUNTS}
    with stage.synthetic(max_fps=60) as server, stage.session(server, stage.feed(KIND, fps=FPS)) as id:
        for number in range(options.runs):
            for count, renditions in cases:
                steps.step(f"{count} viewers, {renditions} renditions, run {number + 1} of {options.runs}")
                # Asked for a little faster than the source, so that a viewer's pace never holds back a frame.
                viewers = [Watch(id, 2 * FPS, quality - index % renditions) for index in range(count)]
                plan = Plan(server.address, viewers, options.seconds, warm=2 + count / 100)
                seen[count, renditions].append(crowd.watch(server, plan))
                if renditions == 1:
                    first = seen[count, 1][-1].seen[0]
                    size = first.wire_bytes // max(1, len(first.seqs))
                    try:
                        bare[count].append(bare_fanout.measure(count, size, FPS, options.seconds))
                    except RuntimeError as error:  # a machine on which nothing could keep up: there is no ratio
                        result.notes.append(f"{error}.")
    for (count, renditions), runs in seen.items():
        _figures(result, count, renditions, runs)
    for count, shares in bare.items():
        if len(shares) == options.runs:
            result.add(f"{count} viewer{'s' if count > 1 else ''}: bare", shares, "%", "CPU of a bare loop that sends as much")
            ratios = [run.cost.by_role["front"] / share for run, share in zip(seen[count, 1], shares, strict=True)]
            result.add(f"{count} viewer{'s' if count > 1 else ''}: front / bare", ratios, "", "CPU of the front / that")
    first = seen[COUNTS[0], 1][0].seen[0]
    sizes = first.jpeg_bytes / len(first.seqs), first.wire_bytes / len(first.seqs)
    result.notes.append(f"Quality {quality}: {sizes[0] / 1000:.1f} kB a picture, {sizes[1] / 1000:.1f} kB a message.")
    for renditions in RENDITIONS:
        result.curves[f"{renditions} rendition{'s' if renditions > 1 else ''}"] = [
            (float(count), percentile([run.cost.by_role["front"] for run in runs], 0.5))
            for (count, of), runs in seen.items()
            if of == renditions
        ]
    return result


def quality_for(size: int) -> int:
    """The JPEG quality at which a recorded frame is nearest to `size` bytes."""
    picture = frames.load(KIND)[0]

    def distance(quality: int) -> int:
        data = simplejpeg.encode_jpeg(picture, quality=quality, colorspace="BGRX", colorsubsampling="420")
        return abs(len(data) - size)

    return min(range(30, 96), key=distance)


def _figures(result: Result, count: int, renditions: int, runs: list[Crowd]) -> None:
    name = f"{count} viewer{'s' if count > 1 else ''}" + (f", {renditions} renditions" if renditions > 1 else "")
    case = (count, renditions)
    result.add(f"{name}: messages", [run.messages for run in runs], "/s", "frames a second delivered, all viewers together")
    front = [run.cost.by_role["front"] for run in runs]
    result.add(f"{name}: front", front, "%", "CPU of the front", FRONT_TARGETS.get(case, ""))
    encoders = [run.cost.by_role["encoder"] for run in runs]
    result.add(f"{name}: encoders", encoders, "%", "CPU of the encoders")
    worst = [min(run.rates) for run in runs]
    result.add(f"{name}: worst", worst, "/s", "frames a second of the viewer who got fewest", WORST_TARGETS.get(case, ""))
    definition = "from the grab's begin to the message's last byte at a viewer, by the frame's timestamp (whole ms)"
    result.add_latencies(f"{name}: age", [[age for seen in run.seen for age in seen.ages] for run in runs], definition)
    result.add(f"{name}: viewers", [run.load for run in runs], "%", "CPU of the viewers' own process")
