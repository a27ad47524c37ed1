"""The start page: sessions made, listed, opened and closed."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from .conftest import Page
from .mock import Mock


def start(page: Page, mock: Mock) -> None:
    """Open the start page, its list filled."""
    page.driver.get(mock.url)
    page.until("!document.getElementById('empty').hidden || document.querySelector('.session')")


def made(page: Page) -> None:
    """Press the button, and be in the viewer."""
    page.driver.find_element(By.ID, "start").click()
    page.until("/viewer$/.test(location.pathname)")


def test_create(page: Page, mock: Mock) -> None:
    start(page, mock)
    page.driver.find_element(By.ID, "url").send_keys("b.example")
    page.js("document.querySelector('details').open = true")
    page.driver.find_element(By.ID, "session-id").send_keys("two")
    made(page)
    assert mock.expect("create") == [{"width": 1280, "height": 720, "url": "b.example", "session_id": "two"}]
    page.until("location.pathname === '/api/session/two/viewer'")
    mock.expect("subscribe")


def test_errors_in_words(page: Page, mock: Mock) -> None:
    start(page, mock)
    page.js("document.querySelector('details').open = true")
    page.driver.find_element(By.ID, "session-id").send_keys("one")
    page.driver.find_element(By.ID, "start").click()
    page.until("document.getElementById('problem').textContent === \"There is a session 'one' already.\"")
    mock.load_error = "Its name was not found."
    page.driver.find_element(By.ID, "session-id").send_keys("-more")
    page.driver.find_element(By.ID, "start").click()
    page.until("/the page did not load: Its name was not found[.]/.test(document.getElementById('problem').textContent)")
    page.until("document.querySelectorAll('.session').length === 2")


def test_server_away(page: Page, mock: Mock) -> None:
    start(page, mock)
    refresh = "document.dispatchEvent(new Event('visibilitychange'))"  # as when somebody comes back to the tab
    mock.stop()
    page.js(refresh)
    page.until("/can not be reached/.test(document.getElementById('list-problem').textContent)")
    mock.start()
    page.js(refresh)
    page.until("document.getElementById('list-problem').hidden")


def test_end_asks_once_more(page: Page, mock: Mock) -> None:
    start(page, mock)
    close = page.driver.find_element(By.CSS_SELECTOR, ".session button")
    close.click()
    assert close.text == "Really end?"
    assert "one" in mock.sessions
    close.click()
    page.until("!document.getElementById('empty').hidden")
    assert mock.sessions == {}


@pytest.mark.parametrize(("width", "height"), [(360, 740), (800, 600), (1280, 800)])
def test_fits(page: Page, mock: Mock, width: int, height: int) -> None:
    mock.add("a-long-name-of-sixty-four-letters-which-is-as-many-as-there-can-be", url="https://a.example/" + "long-" * 60)
    page.size(width, height)
    start(page, mock)
    assert page.js("document.documentElement.scrollWidth") <= width


def test_presets(page: Page, mock: Mock) -> None:
    start(page, mock)
    names = page.js("Array.from(document.querySelectorAll('.preset strong')).map(function (one) { return one.textContent; })")
    assert names == ["This screen", "ThreadX panel", "ThreadX wide", "Phone", "Tablet", "720p", "1080p"]
    page.js("document.getElementById('preset-phone').click()")
    made(page)
    assert mock.expect("create") == [{"width": 390, "height": 844, "touch": True, "mobile": True}]
    start(page, mock)
    page.js("document.querySelector('details').open = true")
    page.driver.find_element(By.ID, "agent").send_keys("Kiosk/1")
    page.js("document.getElementById('scale').value = '2'")
    made(page)
    assert mock.expect("create", 2)[1] == {"width": 1280, "height": 720, "user_agent": "Kiosk/1", "device_scale": 2}
    start(page, mock)
    page.js("document.getElementById('preset-threadx-wide').click()")
    made(page)
    assert mock.expect("create", 3)[2] == {"width": 480, "height": 272}  # and nothing that is not needed


def test_thumbnails(page: Page, mock: Mock) -> None:
    """One after another, only of what is in sight; they are demand only after the page in the session has become another."""
    start(page, mock)
    page.until("(function (image) { return image && image.naturalWidth === 320; })(document.querySelector('.thumbnail img'))")
    assert mock.thumbnails == [("one", "", False)]
    mock.wait(lambda: len(mock.thumbnails) > 1, "the next round")
    assert mock.thumbnails[1] == ("one", '"https://a.example/"', True)
    before = page.js("document.querySelector('.thumbnail img').src")
    mock.sessions["one"]["url"] = "https://b.example/"
    page.js("document.dispatchEvent(new Event('visibilitychange'))")
    page.until("document.querySelector('.thumbnail img').src !== arguments[0]", before)
