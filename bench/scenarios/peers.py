"""The others: the same page at the same size and quality through other ways of streaming a browser, and through ours, in turns.

A canvas in full motion and text that scrolls, 1280x720, JPEG quality 75, 60 fps wanted; each way alone, set up anew each time (so
that Chromium's pipeline settles anew), one after the other in every run. Their settings, the best that were found, and why: the
docstrings of bench/peers.

fps            pictures with a clock not seen before, a second
p50, p99       ms from the page's reading of its clock to the picture's delivery; the notes say up to where that is: for ours and
               TigerVNC arrival at a client over TCP, for the others, in their favour, the finished JPEG before any network.
               Decoding is not in it. A picture that comes again counts once, with its first age
torn           distinct pictures whose clock at the top and at the bottom disagree
CPU            of all processes: browser, X server, grabber, encoders, server; without the client that only measures
CPU a frame    ms of it for each distinct picture
ours / ...     the ratio within one run: below 1 ours is better
"""

from __future__ import annotations

from bench import site, stage
from bench.glass import Glass
from bench.peers import fluxgrab, ours, screencast, screenshots, vnc
from bench.peers.task import Peer, Task
from bench.result import Result, percentile
from bench.scenario import Options, Steps

PAGES = {"canvas": "canvas.html", "text": "text.html"}
ATTEMPTS = 2
OURS = ours.PEER.name
OTHERS = (fluxgrab.PEER, vnc.PEER, screencast.PEER, screenshots.PEER)

Runs = dict[str, list[Glass]]  # by page


def run(options: Options, steps: Steps) -> Result:
    result = Result("peers")
    peers = [ours.PEER]
    for peer in OTHERS:
        sentence = peer.missing()
        if sentence is None:
            peers.append(peer)
        else:
            result.notes.append(f"{peer.name} was left out: {sentence}")
    steps.begin(len(peers) * len(PAGES) * options.runs)
    seen: dict[str, Runs] = {peer.name: {page: [] for page in PAGES} for peer in peers}
    with site.serve() as address:
        for number in range(options.runs):
            for page, file in PAGES.items():
                task = Task(f"{address}/{file}", stage.WIDTH, stage.HEIGHT, stage.QUALITY, 60, options.seconds)
                for peer in peers:
                    steps.step(f"{peer.name}, {page}, run {number + 1} of {options.runs}")
                    _watch(peer, task, page, seen, result)
    for peer in peers:
        if peer.name in seen:
            result.notes.append(f"{peer.name} ({peer.version()}): measured {peer.what}.")
    for page in PAGES:
        for name, runs in seen.items():
            _figures(result, page, name, runs[page])
        for name in [name for name in seen if name != OURS]:
            _compare(result, page, name, seen[OURS][page], seen[name][page])
    return result


def _watch(peer: Peer, task: Task, page: str, seen: dict[str, Runs], result: Result) -> None:
    """Measure once. A peer that breaks twice is out of all comparisons; the notes say that and why. Ours must not break."""
    for _ in range(ATTEMPTS):
        if peer.name not in seen:
            return
        try:
            seen[peer.name][page].append(peer.watch(task))
        except (RuntimeError, OSError) as error:
            if peer.name == OURS:
                raise
            result.notes.append(f"{peer.name} broke on the page {page}: {error or type(error).__name__}.")
        else:
            return
    del seen[peer.name]
    result.notes.append(f"{peer.name} was left out: it broke {ATTEMPTS} times in a row.")


def _cpu_a_frame(glass: Glass) -> float:
    return 10 * glass.cost.total * glass.seconds / glass.distinct


def _figures(result: Result, page: str, peer: str, runs: list[Glass]) -> None:
    name = f"{page}, {peer}"
    result.add(f"{name}: fps", [glass.distinct_fps for glass in runs], "/s", "distinct pictures a second")
    result.add_latencies(name, [glass.ages for glass in runs], "age of a picture on delivery")
    result.add(f"{name}: torn", [glass.torn for glass in runs], "", "pictures whose two clocks disagree")
    result.add(f"{name}: KB", [glass.bytes / glass.frames / 1000 for glass in runs], "kB", "bytes a picture")
    result.add(f"{name}: CPU", [glass.cost.total for glass in runs], "%", "CPU of all processes")
    result.add(f"{name}: CPU a frame", [_cpu_a_frame(glass) for glass in runs], "ms", "CPU of all processes a distinct picture")


def _compare(result: Result, page: str, peer: str, our_runs: list[Glass], their_runs: list[Glass]) -> None:
    pairs = list(zip(our_runs, their_runs, strict=True))
    ages = [percentile(mine.ages, 0.5) / percentile(theirs.ages, 0.5) for mine, theirs in pairs]
    costs = [_cpu_a_frame(mine) / _cpu_a_frame(theirs) for mine, theirs in pairs]
    result.add(f"{page}, ours / {peer}: p50", ages, "", "median ages, ratio", "<= 1")
    result.add(f"{page}, ours / {peer}: CPU a frame", costs, "", "CPU a distinct picture, ratio", "<= 1")
