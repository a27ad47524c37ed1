"""A newcomer's walk: a clean clone, README's commands in a fresh virtual environment, then the document's examples.

    .venv/bin/python .ci/walk.py

The commands are read out of README.md, docs/examples/document/README.md and docs/protocol.md of the clone and run as they stand
there, so that the walk cannot differ from what a reader is told. Python's clients run in an environment of their own, with what
they are said to want. It says each step, and fails with the step's name.

What may differ, and is said when it does: where something else has port 5000, the addresses name another one; and where
example.com cannot be reached, the server has to say so in a sentence, and a page of this machine is shown in its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from walking import PATIENCE, Failed, hold, open_browser, running, step, until  # noqa: E402

from bench import site as bench_site  # noqa: E402

SOCKET_IO = ROOT / "build/clients/node_modules/socket.io-client-4.5.4/dist/socket.io.min.js"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NO_SCREEN = {"PATH": "/nonexistent"}  # where no program is found that shows pictures, which the Python client wants for each
PNG = b"\x89PNG"
DOCUMENT = "docs/examples/document/README.md"
INSTALLING = 400.0  # seconds for what fetches packages
PAGE = """<!doctype html><meta charset="utf-8"><img id="browser-view"><script src="{client}"></script><script>
  var heard = [], plain = io;
  io = function (address) {{
    var socket = plain(address);
    socket.onAny(function (name, data) {{ heard.push([name, data]); }});
    return socket;
  }};
</script><script>{script}</script>"""
HEARD = "return heard.filter(function (one) { return one[0] !== 'frame'; })"
VIEWED = "return document.getElementById('picture').width"
SHOWN = "return document.getElementById('browser-view').naturalWidth"


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    hold(found, f"there is no section {heading!r}")
    assert found is not None
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


@dataclass
class Walk:
    """`clone`: the checkout; `scratch`: an empty folder; `port` of the server; `site`: pages of this machine."""

    clone: Path
    scratch: Path
    port: int
    site: str

    def text(self, path: str) -> str:
        """A file of the clone, with the port that is free."""
        return (self.clone / path).read_text().replace(":5000", f":{self.port}")

    def environment(self) -> dict[str, str]:
        """A newcomer's; `null` is the origin of a page that is a file."""
        ours = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")}
        return ours | {"CORS_ORIGINS": "null", **({"PORT": str(self.port)} if self.port != 5000 else {})}

    def shell(self, command: str, *, folder: Path | None = None, seconds: float = PATIENCE) -> str:
        """What a command says that has to end, and well."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder or self.scratch,
            env=self.environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
        hold(done.returncode == 0, f"`{command.strip()}` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def rest(self, command: str) -> dict[str, Any]:
        """What the server answers to a curl, which has to be a success."""
        answer: dict[str, Any] = json.loads(self.shell(command))
        hold(answer.get("success"), f"`{command.strip()}` got {answer}")
        return answer

    def load(self, command: str) -> None:
        """A curl that loads example.com; in its place, where that cannot be reached, a page of this machine."""
        answer = json.loads(self.shell(command))
        if not answer.get("success"):
            hold(answer.get("code") == "load_failed", f"`{command.strip()}` got {answer}")
            print(f"walk:   (the server says: {answer['error']} A page of this machine is shown instead.)", flush=True)
        self.rest(command.replace("https://example.com", f"{self.site}/canvas.html"))


def commands_of(readme: str) -> list[str]:
    """What README's first section says to type."""
    return [line.split("  #")[0].strip() for line in section(readme, "Start").splitlines() if line.startswith("    ")]


def doctor(walk: Walk) -> None:
    hold("`make doctor`" in walk.text("README.md"), "README does not name it")
    said = walk.shell("make doctor", folder=walk.clone, seconds=INSTALLING)
    lines = [line for line in said.splitlines() if line]
    hold(len(lines) > 5 and all(line.startswith("ok ") for line in lines), f"not all of it is well:\n{said}")


def first_session(walk: Walk, browser: webdriver.Chrome) -> None:
    """README's: by curl, in a page of one's own, and in the viewer."""
    told = section(walk.text("README.md"), "A first session")
    create, load, frame, close = blocks(told, "bash")[0].split("\n\n")
    walk.rest(create)
    walk.load(load)
    walk.shell(frame)
    hold((walk.scratch / "frame.png").read_bytes().startswith(PNG), "frame.png is no PNG")
    in_a_page(walk, browser, blocks(told, "javascript")[0])
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.execute_script(SHOWN) > 100)
    browser.get(f"http://127.0.0.1:{walk.port}")
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".go[href*='/viewer']"))
    browser.find_element(By.CSS_SELECTOR, ".go[href*='/viewer']").click()
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.execute_script(VIEWED) > 100)
    walk.rest(close)


def document_in_a_page(walk: Walk, browser: webdriver.Chrome) -> None:
    told = walk.text(DOCUMENT)
    create, load = blocks(told, "bash")[:2]
    client, *tuning, monitor = blocks(told, "javascript")
    walk.rest(create)
    walk.load(load)
    in_a_page(walk, browser, client)
    inputs: list[tuple[str, dict[str, Any]]] = [("input:acknowledged", {"type": kind}) for kind in ("click", "scroll", "text")]
    settings: list[tuple[str, dict[str, Any]]] = [
        ("subscribed", {"session_id": "threadx_session"}),
        ("quality:updated", {"quality": 75}),
        ("fps:updated", {"fps": 30}),
        ("adaptive:updated", {"enabled": True}),
        ("unsubscribed", {}),
    ]
    hear(browser, inputs + settings)
    again = next(line for line in client.splitlines() if line.startswith("socket.emit('subscribe'"))
    browser.execute_script(monitor)
    browser.execute_script(again)
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.execute_script(SHOWN) > 100)
    for script in tuning:
        browser.execute_script(script)
    hear(browser, [("quality:updated", {"quality": 90}), ("adaptive:updated", {"enabled": False})])
    hear(browser, [("quality:updated", {"quality": 50}), ("fps:updated", {"fps": 15})])
    hold(any("Frame: " in line["message"] for line in browser.get_log("browser")), "nothing was logged of frames")  # type: ignore[no-untyped-call]


