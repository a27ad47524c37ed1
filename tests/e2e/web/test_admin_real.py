"""The operator's page before the real server: what it shows is there, and what is done there happens."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from bench.client import Client
from bench.server import Server, run

from .conftest import Page

SECONDS = 15.0  # only ever reached by a test that fails
# The rows of processes of one session: what each cell says.
PROCESSES = """(function (session) {
  return Array.from(document.querySelectorAll('#processes tr')).map(function (row) {
    return Array.from(row.cells).map(function (cell) { return cell.textContent; });
  }).filter(function (cells) { return cells[1] === session; });
})(arguments[0])"""
BUSY = f"{PROCESSES}.some(function (cells) {{ return cells[0] === 'browser' && parseFloat(cells[2]) > 0; }})"


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    with run() as server:
        yield server


def test_an_operator_sees_a_session_tells_its_viewer_something_and_ends_it(page: Page, real: Server, site: str) -> None:
    real.post("/api/session/create", session_id="one", width=640, height=480, url=f"{site}/canvas.html")
    with Client(real.address) as viewer:
        viewer.subscribe("one", format="binary", fps=5)
        viewer.wait_for_frame()
        page.driver.get(f"{real.address}/admin")
        page.until("document.querySelector('[aria-label=\"Session one\"] tbody tr')")
        row = page.js("document.querySelector('[aria-label=\"Session one\"] tbody tr').innerText")
        assert "127.0.0.1 · websocket" in row
        assert "640 × 480" in row
        deadline = time.monotonic() + SECONDS
        while not page.js(BUSY, "one"):
            viewer.wait_for_frame()  # a page that nobody watches does nothing
            assert time.monotonic() < deadline, page.js(PROCESSES, "one")
        processes = page.js(PROCESSES, "one")
        assert {cells[0] for cells in processes} >= {"capture", "xserver", "driver", "browser"}
        for _, _, cpu, memory, pid in processes:
            assert cpu.endswith("%")
            assert memory.endswith(" MB")
            assert int(pid) > 1

        page.driver.find_element(By.CSS_SELECTOR, "[aria-label='Message to all of one']").click()
        page.driver.find_element(By.CSS_SELECTOR, ".modal input").send_keys("We restart at 3.\n")
        assert viewer.wait_for("status").payload == {"message": "We restart at 3.", "code": "operator_message"}
        page.until("document.getElementById('told').textContent === 'Told 1 viewer.'")

        page.driver.find_element(By.CSS_SELECTOR, "[aria-label='End one']").click()
        page.driver.find_element(By.CSS_SELECTOR, ".modal input").send_keys("It was too loud.\n")
        assert viewer.wait_for("error").payload == {"message": "It was too loud.", "code": "session_closed"}
    page.until("!document.querySelector('.session') && !document.getElementById('empty').hidden")
    assert real.get("/api/sessions")["sessions"] == []
