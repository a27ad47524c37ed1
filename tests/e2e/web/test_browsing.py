"""The viewer's tabs, navigation and address bar, as `page` and `tab:list` tell them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Page
from .mock import Mock

ALT = 1
STILL: dict[str, Any] = {
    "title": "One",
    "url": "https://one.example/",
    "loading": False,
    "can_go_back": False,
    "can_go_forward": False,
}
TABS = [
    {"tab": "a", "title": "One", "url": "https://one.example/", "active": False},
    {"tab": "b", "title": "", "url": "https://two.example/", "active": True},
    {"tab": "c", "title": "", "url": "about:blank", "active": False},
]


@pytest.fixture
def view(page: Page, mock: Mock) -> Page:
    """The viewer of a server that tells of its page."""
    page.view(mock)
    mock.emit("page", STILL)
    page.until("document.title === 'One – Jiomosa'")
    return page


def test_navigation_follows_the_page(view: Page, mock: Mock) -> None:
    disabled = "[document.getElementById('back').disabled, document.getElementById('forward').disabled]"
    assert view.js(disabled) == [True, True]
    mock.emit("page", STILL | {"can_go_back": True, "can_go_forward": True, "loading": True})
    view.until(f"!{disabled}[0]")
    assert view.js("document.getElementById('reload').getAttribute('aria-label')") == "Stop loading"
    assert view.js("document.getElementById('address').getAttribute('aria-busy')") == "true"
    for button, event in (("back", "back"), ("forward", "forward"), ("reload", "stop")):
        view.js("document.getElementById(arguments[0]).click()", button)
        mock.expect(event)
    mock.emit("page", STILL)
    view.until("document.getElementById('reload').getAttribute('aria-label') === 'Load this page again'")
    view.js("document.getElementById('reload').click()")
    mock.expect("reload")
    mock.forget()
    for key, code, modifiers, event in (
        ("ArrowLeft", 37, ALT, "back"),
        ("ArrowRight", 39, ALT, "forward"),
        ("F5", 116, 0, "reload"),
        ("t", 84, ALT, "tab:new"),
    ):
        view.key(key, code, modifiers)
        mock.expect(event)
    assert mock.received("input:key") == []


def test_address_and_its_errors_in_words(view: Page, mock: Mock) -> None:
    go = "(document.getElementById('url').value = arguments[0], document.getElementById('go').click())"
    view.js(go, "nowhere.example")
    assert mock.expect("navigate") == [{"url": "nowhere.example"}]
    assert mock.received("load") == []
    mock.emit("error", {"message": "The name nowhere.example was not found.", "code": "load_failed"})
    view.until(
        "document.getElementById('address-problem').textContent.trim() === arguments[0]",
        "The name nowhere.example was not found.",
    )
    assert view.js("document.getElementById('address-problem').getAttribute('role')") == "alert"
    view.js("document.querySelector('#address-problem button').click()")
    assert view.js("document.getElementById('address-problem').hidden")
    # What the page does by itself shows, but not over what somebody is typing.
    mock.emit("page", STILL | {"title": "Two", "url": "https://two.example/"})
    view.until("document.getElementById('url').value === 'https://two.example/'")
    view.js("document.getElementById('url').focus()")
    view.cdp("Input.insertText", text="half an addr")
    mock.emit("page", STILL)
    view.until("document.title === 'One – Jiomosa'")
    assert view.js("document.getElementById('url').value").endswith("half an addr")
    view.key("Escape", 27)
    assert view.js("document.getElementById('url').value") == "https://one.example/"


def test_tabs(view: Page, mock: Mock) -> None:
    assert view.js("document.getElementById('strip').hidden")  # until the server tells of them
    mock.emit("tab:list", {"tabs": TABS})
    view.until("document.querySelectorAll('.tab').length === 3")
    names = view.js("Array.from(document.querySelectorAll('.tab .name')).map(function (tab) { return tab.textContent; })")
    assert names == ["One", "https://two.example/", "New tab"]
    assert view.js("document.querySelector('[aria-current]').textContent") == "https://two.example/"
    assert view.rect("#picture")["top"] >= view.rect(".bar")["bottom"]
    view.js("document.querySelector('.tab .name').click()")
    view.js("document.querySelectorAll('.tab .shut')[2].click()")
    view.key("w", 87, ALT)
    view.key("3", 51, ALT)
    view.js("document.querySelector('.strip .tool').click()")
    mock.expect("tab:new")
    assert mock.expect("tab:activate", 2) == [{"tab": "a"}, {"tab": "c"}]
    assert mock.expect("tab:close", 2) == [{"tab": "c"}, {"tab": "b"}]
    # A new list does not take the focus of whoever goes through the tabs by keyboard; the last tab has no cross.
    view.js("document.getElementById('tab-0').focus()")
    mock.emit("tab:list", {"tabs": [TABS[0] | {"active": True}]})
    view.until("document.querySelectorAll('.tab').length === 1")
    assert view.js("document.activeElement.id") == "tab-0"
    assert view.js("document.querySelectorAll('.shut').length") == 0


def test_five_seconds_without_a_network(view: Page, mock: Mock) -> None:
    """Picture, subscription and what was set come back by themselves; what was pressed meanwhile is not sent late."""
    view.js("document.getElementById('statistics-button').click()")
    mock.expect("stats:toggle")
    drawn = view.js("document.getElementById('counts').textContent")
    mock.forget()
    mock.stop()
    view.until("document.getElementById('badge').textContent === 'reconnecting…'")
    view.key("F5", 116)
    view.driver.execute_async_script("setTimeout(arguments[0], 5000)")  # the time that is in question
    assert view.js("document.getElementById('notice').hidden")
    mock.start()
    view.until("document.getElementById('badge').textContent === 'WebSocket'")
    mock.expect("subscribe")
    assert mock.expect("stats:toggle") == [{"enabled": True}]
    view.until("document.getElementById('counts').textContent !== arguments[0]", drawn)
    assert mock.received("reload") == []
