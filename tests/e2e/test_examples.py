"""docs/examples: each is compiled, run or opened as its readers would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from bench.server import Server
from tests.e2e.test_clients import ROOT, browser  # noqa: F401  # a fixture

EXAMPLES = ROOT / "docs" / "examples"
CDN = "https://cdn.socket.io/4.5.4/socket.io.min.js"
DOCUMENT = "http://localhost:5000"
NO_SCREEN = """
import os, PIL.Image
shown = []
def show(picture):
    shown.append(picture.size)
    if len(shown) >= 5:  # each frame has a thread of its own
        print(shown[0], flush=True)
        os._exit(0)
PIL.Image.Image.show = show
"""


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C client."""
    folder = tmp_path_factory.mktemp("c")
    shutil.copytree(EXAMPLES / "c", folder, dirs_exist_ok=True)
    for target in ("main", "netx"):
        made = subprocess.run(["make", target], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert made.returncode == 0, made.stderr
        assert "warning" not in made.stderr
    return folder / "main"


@pytest.mark.parametrize("way", ["stream", "poll"])
def test_the_c_client_shows_pictures(
    device: Path, server: Server, session: str, load: Callable[[str], None], way: str, tmp_path: Path
) -> None:
    load("/canvas.html")
    where = urlsplit(server.address)
    command = [str(device), str(where.hostname), str(where.port), session, way, "5", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    for line in lines:
        found = re.fullmatch(r"picture \d: (\d+) bytes(?:, 320x240, (\d+) pixels lit)?", line)
        assert found is not None, line
        assert found[2] is None or int(found[2]) > 1000
    pictures = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    assert len(set(pictures)) == 5, "each is another one"
    assert all(picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9" for picture in pictures)
    nobody = subprocess.run([*command[:3], "none"], capture_output=True, timeout=30, check=False)
    assert nobody.stderr == b"the server answered 404\n"


def test_the_documents_python_client_verbatim(server: Server, session: str, load: Callable[[str], None]) -> None:
    load("/canvas.html")
    text = (EXAMPLES / "document" / "client.py").read_text()
    text = text.replace(DOCUMENT, server.address).replace("my_session", session)
    # There is no screen to show on: it ends once it has shown five pictures.
    command = [sys.executable, "-u", "-c", NO_SCREEN + text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Subscribed to {session}" in done.stdout
    assert re.search(r"Frame \d+: \d+ bytes", done.stdout)
    assert "(800, 600)" in done.stdout


def test_following_a_page_with_the_client_package(server: Server, site: str, tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "python" / "follow.py"), f"{site}/scroll.html", str(tmp_path)]
    environment = os.environ | {"JIOMOSA_SERVER": server.address}
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "480x272" in done.stdout
    assert len(list(tmp_path.iterdir())) >= 2


def shows(browser: webdriver.Chrome, name: str, width: int) -> None:  # noqa: F811
    """Wait until the `<img>` shows a picture of that width."""
    script = f"return document.getElementById('{name}').naturalWidth"
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(script) == width)


def test_the_documents_page_verbatim(
    browser: webdriver.Chrome,  # noqa: F811
    server: Server,
    session: str,
    load: Callable[[str], None],
    tmp_path: Path,
) -> None:
    load("/canvas.html")
    client = ROOT / "build/clients/node_modules/socket.io-client-4.5.4/dist/socket.io.min.js"
    text = (EXAMPLES / "document" / "client.html").read_text()
    assert CDN in text
    text = text.replace(CDN, client.as_uri()).replace(DOCUMENT, server.address).replace("threadx_session", session)
    (tmp_path / "client.html").write_text(text)
    browser.get((tmp_path / "client.html").as_uri())
    shows(browser, "browser-view", 800)
    browser.get("about:blank")


def test_the_android_page(
    browser: webdriver.Chrome,  # noqa: F811
    server: Server,
    session: str,
    load: Callable[[str], None],
) -> None:
    """From a file, as an asset of an app is, by the app's own address: its origin is `null`, which the server lets in."""
    load("/click.html")
    browser.set_window_size(500, 700)
    opened = re.search(r'loadUrl\("file:///android_asset(/.*)"\)', (EXAMPLES / "android" / "MainActivity.kt").read_text())
    assert opened is not None
    address = opened[1].replace("$server", quote(server.address, safe="")).replace("my_session", session)
    browser.get((EXAMPLES / "android").as_uri() + address)
    width = "return document.getElementById('view').naturalWidth"
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(width) > 100)
    assert browser.find_element(By.ID, "note").text == ""
    before = server.get(f"/api/session/{session}/info")["newest_seq"]
    browser.execute_script(
        """
        const view = document.getElementById('view'), box = view.getBoundingClientRect();
        const touch = new Touch({identifier: 1, target: view, clientX: box.left + 60, clientY: box.top + 60});
        for (const name of ['touchstart', 'touchend'])
          view.dispatchEvent(new TouchEvent(name, {changedTouches: [touch], cancelable: true}));
        """
    )
    WebDriverWait(browser, 10).until(lambda _: server.get(f"/api/session/{session}/info")["newest_seq"] > before)
    browser.get("about:blank")


def test_the_kaios_app_begins_with_its_page() -> None:
    manifest = json.loads((EXAMPLES / "kaios" / "manifest.webapp").read_text())
    page = EXAMPLES / "kaios" / manifest["launch_path"].removeprefix("/")
    scripts = re.findall(r'src="([\w.]+\.js)"', page.read_text())
    assert scripts
    assert all((page.parent / script).exists() for script in scripts)
    assert {"name", "description", "type", "developer"} <= set(manifest)


def test_the_kaios_page(
    browser: webdriver.Chrome,  # noqa: F811
    server: Server,
    session: str,
    load: Callable[[str], None],
    title_becomes: Callable[[str], bool],
) -> None:
    load("/form.html")
    page = (EXAMPLES / "kaios" / "index.html").as_uri()
    browser.get(f"{page}?server={quote(server.address, safe='')}&session={session}")
    shows(browser, "view", 240)
    assert browser.execute_script("return [document.body.offsetWidth, document.body.offsetHeight]") == [240, 320]
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.ARROW_UP * 8)
    pointer = browser.find_element(By.ID, "pointer")
    assert pointer.value_of_css_property("top") == "49px", "above the text area"
    body.send_keys(Keys.ENTER)
    body.send_keys(Keys.F1)
    browser.switch_to.active_element.send_keys("hello", Keys.ENTER)
    assert title_becomes('area "hello"')
    browser.get("about:blank")
