"""A server with a login: who gets in, whose session is whose, what a ticket opens, and what happens when its time is up."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import psutil
import pytest
import requests
import socketio
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from api.tokens import mint
from bench.server import Server, run
from engine.settings import Settings
from tests.e2e.test_clients import browser  # noqa: F401  # a fixture

SECRET = "for tests alone, and long enough to be taken"
METRICS = "what only the scraper of these tests has"
PUBLIC = {"/", "/docs", "/web/<path:name>", "/health", "/ready", "/api/info", "/openapi.json", "/api/session/<id>/viewer"}
USER = "session:create session:watch session:control"


def token(sub: str, scope: str = USER, seconds: float = 600) -> str:
    return mint(Settings(auth_secret=SECRET), sub, scope, seconds)


def ask(server: Server, who: str | None, method: str, path: str, body: Any = None) -> requests.Response:
    headers = {} if who is None else {"Authorization": f"Bearer {who}"}
    return requests.request(method, server.address + path, json=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def revoked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of what is not valid any more."""
    path = tmp_path_factory.mktemp("login") / "revoked"
    path.write_text("")
    return path


@pytest.fixture(scope="module")
def guarded(revoked: Path) -> Iterator[Server]:
    settings: dict[str, Any] = {"auth_secret": SECRET, "auth_revoked": revoked, "metrics_token": METRICS}
    with run(**settings, encoders=1, request_rate=0, log_level="debug") as server:
        yield server


@pytest.fixture(scope="module")
def anns(guarded: Server, site: str) -> str:
    """A session of ann's."""
    body = {"session_id": "anns", "width": 320, "height": 240, "url": f"{site}/still.html"}
    assert ask(guarded, token("ann"), "POST", "/api/session/create", body).status_code == 201
    return "anns"


def connected(server: Server, auth: Any) -> tuple[socketio.Client, list[Any]]:
    told: list[Any] = []
    client = socketio.Client(reconnection=False)
    client.on("*", lambda event, *data: told.append((event, *data)))
    client.connect(server.address, auth=auth, transports=["websocket"])
    return client, told


