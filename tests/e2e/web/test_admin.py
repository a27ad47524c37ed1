"""The operator's page, on what GET /api/admin/overview answers."""

from __future__ import annotations

from selenium.webdriver.common.by import By

from .answers import overview
from .conftest import Page
from .mock import Mock

# What the page counts: name -> value.
FACTS = """Array.from(document.querySelectorAll('dt')).reduce(function (facts, name) {
  facts[name.textContent] = name.nextSibling.textContent;
  return facts;
}, {})"""


def test_operator(page: Page, mock: Mock) -> None:
    mock.overview = overview()
    page.driver.get(f"{mock.url}/admin")
    page.until("document.querySelector('.session')")
    words = page.js("document.body.innerText")
    for wanted in ("Harbour weather", "ann", "1.2 MB/s", "38%", "xserver", "Sessions refused: full"):
        assert wanted in words
    facts = page.js(FACTS)
    assert facts["Restarts"] == "5browsers, encoders, egress"
    assert [facts[f"{who} started again"] for who in ("Browsers", "Encoders", "Egress")] == ["1", "0", "4"]
    page.js("document.querySelector('[aria-label=\"Message to all of kitchen\"]').click()")
    page.driver.find_element(By.CSS_SELECTOR, ".modal input").send_keys("We restart at 3.\n")
    assert mock.expect("admin") == [("session/kitchen/message", {"message": "We restart at 3."})]
    page.until("document.getElementById('told').textContent === 'Told 1 viewer.'")
    page.js("document.querySelector('[aria-label=\"Disconnect ann\"]').click()")
    page.driver.find_element(By.CSS_SELECTOR, ".modal [type=submit]").click()
    assert mock.expect("admin", 2)[1] == ("viewer/v1/disconnect", {})
    page.js("document.querySelector('[aria-label=\"End kitchen\"]').click()")
    page.driver.find_element(By.CSS_SELECTOR, ".modal [type=submit]").click()
    assert mock.expect("admin", 3)[2] == ("session/kitchen/end", {})
    mock.overview = mock.overview | {"sessions": []}
    page.until("!document.getElementById('empty').hidden")


def test_without_the_scope(page: Page, mock: Mock) -> None:
    page.driver.get(f"{mock.url}/admin")  # the mock answers 403
    page.until("!document.getElementById('login').hidden")
    assert page.js("document.getElementById('overview').hidden")
    page.driver.find_element(By.ID, "token").send_keys("no-good\n")
    page.until("/lacks the scope/.test(document.getElementById('login-problem').textContent)")
