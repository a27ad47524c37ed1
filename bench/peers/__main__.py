"""`python -m bench.peers PEER PAGE SECONDS`: one peer, once, for whoever works on it (`vnc canvas 3`; several with commas)."""

from __future__ import annotations

import importlib
import sys

from bench import site
from bench.peers.task import Peer, Task
from bench.result import percentile


def main(peers: str, pages: str = "canvas,text", seconds: str = "3") -> None:
    """Measure and print."""
    with site.serve() as address:
        for module in peers.split(","):
            peer: Peer = importlib.import_module(f"bench.peers.{module}").PEER
            if (sentence := peer.missing()) is not None:
                print(sentence)
                continue
            for page in pages.split(","):
                glass = peer.watch(Task(f"{address}/{page}.html", seconds=float(seconds)))
                ages = f"p50 {percentile(glass.ages, 0.5):6.1f} ms, p99 {percentile(glass.ages, 0.99):6.1f} ms"
                spent = 10 * glass.cost.total * glass.seconds / glass.distinct
                roles = ", ".join(f"{role} {share:.0f}" for role, share in glass.cost.by_role.items() if share >= 0.5)
                print(f"{peer.name:20} {page:7} {glass.distinct_fps:5.1f} fps, {ages}, torn {glass.torn},", end=" ")
                print(f"{spent:6.2f} ms CPU a frame ({roles} %), {glass.bytes / glass.frames / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
