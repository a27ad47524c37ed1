"""What asks for an answer: the page's dialogs, its clipboard, its requests for files, and sharing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from .conftest import Page
from .mock import Mock

MODAL = "document.querySelector('.modal')"
PRESS = """(function (word) { Array.from(document.querySelectorAll('.modal button')).forEach(function (button) {
  if (button.textContent === word) button.click();
}); })(arguments[0])"""


@pytest.fixture
def view(page: Page, mock: Mock) -> Page:
    page.view(mock)
    return page


def ask(view: Page, mock: Mock, **more: Any) -> None:
    mock.emit("dialog", {"id": "d1", "kind": "alert", "message": "Hello <b>you</b>", "url": "https://a.example/x"} | more)
    view.until(MODAL)


def test_a_question_is_seen_in_full_screen(view: Page, mock: Mock) -> None:
    view.key("Enter", 13, 1)  # Alt+Enter
    view.until("document.fullscreenElement")
    ask(view, mock)
    assert view.js(f"{MODAL}.contains(document.elementFromPoint(innerWidth / 2, innerHeight / 2))")
    view.js(PRESS, "OK")
    assert mock.expect("dialog:respond") == [{"id": "d1", "accept": True}]
    assert not view.js(MODAL)
    view.key("Enter", 13, 1)
    view.until("!document.fullscreenElement")


def test_alert(view: Page, mock: Mock) -> None:
    view.js("document.getElementById('keys').focus()")
    ask(view, mock)
    assert view.js(f"{MODAL}.querySelector('h2').textContent") == "a.example says"
    assert view.js(f"{MODAL}.querySelector('p').textContent") == "Hello <b>you</b>"
    assert view.js(f"[{MODAL}.getAttribute('role'), {MODAL}.getAttribute('aria-modal')]") == ["alertdialog", "true"]
    for _ in range(3):  # the focus stays inside
        view.key("Tab", 9)
        assert view.js(f"{MODAL}.contains(document.activeElement)")
    mock.emit("dialog", {"id": "d1", "kind": "alert", "message": "Hello", "url": ""})  # told again, on subscribing
    mock.emit("status", {"message": "Heard."})
    view.until("document.getElementById('toasts').textContent === 'Heard.'")
    assert view.js("document.querySelectorAll('.modal').length") == 1
    view.js(PRESS, "OK")
    assert mock.expect("dialog:respond") == [{"id": "d1", "accept": True}]
    assert view.js("document.querySelectorAll('.modal').length") == 0
    assert view.js("document.activeElement.id") == "keys"  # where it was
    assert mock.received("input:key") == []


def test_confirm_prompt_and_login(view: Page, mock: Mock) -> None:
    ask(view, mock, kind="confirm")
    view.key("Escape", 27)
    ask(view, mock, id="d2", kind="prompt", default="Ann")
    assert view.js(f"{MODAL}.querySelector('input').value") == "Ann"
    view.driver.switch_to.active_element.send_keys("a\n")
    ask(view, mock, id="d3", kind="login", message="")
    name, password = view.driver.find_elements(By.CSS_SELECTOR, ".modal input")
    name.send_keys("ann")
    password.send_keys("secret")
    view.js(PRESS, "Log in")
    ask(view, mock, id="d4", kind="beforeunload")
    view.js(PRESS, "Stay")
    assert mock.expect("dialog:respond", 4) == [
        {"id": "d1", "accept": False},
        {"id": "d2", "accept": True, "text": "Anna"},
        {"id": "d3", "accept": True, "username": "ann", "password": "secret"},
        {"id": "d4", "accept": False},
    ]


def test_somebody_else_answers_first(view: Page, mock: Mock) -> None:
    ask(view, mock)
    mock.emit("dialog:closed", {"id": "d1"})
    view.until(f"!{MODAL}")
    assert mock.received("dialog:respond") == []


# ---- clipboard


def test_what_the_page_copies_is_copied_here(view: Page, mock: Mock) -> None:
    view.js("(window.copied = [], navigator.clipboard.writeText = function (t) { copied.push(t); return Promise.resolve(); })")
    mock.emit("clipboard", {"text": "from the page"})
    view.until("copied.length === 1 && /Copied from the page/.test(document.getElementById('toasts').textContent)")
    assert view.js("copied") == ["from the page"]


def test_where_the_browser_wants_to_see_a_press_first(view: Page, mock: Mock) -> None:
    view.js("navigator.clipboard.writeText = function () { return Promise.reject(new Error('not now')); }")
    view.js("document.execCommand = function () { return false; }")
    mock.emit("clipboard", {"text": "from the page"})
    view.until("document.querySelector('.toast button')")
    view.js("(window.copied = [], navigator.clipboard.writeText = function (t) { copied.push(t); return Promise.resolve(); })")
    view.js("document.querySelector('.toast button').click()")
    view.until("copied[0] === 'from the page'")


def test_clipboard_of_the_page(view: Page, mock: Mock) -> None:
    view.js("document.getElementById('deed-clipboard').click()")
    mock.expect("clipboard:get")
    mock.emit("clipboard", {"text": "what was there"})
    view.until("document.getElementById('clipboard-text').value === 'what was there'")
    view.driver.find_element(By.ID, "clipboard-text").send_keys(", and more")
    view.js(PRESS, "Give to the page")
    assert mock.expect("clipboard:set") == [{"text": "what was there, and more"}]


# ---- sharing


def test_share(view: Page, mock: Mock) -> None:
    mock.login = True
    view.js("document.getElementById('deed-share').click()")
    link = "document.getElementById('share-link').value"
    view.until(f"/viewer#ticket=watch$/.test({link})")
    view.js("""(function (select) { select.value = 'control'; select.dispatchEvent(new Event('change', {bubbles: true})); })
      (document.getElementById('share-access'))""")
    view.until(f"/viewer#ticket=control$/.test({link})")
    assert mock.received("ticket") == [{"access": "watch", "seconds": 300}, {"access": "control", "seconds": 300}]


def test_share_where_nobody_logs_in(view: Page, mock: Mock) -> None:
    view.js("document.getElementById('deed-share').click()")
    view.until("document.getElementById('share-link').value === location.href")
    assert "Nobody logs in" in view.js(f"{MODAL}.textContent")


# ---- files


def test_a_page_asks_for_a_file(view: Page, mock: Mock, tmp_path: Path) -> None:
    chosen = tmp_path / "photo of a cat.txt"
    chosen.write_text("miaow")
    mock.emit("file", {"id": "f1", "multiple": False, "accept": ".txt"})
    view.until(MODAL)
    view.js(PRESS, "Hand over")
    view.until("/Choose one first/.test(document.querySelector('.modal').textContent)")
    view.driver.find_element(By.CSS_SELECTOR, ".modal input[type=file]").send_keys(str(chosen))
    view.js(PRESS, "Hand over")
    (form,) = mock.expect("upload")
    assert b'filename="photo of a cat.txt"' in form
    assert b"miaow" in form
    view.until(f"!{MODAL}")
    mock.emit("file", {"id": "f2", "multiple": True, "accept": ""})
    view.until(MODAL)
    mock.emit("file:closed", {"id": "f2"})  # somebody else has answered, or the page is gone
    view.until(f"!{MODAL}")
