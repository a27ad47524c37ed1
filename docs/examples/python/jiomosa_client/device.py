"""`jiomosa device`: weak devices whose users browse, and what they would have felt."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from jiomosa_client.connection import Connection
from jiomosa_client.errors import JiomosaError
from jiomosa_client.felt import Felt, Report
from jiomosa_client.session import Session
from jiomosa_client.weak import Link, WeakConnection
from jiomosa_client.wire import Event, Frame

PROGRESS_SECONDS = 0.5
STEPS = ("scroll", "scroll", "click", "type")  # on each page, over and over; the next page comes after all of them
COLUMNS = (
    *(("first s", "first", 1.0, 2), ("age p50 ms", "age_p50", 1000.0, 0), ("p99", "age_p99", 1000.0, 0), ("fps", "fps", 1.0, 1)),
    *(("reaction p50 ms", "reaction_p50", 1000.0, 0), ("p99", "reaction_p99", 1000.0, 0), ("actions", "actions", 1, 0)),
    *(("stalls", "stalls", 1, 0), ("frames", "frames", 1, 0), ("KB", "bytes", 0.001, 0), ("reconnects", "reconnects", 1, 0)),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one device is like and does; seconds, pixels, bytes a second. `drives`: its user does something."""

    server: str
    token: str | None
    urls: tuple[str, ...]
    seconds: float
    width: int
    height: int
    link: Link
    decode: float
    fps: float
    pause: float
    drives: bool = True


class Device(threading.Thread):
    """One device and its user. `report` once it has ended."""

    def __init__(self, name: str, session: Session, plan: Plan) -> None:
        super().__init__(name=name, daemon=True)
        self.session = session
        self.plan = plan
        self.frames = 0
        self.report: Report | None = None
        self._connections: list[WeakConnection] = []
        self._loading: threading.Thread | None = None
        session.patience = plan.seconds
        session.connect_with = self._connect

    def _connect(self, address: str, token: str | None) -> Connection:
        connection = WeakConnection(address, token, self.plan.link)
        self._connections.append(connection)
        return connection

    def run(self) -> None:
        began = time.monotonic()
        felt, error = Felt(self.name, began), ""
        try:
            self._browse(felt, began + self.plan.seconds)
        except JiomosaError as reason:
            error = reason.message
        size = sum(connection.wire_bytes for connection in self._connections)
        self.session.disconnect()
        self.report = felt.report(time.monotonic(), size, self.session.reconnects, error)
        if self._loading is not None:
            self._loading.join()

    def _browse(self, felt: Felt, end: float) -> None:
        plan = self.plan
        self.session.subscribe(fps=plan.fps, max_width=plan.width, max_height=plan.height)
        todo = self._steps() if plan.drives else itertools.repeat("look")
        next_at = time.monotonic() + plan.pause
        while (now := time.monotonic()) < end:
            if now >= next_at:
                next_at = now + plan.pause
                self._do(next(todo), felt)
            event = self.session.next(max(0.0, min(end, next_at) - time.monotonic()))
            if isinstance(event, Frame):
                time.sleep(plan.decode)  # it reads nothing meanwhile
                self.frames += 1
                felt.shown(time.monotonic(), event.seq, time.time() - event.timestamp)
            elif isinstance(event, Event) and event.name == "input:acknowledged":
                felt.acknowledged(event.payload["seq"])

    def _steps(self) -> Iterator[str]:
        for index in itertools.count():
            if index or len(self.plan.urls) > 1:
                yield f"load {self.plan.urls[index % len(self.plan.urls)]}"
            yield from STEPS

    def _do(self, step: str, felt: Felt) -> None:
        session, middle = self.session, (self.plan.width // 2, self.plan.height // 2)
        if step.startswith("load "):
            if self._loading is None or not self._loading.is_alive():
                self._loading = threading.Thread(target=self._load, args=(step[5:],), daemon=True)
                self._loading.start()
            return
        if step == "look":
            return
        felt.did(time.monotonic())
        if step == "scroll":
            session.scroll(0, self.plan.height // 2)
        elif step == "click":
            session.click(*middle)
        else:
            session.text("jiomosa ")

    def _load(self, url: str) -> None:
        try:
            self.session.load(url)
        except JiomosaError as error:
            print(f"\n{self.name}: {error.message}", file=sys.stderr)


def run(options: argparse.Namespace) -> int:
    """Returns the exit code: 1 where a device saw nothing. Raises `JiomosaError`."""
    plan = plan_of(options)
    devices: list[Device] = []
    sessions: list[Session] = []
    try:
        for number in range(options.devices):
            if not (options.share and sessions):
                print(f"\rstarting session {number + 1}", end="", file=sys.stderr, flush=True)
                sessions.append(Session.create(plan.server, token=plan.token, width=800, height=600, url=plan.urls[0]))
            driven = sessions[-1]
            drives = not options.share or number == 0
            devices.append(
                Device(
                    f"device {number + 1}",
                    driven if drives else Session.attach(plan.server, driven.id, token=plan.token),
                    replace(plan, drives=drives),
                )
            )
        for device in devices:
            device.start()
        _progress(devices, plan.seconds)
        for device in devices:
            device.join()
    finally:
        for session in sessions:
            session.close()
    reports = [device.report for device in devices if device.report is not None]
    print(json.dumps(_jsonable(reports), indent=1) if options.json else table(reports))
    return 0 if all(report.frames for report in reports) else 1


def plan_of(options: argparse.Namespace) -> Plan:
    """Raises `JiomosaError` where an option is not right."""
    width, _, height = options.screen.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 16 and int(height) >= 16):
        raise JiomosaError(f"--screen is {options.screen!r}, and must be WIDTHxHEIGHT, such as 480x272.")
    for name in ("devices", "seconds", "fps", "pause"):
        if getattr(options, name) <= 0:
            raise JiomosaError(f"--{name} must be above 0.")
    link = Link(options.rate * 1000 / 8, options.latency / 1000)
    return Plan(
        options.server,
        options.token,
        tuple(options.urls),
        options.seconds,
        int(width),
        int(height),
        link,
        options.decode / 1000,
        options.fps,
        options.pause,
    )


def _progress(devices: list[Device], seconds: float) -> None:
    began = time.monotonic()
    while any(device.is_alive() for device in devices):
        passed = min(seconds, time.monotonic() - began)
        frames = sum(device.frames for device in devices)
        line = f"\r{passed:.0f} of {seconds:g} s, {len(devices)} devices, {frames} frames"
        print(f"{line:<60}", end="", file=sys.stderr, flush=True)
        time.sleep(PROGRESS_SECONDS)
    print(file=sys.stderr)


def table(reports: list[Report]) -> str:
    """One line a device, aligned."""
    rows = [["device", *(title for title, *_ in COLUMNS)]]
    for report in reports:
        values = (getattr(report, name) * factor for _, name, factor, _ in COLUMNS)
        digits = (digits for *_, digits in COLUMNS)
        rows.append([report.device, *("-" if math.isnan(v) else f"{v:.{d}f}" for v, d in zip(values, digits, strict=True))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    errors = [f"{report.device}: {report.error}" for report in reports if report.error]
    return "\n".join([*lines, *errors])


def _jsonable(reports: list[Report]) -> list[dict[str, object]]:
    return [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in asdict(report).items()}
        for report in reports
    ]