def python_of_a_client(walk: Walk) -> None:
    """A fresh environment, with what the document's clients are said to want and nothing else."""
    wanted = re.search(r"^ {4}(pip install .+)$", walk.text(DOCUMENT), re.MULTILINE)
    hold(wanted, "it does not say what to install")
    assert wanted is not None
    walk.shell(f"'{sys.executable}' -m venv client && . client/bin/activate && {wanted[1]}", seconds=INSTALLING)


def document_in_python(walk: Walk) -> None:
    told = walk.text(DOCUMENT)
    python, environment = f"{walk.scratch}/client/bin/python", walk.environment() | NO_SCREEN
    create, load, keepalive = (command.replace("threadx_session", "my_session") for command in blocks(told, "bash")[:3])
    walk.rest(create)
    walk.load(load)
    client, loop = blocks(told, "python")
    with running([python, "-u", "-c", client], environment, walk.scratch) as program:
        program.says(r"^Subscribed to my_session$")
        program.says(r"^FPS: 30(\.0)?, Quality: 75$")
        program.says(r"^Frame \d+: \d+ bytes$")
        hold(program.interrupt(again=True) == 0, "Ctrl+C did not end it well:\n" + "".join(program.lines[-15:]))
    walk.rest(keepalive)
    with running([python, "-u", "-c", loop + "thread.join()"], environment, walk.scratch) as program:
        program.says(r"^Keepalive sent for my_session$")


def document_by_polling(walk: Walk) -> None:
    loop, data = blocks(walk.text(DOCUMENT), "bash")[3:5]
    frame = walk.scratch / "frame.png"
    frame.write_bytes(b"")
    with running(["bash", "-c", loop], walk.environment(), walk.scratch):
        until(lambda: frame.read_bytes().startswith(PNG), "a PNG")
        was = frame.stat().st_mtime_ns
        until(lambda: frame.stat().st_mtime_ns != was, "another one")
    answer = walk.rest(data)
    hold(answer["format"] == "png" and len(answer["frame"]) > 100, f"it got {answer}")


def bare_websocket(walk: Walk) -> None:
    """The document's probe is no Engine.IO; the one that the protocol's description names is."""
    probe = blocks(walk.text(DOCUMENT), "bash")[5]
    said = walk.shell(probe)
    hold(said.startswith("HTTP/1.1 400"), f"it did not answer 400:\n{said}")
    told = [
        line for line in section(walk.text("README.md"), "When something is wrong").splitlines() if "curl answers 400" in line
    ]
    hold(told and "EIO=4" in told[0], "README's troubleshooting does not say what Engine.IO wants")
    right = next(block for block in blocks(walk.text("docs/protocol.md"), "bash") if "EIO=4" in block)
    with running(["bash", "-c", right], walk.environment(), walk.scratch) as program:
        program.says(r"HTTP/1\.1 101 ")


def in_a_page(walk: Walk, browser: webdriver.Chrome, script: str) -> None:
    """A script, in a page that has the Socket.IO client and an `<img>`."""
    page = walk.scratch / "page.html"
    page.write_text(PAGE.format(client=SOCKET_IO.as_uri(), script=script))
    browser.get(page.as_uri())


def hear(browser: webdriver.Chrome, wanted: list[tuple[str, dict[str, Any]]]) -> None:
    """Wait until the page has heard of these events, with these fields."""
    for name, fields in wanted:
        until(
            lambda name=name, fields=fields: any(  # type: ignore[misc]
                heard[0] == name and fields.items() <= (heard[1] or {}).items() for heard in browser.execute_script(HEARD)
            ),
            f"{name} {fields}; heard were {browser.execute_script(HEARD)}",
        )


def free_port() -> int:
    """The document's, or another one where that is taken."""
    for port in (5000, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise Failed("no port is free")


def main() -> None:
    port = free_port()
    if port != 5000:
        print(f"walk: something has port 5000, so the commands name {port} in its place", flush=True)
    with tempfile.TemporaryDirectory(prefix="walk-") as folder, bench_site.serve() as site:
        walk = Walk(Path(folder) / "jiomosa", Path(folder), port, site)
        with step("clone"):
            walk.shell(f"git clone --quiet '{ROOT}' '{walk.clone}'")  # what is committed, and nothing else
            commands = commands_of(walk.text("README.md"))
            hold(commands == ["make serve", "make test"], f"README begins with {commands}, which this walk does not know")
        with step("make doctor, which installs"):
            doctor(walk)
        serve, _ = commands  # `make test` is what .ci/run ends with
        with running(["bash", "-c", serve], walk.environment(), walk.clone) as server:
            with step(serve):
                server.says(rf"serving\b.*:{port}")
            with open_browser() as browser:
                with step("README's first session"):
                    first_session(walk, browser)
                with step("the document's session, in a page"):
                    document_in_a_page(walk, browser)
            with step("pip install, as the document's clients want it"):
                python_of_a_client(walk)
            with step("the document's session, in Python"):
                document_in_python(walk)
            with step("the document's polling"):
                document_by_polling(walk)
            with step("the document's WebSocket probe"):
                bare_websocket(walk)
            with step("Ctrl+C"):
                server.interrupt()
                hold(any("stopped" in line for line in server.lines), "".join(server.lines[-5:]))


if __name__ == "__main__":
    main()
