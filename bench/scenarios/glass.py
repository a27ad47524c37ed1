"""Glass to client: a real Chromium shows a page that paints its clock; how old, how often, how dear is what a viewer gets?

Each page in a session of its own, made anew for each run (Chromium's pipeline settles anew with it), one viewer at quality 75
without adaptation, over a real socket on this machine. Pages: canvas (every pixel changes in every frame), text (scrolls by 4
pixels a frame), video (a player of 960x540 in a page), small (a spinner; 52 rows change), still (nothing changes).

distinct fps   pictures with a clock not seen before, a second. Its target is 60 (120), held to the nearest whole number.
p50, p99       ms from the page's reading of its clock, at the start of its painting, to the arrival of the whole message at the
               client
torn           pictures whose clock at the top and at the bottom disagree
KB             a picture's JPEG
CPU            of all processes of the server, the browser included; `a frame`: ms of CPU for each picture delivered
grab, encode   ms that these two stages take of a frame, by the server's own clocks (`stats` events)
small / canvas the spinner's share of what full motion costs: of `grab` and `encode`; and of the CPU for each picture of whole
               processes, with what they spend on every frame whatever its size (waking up, messages): of capture process and
               encoders, and with the X server, which carries out the grab (and the browser's drawing)
"""

from __future__ import annotations

from bench import stage
from bench.glass import Glass, open_viewer, watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps

PAGES = {"canvas": "canvas.html", "text": "text.html", "video": "video.html", "small": "small.html", "still": "still.html"}
FAST = ("canvas", "text")  # these at 120 fps, too
P50_TARGETS = {("canvas", 60): "<= 20", ("text", 60): "<= 35", ("canvas", 120): "<= 15"}
P99_TARGETS = {("canvas", 60): "<= 40"}
PIXEL_WORK = {"CPU": ("capture", "encoder"), "CPU with X": ("capture", "Xvfb", "encoder")}
PIXEL_STAGES = ("grab", "encode")

Runs = dict[tuple[str, int], list[Glass]]


def run(options: Options, steps: Steps) -> Result:
    result = Result("glass")
    cases = [(page, 60) for page in PAGES] + [(page, 120) for page in FAST]
    steps.begin(len(cases) * options.runs)
    seen: Runs = {case: [] for case in cases}
    with stage.browsers(max_fps=60) as (ordinary, site), stage.browsers(max_fps=120) as (fast, _):
        for number in range(options.runs):
            for page, fps in cases:
                steps.step(f"{page} at {fps} fps, run {number + 1} of {options.runs}")
                server = ordinary if fps == 60 else fast
                url = f"{site}/{PAGES[page]}"
                with stage.session(server, url) as id, open_viewer(server, id, stage.QUALITY, fps) as client:
                    seen[page, fps].append(watch(server, client, options.seconds))
    for (page, fps), runs in seen.items():
        _figures(result, page, fps, runs)
    pairs = list(zip(seen["small", 60], seen["canvas", 60], strict=True))
    share = [_pixel_time(small) / _pixel_time(canvas) for small, canvas in pairs]
    result.add("small / canvas: grab and encode", share, "", "ms in these two stages of a picture, ratio", "<= 0.2")
    for name, roles in PIXEL_WORK.items():
        share = [_pixel_work(small, roles) / _pixel_work(canvas, roles) for small, canvas in pairs]
        result.add(f"small / canvas: {name}", share, "", f"CPU a picture, ratio: {', '.join(roles)}")
    return result


def _figures(result: Result, page: str, fps: int, runs: list[Glass]) -> None:
    name = page if fps == 60 else f"{page} at {fps}"
    moving = page != "still"
    rate = [glass.distinct_fps if moving else glass.frames / glass.seconds for glass in runs]
    definition = "distinct pictures a second" if moving else "pictures a second; a still page has none"
    result.add(f"{name}: fps", rate, "/s", definition, f">= {fps - 0.5}" if moving else "<= 0")
    if moving:
        for label, at, targets in (("p50", 0.5, P50_TARGETS), ("p99", 0.99, P99_TARGETS)):
            ages = [percentile(glass.ages, at) for glass in runs]
            result.add(f"{name}: {label}", ages, "ms", "age of a picture on arrival", targets.get((page, fps), ""))
        result.distributions[name] = [age for glass in runs for age in glass.ages]
    if moving and page != "small":
        result.add(f"{name}: torn", [glass.torn for glass in runs], "", "pictures whose two clocks disagree", "<= 0")
    if moving:
        result.add(f"{name}: KB", [glass.bytes / max(1, glass.frames) / 1000 for glass in runs], "kB", "JPEG bytes a picture")
        for stage in PIXEL_STAGES:
            times = [glass.stages[stage] for glass in runs]
            result.add(f"{name}: {stage}", times, "ms", f"mean time that `{stage}` takes of a picture")
        spent = [10 * glass.cost.total * glass.seconds / max(1, glass.distinct) for glass in runs]
        result.add(f"{name}: CPU a frame", spent, "ms", "CPU of all processes for each distinct picture")
    result.add(f"{name}: CPU", [glass.cost.total for glass in runs], "%", "CPU of all processes")
    for role in sorted({role for glass in runs for role in glass.cost.by_role} - {"other"}):
        shares = [glass.cost.by_role.get(role, 0.0) for glass in runs]
        result.add(f"{name}: CPU {role}", shares, "%", "CPU of the processes of this kind")


def _pixel_time(glass: Glass) -> float:
    return sum(glass.stages[stage] for stage in PIXEL_STAGES)


def _pixel_work(glass: Glass, roles: tuple[str, ...]) -> float:
    return sum(glass.cost.by_role.get(role, 0.0) for role in roles) / max(1, glass.frames)
