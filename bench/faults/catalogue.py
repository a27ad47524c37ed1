"""All faults by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import psutil

from bench.faults import surroundings, victims
from bench.faults.audience import Audience
from bench.faults.surroundings import World
from bench.faults.victims import Outcome, Stage

HANG_TIMEOUT = 2  # seconds; the default of 30 would only make the measurement longer
BYSTANDER = "bystander"
TIMES, FEW_TIMES = 20, 5  # each; what lasts for a while of its own, fewer
KINDS = {
    "capture": "capture process",
    "xvfb": "X server",
    "chromedriver": "ChromeDriver",
    "chromium": "Chromium",
    "renderer": "the page's renderer",
}


@dataclass(frozen=True)
class Fault:
    """`inject(stage, number)` does it for the number-th time. `apart`: others may be injected while it is waited for.

    `spares`: the bystander, a session not concerned, must lose no frame.
    """

    name: str
    what: str
    times: int
    inject: Callable[[Stage, int], Outcome]
    apart: bool = False
    spares: bool = True


def all_faults(world: World) -> list[Fault]:
    kill, stop = psutil.Process.kill, psutil.Process.suspend
    found = [Fault("none", "nothing at all, for comparison", TIMES, lambda stage, number: victims.no_fault(stage))]
    found += [
        Fault(f"kill-{kind}", f"SIGKILL of the {words.removeprefix('the ')}", TIMES, _on_browser(kind, kill))
        for kind, words in KINDS.items()
    ]
    found += [
        Fault(f"stop-{kind}", f"SIGSTOP of the {words.removeprefix('the ')}", TIMES, _on_browser(kind, stop), apart=True)
        for kind, words in KINDS.items()
    ]
    found.append(Fault("loop", "page in an endless loop", TIMES, lambda stage, number: victims.loop_fault(stage), apart=True))
    for name, what, injure in (("kill", "SIGKILL", kill), ("stop", "SIGSTOP", stop)):
        found.append(Fault(f"{name}-encoder", f"{what} of an encoder", TIMES, _on_encoder(injure), spares=False))
        found.append(Fault(f"{name}-egress", f"{what} of the egress process", TIMES, _on_egress(injure)))
    found.append(
        Fault("kill-front", "SIGKILL of the front", TIMES, lambda stage, number: surroundings.front_killed(stage), spares=True)
    )
    found.append(
        Fault("stop-front", "SIGSTOP of the front for 3 s", TIMES, lambda stage, number: victims.front_stop(stage), spares=False)
    )
    for name, what, inject in (
        ("full-shm", "/dev/shm is full", surroundings.full_shared_memory),
        ("full-disk", "the disk of the profiles is full", surroundings.full_disk),
        ("no-descriptors", "the front has no file descriptor left", surroundings.no_descriptors),
        ("no-chromium", "Chromium killed, and refuses to start for a while", surroundings.no_browser),
        ("clock", "the front's clock jumps by an hour, and back", surroundings.clock_jumps),
    ):
        found.append(Fault(name, what, FEW_TIMES, partial(_in_world, inject, world)))
    return found


def _on_browser(kind: str, injure: Callable[[psutil.Process], object]) -> Callable[[Stage, int], Outcome]:
    return lambda stage, number: victims.browser_fault(stage, kind, injure)


def _on_encoder(injure: Callable[[psutil.Process], object]) -> Callable[[Stage, int], Outcome]:
    return lambda stage, number: victims.encoder_fault(stage, injure)


def _on_egress(injure: Callable[[psutil.Process], object]) -> Callable[[Stage, int], Outcome]:
    return lambda stage, number: victims.egress_fault(stage, injure)


def _in_world(inject: Callable[[Stage, World], Outcome], world: World, stage: Stage, number: int) -> Outcome:
    return inject(stage, world)


@contextmanager
def stage(site: str) -> Iterator[tuple[Stage, list[Fault]]]:
    """A server in a world of its own with a session that is watched all the time; and what can be done to it. For root."""
    with ExitStack() as opened:
        world = opened.enter_context(surroundings.world())
        # What pages may not open has them go through the egress process.
        settings = {"hang_timeout": HANG_TIMEOUT, "denied_destinations": "denied.example"}
        server = opened.enter_context(surroundings.serve(world, **settings))
        audience = opened.enter_context(Audience())
        victims.create(server, BYSTANDER, f"{site}/fragile.html")
        bystander = audience.seat(server.address, BYSTANDER)
        yield Stage(server, audience, site, bystander), all_faults(world)