def until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def endpoints(server: Server) -> list[tuple[str, str]]:
    paths = ask(server, None, "GET", "/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_no_endpoint_is_open_but_those_that_are_meant_to_be(guarded: Server, anns: str) -> None:
    found = [(method, path) for method, path in endpoints(guarded) if path not in PUBLIC]
    assert len(found) > 10
    for method, path in found:
        for who in (None, "nonsense", token("ann")[:-3] + "xxx"):
            answer = ask(guarded, who, method, path.replace("{id}", anns), {})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/", "/docs", "/health", "/ready", "/api/info", "/openapi.json", "/asyncapi.json"):
        assert ask(guarded, None, "GET", path).status_code == 200


def test_the_session_of_another_is_not_there(guarded: Server, anns: str) -> None:
    bob = token("bob")
    for method, path in endpoints(guarded):
        if path.startswith("/api/admin/"):
            assert ask(guarded, bob, method, path.replace("{id}", anns), {"message": "x"}).status_code == 403, path
        elif "{id}" in path:
            body = {"url": "http://x/", "access": "watch"}
            taken = ask(guarded, bob, method, path.replace("{id}", anns), body)
            missing = ask(guarded, bob, method, path.replace("{id}", "none"), body)
            assert (taken.status_code, missing.status_code) == (404, 404), (method, path)
            assert taken.json()["error"] == missing.json()["error"].replace("none", anns)
    assert ask(guarded, bob, "GET", "/api/sessions").json()["sessions"] == []
    assert len(ask(guarded, token("ann"), "GET", "/api/sessions").json()["sessions"]) == 1
    assert len(ask(guarded, token("root", "admin"), "GET", "/api/sessions").json()["sessions"]) == 1
    client, told = connected(guarded, {"token": bob})
    client.emit("subscribe", {"session_id": anns})
    until(lambda: told)
    assert told[0][1]["code"] == "not_found"
    client.disconnect()


def test_metrics_are_for_operators_and_their_scraper(guarded: Server) -> None:
    for who, status in (
        *((None, 401), ("nonsense", 401), (METRICS[:-1], 401), (token("ann"), 403)),
        *((METRICS, 200), (token("root", "admin"), 200)),
    ):
        assert ask(guarded, who, "GET", "/metrics").status_code == status, who
    assert ask(guarded, METRICS, "GET", "/api/sessions").status_code == 401, "it is good for nothing else"


def test_each_scope_is_needed(guarded: Server, anns: str) -> None:
    for scope, method, path, body in (
        ("session:create", "POST", "/api/session/create", {}),
        ("session:watch", "GET", "/api/sessions", None),
        ("session:watch", "GET", f"/api/session/{anns}/frame", None),
        ("session:control", "POST", f"/api/session/{anns}/load", {"url": "http://x/"}),
        ("session:control", "POST", f"/api/session/{anns}/close", None),
        ("session:control", "POST", f"/api/session/{anns}/ticket", {"access": "control"}),
    ):
        answer = ask(guarded, token("ann", USER.replace(scope, "")), method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
        assert scope in answer.json()["error"]
    client, told = connected(guarded, {"token": token("ann", "session:watch")})
    client.emit("subscribe", {"session_id": anns})
    client.emit("input:click", {"x": 1, "y": 1})
    until(lambda: any(event == "error" for event, *_ in told))
    assert [data["code"] for event, *(data,) in told if event == "error"] == ["forbidden"]
    client.disconnect()


@pytest.mark.parametrize("auth", [None, {}, {"token": "nonsense"}, {"token": 5}, {"token": None}, "token"])
def test_socket_io_lets_nobody_in_without_a_token(guarded: Server, auth: Any) -> None:
    refused: list[Any] = []
    client = socketio.Client(reconnection=False)
    client.on("connect_error", refused.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(guarded.address, auth=auth, transports=["websocket"])
    assert refused[0]["data"] == {"code": "unauthorized", "status": 401}
    assert refused[0]["message"].endswith(".")


def test_whose_token_expires_is_told_and_let_go(guarded: Server, anns: str) -> None:
    leeway = Settings().auth_leeway
    short = token("ann", seconds=2 - leeway)
    client, told = connected(guarded, {"token": short})
    client.emit("subscribe", {"session_id": anns})
    path = f"/api/session/{anns}/stream.mjpeg"
    with requests.get(guarded.address + path, headers={"Authorization": f"Bearer {short}"}, stream=True, timeout=10) as stream:
        assert b"JFIF" in b"".join(iter(lambda: stream.raw.read1(), b"")), "it ends by itself"
    until(lambda: not client.connected)
    assert [data["code"] for event, *(data,) in told if event == "error"] == ["token_expired"]
    assert "frame" in [event for event, *_ in told]


def test_whose_token_is_revoked_is_told_and_let_go_and_nobody_else(guarded: Server, anns: str, revoked: Path) -> None:
    lost, kept = token("ann"), token("ann")
    client, told = connected(guarded, {"token": lost})
    other, told_other = connected(guarded, {"token": kept})
    for each in (client, other):
        each.emit("subscribe", {"session_id": anns})
    path = f"/api/session/{anns}"
    headers = {"Authorization": f"Bearer {lost}"}
    with (
        ThreadPoolExecutor() as pool,
        requests.get(f"{guarded.address}{path}/stream.mjpeg", headers=headers, stream=True, timeout=20) as stream,
    ):
        headers["If-None-Match"] = ask(guarded, lost, "GET", f"{path}/frame.jpg").headers["ETag"]
        waiting = pool.submit(requests.get, f"{guarded.address}{path}/frame.jpg?wait=20", headers=headers, timeout=30)
        until(lambda: "frame" in [event for event, *_ in told])
        assert not waiting.done()
        revoked.write_text(f"jti {jwt.decode(lost, options={'verify_signature': False})['jti']}\n")
        assert b"JFIF" in b"".join(iter(lambda: stream.raw.read1(), b"")), "it ends by itself"
        answer = waiting.result()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    until(lambda: not client.connected)
    assert [data["code"] for event, *(data,) in told if event == "error"] == ["token_revoked"]
    assert ask(guarded, lost, "GET", f"{path}/info").json()["code"] == "token_revoked"
    assert ask(guarded, kept, "GET", f"{path}/info").status_code == 200
    assert other.connected
    assert "error" not in [event for event, *_ in told_other]
    other.disconnect()


def test_a_ticket_opens_one_session_and_no_more(guarded: Server, anns: str) -> None:
    made = ask(guarded, token("ann"), "POST", f"/api/session/{anns}/ticket", {"seconds": 60})
    assert made.status_code == 201
    ticket = made.json()["ticket"]
    assert made.json()["viewer_url"] == f"{guarded.address}/api/session/{anns}/viewer#ticket={ticket}"
    for name in ("frame", "frame.jpg", "frame/data"):
        assert ask(guarded, None, "GET", f"/api/session/{anns}/{name}?ticket={ticket}").status_code == 200
        assert ask(guarded, None, "GET", f"/api/session/{anns}/{name}?ticket={token('ann')}").status_code == 401
    assert ask(guarded, None, "GET", f"/api/session/{anns}/info?ticket={ticket}").status_code == 401
    assert ask(guarded, ticket, "GET", f"/api/session/{anns}/info").status_code == 200
    assert ask(guarded, ticket, "POST", f"/api/session/{anns}/close").status_code == 403
    assert ask(guarded, ticket, "POST", f"/api/session/{anns}/ticket", {}).status_code == 403
    assert ask(guarded, ticket, "POST", "/api/session/create", {}).status_code == 403
    assert ask(guarded, ticket, "GET", "/api/session/other/info").status_code == 404
    client, told = connected(guarded, {"token": ticket})
    client.emit("subscribe", {"session_id": anns})
    client.emit("input:click", {"x": 1, "y": 1})
    until(lambda: any(event == "error" for event, *_ in told))
    assert [data["code"] for event, *(data,) in told if event == "error"] == ["forbidden"]
    client.disconnect()


def test_the_pages_work_with_a_token_and_with_a_ticket(
    browser: Any,  # noqa: F811
    guarded: Server,
    anns: str,
) -> None:
    def wait(script: str) -> None:
        WebDriverWait(browser, 15, poll_frequency=0.05).until(lambda _: browser.execute_script(f"return {script}"), script)

    live = "document.getElementById('badge').textContent === 'WebSocket' && document.getElementById('picture').width === 320"
    browser.get(f"{guarded.address}/api/session/{anns}/viewer")
    wait("document.getElementById('notice-title').textContent === 'You are not logged in'")
    browser.get(guarded.address)
    wait("!document.getElementById('login').hidden")
    browser.find_element(By.ID, "token").send_keys("nonsense\n")
    wait("/not valid/.test(document.getElementById('login-problem').textContent)")
    browser.find_element(By.ID, "token").clear()
    browser.find_element(By.ID, "token").send_keys(token("ann") + "\n")
    wait("document.getElementById('login').hidden && document.querySelector('.session a')")
    browser.find_element(By.CSS_SELECTOR, ".session a").click()
    wait(live)

    browser.execute_script("sessionStorage.clear()")
    shared = ask(guarded, token("ann"), "POST", f"/api/session/{anns}/ticket", {}).json()["viewer_url"]
    browser.get("about:blank")
    browser.get(shared)
    wait(live)
    assert re.fullmatch(r"http://[^#?]*/viewer", browser.current_url), "it stays in the address"
    browser.refresh()
    wait(live)
    browser.execute_script("sessionStorage.clear()")
    browser.get("about:blank")


def test_the_secret_does_not_get_into_a_browser(guarded: Server, anns: str) -> None:
    shown = []
    for child in psutil.Process(guarded.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # a sandboxed one shows its environment to root alone
            shown.append((child.environ(), child.cmdline()))
    assert len(shown) > 3
    assert not [one for one in shown if SECRET in str(one)]


def test_the_log_tells_what_happened_and_no_secret(guarded: Server, anns: str, site: str) -> None:
    """Of all that the tests above did, and of what a person types and opens; at the level that tells most."""
    ann = token("ann")
    with pytest.raises(socketio.exceptions.ConnectionError):
        connected(guarded, {"token": ann[:-3] + "xxx"})
    client, told = connected(guarded, {"token": ann})
    client.emit("subscribe", {"session_id": anns})
    secret_address = f"{site.replace('://', '://ann:hunter2@')}/form.html?code=hunter2#hunter2"
    assert ask(guarded, ann, "POST", f"/api/session/{anns}/load", {"url": secret_address}).status_code == 200
    client.emit("input:text", {"text": "hunter2"})
    client.emit("input:key", {"key": "hunter2"})
    assert ask(guarded, ann, "POST", f"/api/session/{anns}/load", {"url": "http://ann:hunter2@127.0.0.1:9/"}).status_code == 502
    until(lambda: [data["type"] for event, data in told if event == "input:acknowledged"] == ["text"])
    sid = client.get_sid()
    client.disconnect()
    until(lambda: any("viewer disconnected" in line and sid in line for line in guarded.log))
    log = "\n".join(guarded.log)
    for line in ("session started", "viewer connected", "viewer subscribed", "viewer refused", "page loaded", "page not loaded"):
        assert line in log
    assert f"url={site}/form.html" in log
    for secret in ("hunter2", "eyJ", SECRET):
        assert secret not in log


def test_floods_from_one_address_behind_a_proxy_or_not() -> None:
    settings: dict[str, Any] = {
        "auth_secret": SECRET,
        "request_rate": 5,
        "connections": 2,
        "input_rate": 20,
        "trusted_proxies": "127.0.0.1",
    }
    with run(encoders=1, **settings) as server:

        def get(address: str) -> int:
            return requests.get(f"{server.address}/health", headers={"X-Forwarded-For": address}, timeout=10).status_code

        codes = [get("192.0.2.1") for _ in range(30)]
        assert codes[0] == 200
        assert codes[-1] == 429
        assert get("192.0.2.2") == 200, "another address"
        assert get("192.0.2.1, 192.0.2.3") == 200, "what a client says of itself before the proxy is not believed"
        time.sleep(1)  # that this address may ask again
        client, told = connected(server, {"token": token("ann")})
        for _ in range(200):
            client.emit("input:click", {"x": 1, "y": 1})
        client.emit("nonsense")
        until(lambda: "too_many" in [data["code"] for _, data in told])
        events = [data["code"] for _, data in told]
        assert events.count("too_many") == 1
        assert 40 <= events.count("not_subscribed") < 100
        more, _ = connected(server, {"token": token("ann")})
        with pytest.raises(socketio.exceptions.ConnectionError):
            connected(server, {"token": token("ann")})
        client.disconnect()
        more.disconnect()
