"""The two commands, as `jiomosa` and `python -m jiomosa_client` offer them. Loads nothing heavy before one is run."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from jiomosa_client.errors import JiomosaError

SERVER = os.environ.get("JIOMOSA_SERVER", "http://127.0.0.1:5000")


def add(commands: Any) -> None:
    """`commands`: what `add_subparsers` gave."""
    watch = commands.add_parser("watch", help="show a session in this terminal", description=WATCH)
    watch.add_argument("target", metavar="URL|SESSION", help="the address of a page, for a new session, or the id of one")
    watch.add_argument("--mode", choices=("auto", "half", "256", "sixel"), default="auto", help="how pictures are painted")
    watch.add_argument("--fps", type=float, default=15, help="frames a second, at most (default: %(default)s)")
    watch.add_argument("--size", default="1024x640", help="of a new session's screen (default: %(default)s)")
    device = commands.add_parser("device", help="simulate weak devices, and tell what their users would feel", description=DEVICE)
    device.add_argument("urls", metavar="URL", nargs="+", help="pages to browse, in turn")
    device.add_argument("--devices", type=int, default=1, help="how many (default: %(default)s)")
    device.add_argument("--share", action="store_true", help="all look at one session, which the first one drives")
    device.add_argument("--seconds", type=float, default=30, help="for so long (default: %(default)s)")
    device.add_argument("--screen", default="480x272", help="of each device (default: %(default)s)")
    device.add_argument("--rate", type=float, default=0, metavar="KBIT", help="of its link, kilobits a second; 0: as it is")
    device.add_argument("--latency", type=float, default=0, metavar="MS", help="one way, added to the link's own")
    device.add_argument("--decode", type=float, default=0, metavar="MS", help="that it takes to show one picture")
    device.add_argument("--fps", type=float, default=30, help="that it asks for (default: %(default)s)")
    device.add_argument("--pause", type=float, default=1.0, metavar="S", help="between two things that its user does")
    device.add_argument("--json", action="store_true", help="the report as JSON")
    for command in (watch, device):
        command.add_argument("--server", default=SERVER, help="JIOMOSA_SERVER (default: %(default)s)")
        command.add_argument("--token", default=os.environ.get("JIOMOSA_TOKEN"), help="JIOMOSA_TOKEN, where there is a login")


def run(options: argparse.Namespace) -> int:
    """Returns the exit code."""
    try:
        if options.command == "watch":
            from jiomosa_client import watch as command
        else:
            from jiomosa_client import device as command  # type: ignore[no-redef]
        return command.run(options)
    except JiomosaError as error:
        print(f"jiomosa {options.command}: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


WATCH = """Shows a session in this terminal: as sixels where it draws them, else as half blocks in as many colours as it has.
Keys, text and the mouse go to the page; Ctrl+C ends."""
DEVICE = """Simulates devices with a weak link, a slow decoder and a small screen, whose users browse: load, scroll, click, type.
The link is paced in this process, by reading no faster than it would carry, from a small receive buffer: the server sees a slow
reader. The latency is added at the device's end, so that the server learns of it from answers only. Loss and reordering are
not simulated."""
