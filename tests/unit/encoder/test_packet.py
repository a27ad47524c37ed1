"""The finished packet is what python-socketio's own decoder makes a `frame` event of."""

from __future__ import annotations

import base64
import io
import json
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from PIL import Image
from socketio.packet import BINARY_EVENT, EVENT
from socketio.packet import Packet as SocketPacket

from encoder import packet, picture
from engine.framering import FrameHead
from engine.messages import Rendition

WIDTH, HEIGHT = 33, 7
JPEG = partial(picture.jpeg, quality=75)


def pixels(stride: int = WIDTH) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (HEIGHT, stride, 4), np.uint8)


def head(stride: int = WIDTH) -> FrameHead:
    return FrameHead(
        seq=12345,
        grab_begin_ns=1,
        grab_end_ns=2,
        timestamp_ms=1_700_000_000_123,
        width=WIDTH,
        height=HEIGHT,
        stride=4 * stride,
        top=0,
        bottom=HEIGHT,
    )


def build(rendition: Rendition, stride: int = WIDTH) -> tuple[int, bytes]:
    size, parts = packet.build(
        memoryview(pixels(stride).tobytes()),
        head(stride),
        rendition,
        partial(picture.jpeg, quality=rendition.quality, grayscale=rendition.grayscale),
    )
    return size, b"".join(parts)


def parsed(data: bytes) -> list[Any]:
    """As python-socketio gets it from python-engineio."""
    outer = EnginePacket(encoded_packet=data.decode())
    assert outer.packet_type == MESSAGE
    inner = SocketPacket(encoded_packet=data.decode()[1:])
    assert inner.packet_type == EVENT
    assert inner.namespace in (None, "/")
    assert inner.id is None
    assert inner.attachment_count == 0
    result: list[Any] = inner.data
    return result


@pytest.mark.parametrize("quality", [10, 75, 100])
def test_a_jpeg_packet_is_a_frame_event(quality: int) -> None:
    size, data = build(Rendition("jpeg", quality))
    event, payload = parsed(data)
    image = base64.b64decode(payload.pop("image"), validate=True)
    assert event == "frame"
    assert payload == {
        "timestamp": 1_700_000_000_123,
        "size": len(image),
        "seq": 12345,
        "width": WIDTH,
        "height": HEIGHT,
        "quality": quality,
    }
    assert size == len(image)
    assert image == picture.jpeg(pixels(), quality)
    with Image.open(io.BytesIO(image)) as decoded:
        assert (decoded.format, decoded.size) == ("JPEG", (WIDTH, HEIGHT))


def test_a_jpeg_packet_is_plain_ascii_json() -> None:
    _, data = build(Rendition("jpeg", 75))
    text = data.decode("ascii")
    assert text[:2] == "42"
    assert json.loads(text[2:])[0] == "frame"


def test_a_binary_packet_is_a_frame_event_with_the_file_behind_it() -> None:
    size, data = build(Rendition("jpeg-binary", 60))
    text, image = data[:-size].decode("ascii"), data[-size:]
    outer = EnginePacket(encoded_packet=text)
    assert outer.packet_type == MESSAGE
    inner = SocketPacket(encoded_packet=text[1:])
    assert (inner.packet_type, inner.attachment_count) == (BINARY_EVENT, 1)
    assert inner.add_attachment(image)
    event, payload = inner.data
    assert event == "frame"
    assert payload.pop("image") == image == picture.jpeg(pixels(), 60)
    plain = parsed(build(Rendition("jpeg", 60))[1])[1]
    assert plain == {**payload, "image": base64.b64encode(image).decode()}


@pytest.mark.parametrize("format", ["jpeg", "jpeg-binary"])
def test_a_scaled_picture_says_its_own_size(format: Literal["jpeg", "jpeg-binary"]) -> None:
    size, data = build(Rendition(format, 60, 16, 4, grayscale=True))
    assert b'"width":16,"height":4,' in data
    image = data[-size:] if format == "jpeg-binary" else base64.b64decode(parsed(data)[1]["image"])
    with Image.open(io.BytesIO(image)) as decoded:
        assert (decoded.mode, decoded.size) == ("L", (16, 4))


def test_a_png_packet_is_the_file() -> None:
    size, data = build(Rendition("png", 0))
    assert size == len(data)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), pixels()[:, :, 2::-1])


def test_a_png_json_packet_is_base64_of_the_file() -> None:
    size, data = build(Rendition("png-json", 0))
    assert base64.b64decode(data, validate=True) == build(Rendition("png", 0))[1]
    assert size == len(build(Rendition("png", 0))[1])


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_rows_may_be_longer_than_the_picture(format: str) -> None:
    rendition = Rendition("jpeg", 75) if format == "jpeg" else Rendition("png", 0)
    _, data = build(rendition, stride=WIDTH + 3)
    view = pixels(WIDTH + 3)[:, :WIDTH]
    if format == "jpeg":
        assert base64.b64decode(parsed(data)[1]["image"]) == picture.jpeg(view, 75)
    else:
        assert data == picture.png(view)


def test_the_slot_is_read_without_a_copy_and_let_go() -> None:
    memory = bytearray(pixels().tobytes())
    with memoryview(memory) as view:
        packet.build(view, head(), Rendition("jpeg", 75), JPEG)
        packet.build(view, head(), Rendition("png", 0), JPEG)
    memory += b"a buffer that is still held cannot grow"


def test_a_header_that_does_not_fit_its_slot_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="reshape"):
        packet.build(memoryview(bytes(100)), head(), Rendition("jpeg", 75), JPEG)
