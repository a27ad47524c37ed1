"""A child that does what its spec says, for test_child.py."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time

from engine.channel import Channel
from engine.messages import Failed, Ready, Shutdown
from engine.pagemessages import GetPage, Page

FOREVER = 120.0  # longer than any test


def main(channel: Channel, spec: str) -> None:
    match spec:
        case "fails":
            channel.send(Failed("load_failed", "The page of the child did not load."))
            return
        case "fails in words of its own":
            channel.send(Failed("no_luck", "The child had no luck."))
            return
        case "quits":
            sys.exit(3)
        case "never ready":
            channel.receive()
            return
        case "talks and quits":
            channel.send(Ready("talkative"))
            for token in range(100):
                channel.send(Page(token, "words", ""))
            return
        case "fails later":
            channel.send(Ready(spec))
            channel.receive()
            channel.send(Failed("unavailable", "The child cannot go on."))
            return
    channel.send(Ready(spec))
    if spec == "deaf":
        time.sleep(FOREVER)
        return
    if spec == "ready twice":
        channel.send(Ready("again"))
    while (message := channel.receive()) is not None:
        match message:
            case GetPage(token):
                channel.send(Page(token, json.dumps(about_itself()), ""))
            case Shutdown():
                if spec == "stubborn":
                    time.sleep(FOREVER)
                return


def about_itself() -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "sid": os.getsid(0),
        "sigint": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "frozen": gc.get_freeze_count() > 0,
        "sockets": sum(os.readlink(f"/proc/self/fd/{fd}").startswith("socket:") for fd in descriptors()),
        "modules": sorted(name for name in ("pytest", "uvicorn", "api", "tests.process.test_child") if name in sys.modules),
    }


def descriptors() -> list[str]:
    return [fd for fd in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{fd}")]
