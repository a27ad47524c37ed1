"""Messages of a server, as they are in docs/protocol.md."""

from __future__ import annotations

import base64

from jiomosa_client.wire import Event, Frame, Reader, event_text

FIELDS = '"timestamp":1700000000500,"size":3,"seq":7,"width":320,"height":200,"quality":75'


def test_a_frame_as_text_and_as_an_attachment_is_the_same() -> None:
    reader = Reader()
    text = f'42["frame",{{"image":"{base64.b64encode(b"jpg").decode()}",{FIELDS}}}]'
    assert reader.read(text, 1700000001.0) == Frame(b"jpg", 7, 1700000000.5, 320, 200, 75, 1700000001.0, len(text))
    text = f'451-["frame",{{"image":{{"_placeholder":true,"num":0}},{FIELDS}}}]'
    assert reader.read(text, 1.0) is None
    frame = reader.read(b"jpg", 1700000001.0)
    assert isinstance(frame, Frame)
    assert (frame.jpeg, frame.seq, frame.wire, frame.age) == (b"jpg", 7, len(text) + 3, 0.5)


def test_other_events() -> None:
    reader = Reader()
    assert reader.read('42["status",{"message":"पृष्ठ"}]', 0) == Event("status", {"message": "पृष्ठ"})
    assert reader.read('42["unsubscribed"]', 0) == Event("unsubscribed", {})
    for message in ("2", "6", "40{}", b"an attachment of nothing"):
        assert reader.read(message, 0) is None
    assert event_text("input:text", {"text": "é"}) == '42["input:text",{"text":"é"}]'
    assert event_text("unsubscribe") == '42["unsubscribe"]'
