"""What scripts do with a browser over REST: history, tabs and dialogs, each answered when it has been done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from bench.client import Client
from bench.server import Server
from tests.process.echo_site import echo

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def address() -> Iterator[Callable[..., str]]:
    with echo() as make:
        yield make


@pytest.fixture
def ask(server: Server, session: str) -> Ask:
    """Ask for a path of the session: (status, JSON)."""

    def asked(method: str, path: str, **body: Any) -> tuple[int, Any]:
        answer = requests.request(method, f"{server.address}/api/session/{session}/{path}", json=body or None, timeout=60)
        return answer.status_code, answer.json()

    return asked


def page(answer: tuple[int, Any]) -> dict[str, Any]:
    status, said = answer
    assert (status, said["success"]) == (200, True), said
    shown: dict[str, Any] = said["page"]
    return shown


def tabs(answer: tuple[int, Any], status: int = 200) -> list[tuple[str, str, bool]]:
    assert answer[0] == status, answer
    return [(tab["tab"], tab["url"], tab["active"]) for tab in answer[1]["tabs"]]


def test_back_and_forward(ask: Ask, site: str, load: Callable[[str], None]) -> None:
    load("/page/one")
    load("/page/two")
    back = page(ask("POST", "back"))
    assert (back["title"], back["url"], back["loading"], back["can_go_forward"]) == ("one", f"{site}/page/one", False, True)
    forward = page(ask("POST", "forward"))
    assert (forward["title"], forward["url"]) == ("two", f"{site}/page/two")
    assert (forward["can_go_back"], forward["can_go_forward"]) == (True, False)
    status, refused = ask("POST", "forward")
    assert (status, refused["code"]) == (409, "no_history")


def test_a_page_is_loaded_anew(ask: Ask, server: Server, session: str, address: Callable[..., str]) -> None:
    counts = "<script>document.title = `shown ${sessionStorage.times = 1 + Number(sessionStorage.times || 0)}`</script>"
    loaded = server.post(f"/api/session/{session}/load", url=address(counts))
    assert loaded["page_info"]["title"] == "shown 1"
    assert page(ask("POST", "reload"))["title"] == "shown 2"


def test_loading_is_stopped(ask: Ask, site: str, session: str, client: Client) -> None:
    client.subscribe(session)
    client.emit("navigate", {"url": f"{site}/slow"})
    while not (told := client.wait_for("page").payload)["loading"] or told["title"] != "slow":
        pass
    stopped = page(ask("POST", "stop"))
    assert (stopped["url"], stopped["loading"]) == (f"{site}/slow", False)
    assert client.wait_for("error").payload["code"] == "stopped"


def test_tabs(ask: Ask, site: str, load: Callable[[str], None]) -> None:
    load("/page/one")
    ((first, _, _),) = tabs(ask("GET", "tabs"))
    opened = tabs(ask("POST", "tabs", url=f"{site}/page/two"), 201)
    second = opened[1][0]
    assert opened == [(first, f"{site}/page/one", False), (second, f"{site}/page/two", True)]
    assert tabs(ask("GET", "tabs")) == opened
    assert [active for _, _, active in tabs(ask("POST", f"tabs/{first}/activate"))] == [True, False]
    assert page(ask("POST", "reload"))["title"] == "one", "it is the shown one that is loaded anew"
    assert tabs(ask("DELETE", f"tabs/{first}")) == [(second, f"{site}/page/two", True)]
    for method, path in (("DELETE", f"tabs/{first}"), ("POST", f"tabs/{first}/activate")):
        status, refused = ask(method, path)
        assert (status, refused["code"]) == (404, "no_tab"), path
    ((_, url, active),) = tabs(ask("DELETE", f"tabs/{second}"))
    assert (url, active) == ("about:blank", True), "an empty one takes the last one's place"


def test_a_tab_whose_page_does_not_load_is_there_all_the_same(ask: Ask) -> None:
    status, refused = ask("POST", "tabs", url="http://127.0.0.1:1/")
    assert (status, refused["code"]) == (502, "load_failed")
    assert len(tabs(ask("GET", "tabs"))) == 2


def test_a_dialog_is_listed_and_answered(
    ask: Ask,
    server: Server,
    session: str,
    address: Callable[..., str],
    client: Client,
    title_becomes: Callable[[str], bool],
) -> None:
    asks = "<script>onclick = () => { document.title = `said ${prompt('Who?', 'ann')}`; }</script>"
    server.post(f"/api/session/{session}/load", url=address(asks))
    assert ask("GET", "dialogs") == (200, {"session_id": session, "dialogs": []})
    client.subscribe(session)  # what a page asks where nobody watches is dismissed at once
    client.emit("input:click", {"x": 100, "y": 100})
    id = client.wait_for("dialog").payload["id"]
    (dialog,) = ask("GET", "dialogs")[1]["dialogs"]
    assert dialog == {"id": id, "kind": "prompt", "message": "Who?", "default": "ann", "url": address(asks)}
    page(ask("POST", "dialog", id=id, accept=True, text="bob"))
    assert title_becomes("said bob")
    assert ask("GET", "dialogs")[1]["dialogs"] == []
    status, refused = ask("POST", "dialog", id=id, accept=True)
    assert (status, refused["code"]) == (404, "no_dialog")
