"""The Socket.IO client of the pages, in a real browser against python-socketio."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from .answers import WEB
from .conftest import Page
from .mock import Mock

Run = Callable[..., Any]
# Sends an echo with all sorts of characters, then asks for binary attachments, then reports.
CONVERSATION = """
  socket.on('connect', function () { socket.emit('echo', {text: 'ä€𝒳\\u001e"\\\\', n: [1, null, 2.5]}); });
  socket.on('echo', function (data) { log.push(data); socket.emit('binary'); });
  socket.on('binary', function (data) {
    var text = function (buffer) { return Array.prototype.slice.call(new Uint8Array(buffer)); };
    done({echo: log[0], first: text(data.first), n: data.n, list: text(data.list[0]), transport: socket.transport});
  });"""


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_conversation(mock: Mock, connected: Run, transport: str) -> None:
    result = connected(mock, f"var socket = Jiomosa.connect('', {{transports: ['{transport}']}});" + CONVERSATION)
    assert result["echo"] == {"text": 'ä€𝒳\x1e"\\', "n": [1, None, 2.5]}
    assert bytes(result["first"]) == b"\x00\xffone"
    assert bytes(result["list"]) == b"two"
    assert (result["n"], result["transport"]) == (7, transport)
    assert ("websocket" in mock.transports) == (transport == "websocket")
    assert ("http" in mock.transports) == (transport == "polling")


def test_upgrade_neither_loses_nor_doubles(mock: Mock, connected: Run) -> None:
    result = connected(
        mock,
        """var socket = Jiomosa.connect('', {transports: ['polling', 'websocket']}), sent = 0, got = [], timer;
        socket.on('transport', function (name) { log.push(name); });
        socket.on('connect', function () { timer = setInterval(function () {
          socket.emit('echo', sent++);
          if (socket.transport === 'websocket' && log.upgradedAt === undefined) log.upgradedAt = sent;
          if (sent > log.upgradedAt + 20) { clearInterval(timer); socket.emit('echo', 'end'); }
        }, 1); });
        socket.on('echo', function (n) { if (n === 'end') done({log: log, got: got, sent: sent}); else got.push(n); });""",
    )
    assert result["log"] == ["polling", "websocket"]
    assert sorted(result["got"]) == list(range(result["sent"]))
    assert mock.received("echo")[:-1] == list(range(result["sent"]))


def test_websocket_blocked(mock: Mock, connected: Run) -> None:
    mock.websocket_blocked = True
    assert connected(mock, "var socket = Jiomosa.connect('', {});" + CONVERSATION)["transport"] == "polling"


def test_reconnects_after_restart(mock: Mock, connected: Run, page: Page) -> None:
    connected(
        mock,
        """window.log = log; window.socket = Jiomosa.connect('', {delay: 50, delayMax: 200, auth: {token: 't'}});
        ['connect', 'disconnect', 'reconnecting'].forEach(function (name) { socket.on(name, function () { log.push(name); }); });
        socket.on('connect', function () { if (log.length === 1) done(); });""",
    )
    mock.restart()
    page.until("log.filter(function (name) { return name === 'connect'; }).length === 2")
    log = page.js("log")
    assert (log[0], log[1], log[-1]) == ("connect", "disconnect", "connect")
    assert mock.received("connect") == [{"token": "t"}] * 2


def test_silent_server_is_noticed(connected: Run) -> None:
    """A server that pings once and then no more, though TCP says nothing."""
    with Mock(ping_interval=1, ping_timeout=0.2) as mock:
        result = connected(
            mock,
            """var socket, Real = WebSocket, start = Date.now();
            window.WebSocket = function (url) {
              var real = new Real(url);
              real.addEventListener('message', function (event) { if (event.data === '2') setTimeout(mute, 0); });
              function mute() { real.onmessage = null; }
              return real;
            };
            socket = Jiomosa.connect('', {transports: ['websocket']});
            socket.on('disconnect', function (reason) { socket.close(); done([reason, socket.state, Date.now() - start]); });""",
        )
    assert 2200 <= result.pop() < 3500  # a second until the ping, which is still heard, then the patience of 1.2
    assert result == ["The server has gone silent.", "closed"]


def test_refusal_is_told(mock: Mock, connected: Run) -> None:
    mock.socketio_blocked = True
    script = "var socket = Jiomosa.connect('', {}); socket.on('connect_error', function (why) { socket.close(); done(why); });"
    assert connected(mock, script) == "The server answered 403."


def test_nothing_is_sent_later(mock: Mock, connected: Run) -> None:
    """What is emitted without a connection is refused, not kept; `off` and `close` are final."""
    result = connected(
        mock,
        """var socket = Jiomosa.connect('', {}), early = socket.emit('echo', 'early'), heard = function () { log.push('heard'); };
        socket.on('echo', heard).off('echo', heard).on('echo', function (data) {
          socket.close(); done([early, data, log, socket.emit('echo', 'late'), socket.state]);
        });
        socket.on('connect', function () { socket.emit('echo', 'now'); });""",
    )
    assert result == [False, "now", [], False, "closed"]
    assert mock.received("echo") == ["now"]


@pytest.mark.parametrize("path", sorted(WEB.glob("*.js")), ids=lambda path: str(path.name))
def test_old_webviews_can_read_it(path: Any) -> None:
    """Nothing newer than ES5: one such word, and an old WebView runs nothing of the file."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*|'(?:\\.|[^'\\\n])*'", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(r"=>|`|\?\.|\?\?|\.\.\.|\b(?:let|const|class|async|await|import|export)\b", code)
