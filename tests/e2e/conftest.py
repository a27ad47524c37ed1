"""One real server with a real Chromium behind it, and one web site on this machine, for all end-to-end tests."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import pytest

from bench import site as bench_site
from bench.client import Client
from bench.server import Server, run

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Address of the local web site."""
    with bench_site.serve() as address:
        yield address


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with run(load_timeout=5, cors_origins="null") as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


@pytest.fixture
def session(server: Server) -> Iterator[str]:
    """A session of 800x600 pixels, closed after the test; its id."""
    id = f"test-{next(_numbers)}"
    server.post("/api/session/create", session_id=id, width=800, height=600)
    yield id
    if any(entry["session_id"] == id for entry in server.get("/api/sessions")["sessions"]):
        server.post(f"/api/session/{id}/close")


@pytest.fixture
def load(server: Server, site: str, session: str) -> Callable[[str], None]:
    """Load a page of the site, by its path, into the session."""

    def load_page(path: str) -> None:
        server.post(f"/api/session/{session}/load", url=site + path)

    return load_page


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected


@pytest.fixture
def title_becomes(server: Server, session: str) -> Callable[[str], bool]:
    """Whether the page's title, by which the pages of bench/pages report, becomes what is given."""

    def becomes(wanted: str) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if server.get(f"/api/session/{session}/info")["page_info"]["title"] == wanted:
                return True
        return False

    return becomes
