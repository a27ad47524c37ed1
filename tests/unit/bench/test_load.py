"""The light viewer takes messages apart however the network cuts them."""

from __future__ import annotations

import socket
import struct

import msgspec
import pytest

from bench.load import TAIL, Plan, Viewer, Watch


def frame_message(seq: int, size: int, timestamp: int = 1000) -> bytes:
    body = b'42["frame",{"image":"' + b"A" * size + b'","timestamp":%d,"size":%d,"seq":%d,"width":1}]' % (timestamp, size, seq)
    head = struct.pack("!BBH", 0x81, 126, len(body)) if len(body) < 65536 else struct.pack("!BBQ", 0x81, 127, len(body))
    return head + body


def text_message(text: str) -> bytes:
    return struct.pack("!BB", 0x81, len(text)) + text.encode()


def connected(sample: int = 0) -> tuple[Viewer, socket.socket]:
    """A viewer, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # The answer waits in the viewer's socket before it asks: accept needs no thread.
        original = socket.create_connection

        def answered(*arguments: object) -> socket.socket:
            end = original(*arguments)  # type: ignore[arg-type]
            accepted.append(listener.accept()[0])
            accepted[0].sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            return end

        accepted: list[socket.socket] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "create_connection", answered)
            viewer = Viewer(Plan(address, [], 1.0, sample=sample), Watch("s", 30), [100])
    viewer.go()
    return viewer, accepted[0]


@pytest.mark.parametrize("cut", [1, 7, 1000, 10**6])
def test_messages_cut_anywhere(cut: int) -> None:
    viewer, server = connected()
    data = b"".join(
        [text_message("0{}"), frame_message(1, 500), text_message("2"), frame_message(2, 70_000), frame_message(2, TAIL)]
    )
    with server, viewer.socket:
        for begin in range(0, len(data), cut):
            server.sendall(data[begin : begin + cut])
            viewer.receive()
        while len(viewer.seen.seqs) < 3:
            viewer.receive()
    assert viewer.seen.seqs == [1, 2, 2]
    assert viewer.seen.backwards == 1
    assert viewer.seen.jpeg_bytes == 500 + 70_000 + TAIL
    assert viewer.seen.wire_bytes == sum(len(frame_message(*frame)) for frame in ((1, 500), (2, 70_000), (2, TAIL))) - 4 - 10 - 4


def test_every_so_many_is_kept_whole() -> None:
    viewer, server = connected(sample=2)
    with server, viewer.socket:
        for seq in range(1, 5):
            server.sendall(frame_message(seq, 3000))
        while len(viewer.seen.seqs) < 4:
            viewer.receive()
    assert viewer.seen.kept == [(2, "A" * 3000), (4, "A" * 3000)]


def test_a_server_that_closes_is_an_error() -> None:
    viewer, server = connected()
    with viewer.socket:
        server.recv(65536)  # or the kernel would reset it
        server.close()
        with pytest.raises(ConnectionError, match="closed"):
            viewer.receive()


def test_a_plan_goes_through_json() -> None:
    plan = Plan("http://x", [Watch("s", 30, 50)], 5.0)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
