"""Slow links: how old is what a viewer sees, and how much of the link is used?

A server and a viewer in two network namespaces with an emulated link between them (bench/links): the same rate both ways, half
the round trip each way, a queue of half a second. The page is like a photograph and always in motion, so that it demands more
than any of these links carries. Adaptive mode is on, as it is by default. A viewer is measured after a warm-up of three seconds
and twelve round trips, for TCP's window opens by a factor a round trip, and four frames at least; for five seconds, a stream
at 400 ms for 71, in which BBR lets the link rest once. Below 20 Mbit/s two such links, servers and viewers are measured at
once.

age        from the grab's begin to the message's last byte at the viewer, by the frame's timestamp
of floor   the median age as a multiple of its floor: the message's transmission, half a round trip, and what grab, encoding and
           delivery cost this machine where there is no link to speak of
fps        frames a second at the viewer
use        the messages' bytes as a share of the link's rate; headers of TCP, IP and WebSocket (4%) are not in it
opened     seconds from connecting, handshakes included, until a second's frames first filled nine tenths of the link

stream.mjpeg (each part with its length) and frame.jpg?wait= (quality 75 always: it does not adapt) tell no time of the grab: it
is read from the picture itself.
"""

from __future__ import annotations

from functools import partial

from bench.links import cells, lanes
from bench.links.cells import Case, Cell
from bench.links.lanes import Lane
from bench.result import Result
from bench.scenario import Options, Steps

MBITS, RTTS = (20.0, 5.0, 2.0, 1.0, 0.256), (40, 100, 400)
QUICK_MBITS, QUICK_RTTS = (5.0, 0.256), (100,)
SOME_RTT = 100  # of what changes only the size of a message, and of plain HTTP


def run(options: Options, steps: Steps) -> Result:
    result = Result("links")
    mbits, rtts = (QUICK_MBITS, QUICK_RTTS) if options.quick else (MBITS, RTTS)
    told = [Case(way, "base64", mbit, rtt) for way in ("websocket", "polling") for mbit in mbits for rtt in rtts]
    told += [Case(way, "binary", mbit, SOME_RTT) for way in ("websocket", "polling") for mbit in mbits]
    plain = [Case(way, "binary", mbit, SOME_RTT) for way in ("stream.mjpeg", "frame.jpg") for mbit in mbits]
    steps.begin(options.runs * (len(told) + len(plain)))
    runs: dict[Case, list[Cell]] = {case: [] for case in (*told, *plain)}

    def watch(case: Case, lane: Lane) -> None:
        steps.step(case.name)
        runs[case].append(cells.measure(lane.link, lane.server, lane.id, case, lane.base, options.seconds))

    for _ in range(options.runs):
        lanes.carry_out([(case.mbit, partial(watch, case)) for case in told])
        lanes.carry_out([(case.mbit, partial(watch, case)) for case in plain], time=True)
    for case, measured in runs.items():
        cells.figures(result, case, measured)
    result.notes.append(f"Congestion control: {cells.congestion_control()}.")
    return result
