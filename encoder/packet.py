"""A compressed picture -> the bytes that go over the wire, so that the front only has to send them.

format        packet
jpeg          42["frame",{"image":"<base64>","timestamp":<ms>,"size":<bytes>,"seq":..,"width":..,"height":..,"quality":..}]
              an Engine.IO message (4) with a Socket.IO event (2), text; the event of docs/protocol.md
jpeg-binary   451-["frame",{"image":{"_placeholder":true,"num":0},...}] and then the file, which is the last <size> bytes: a
              Socket.IO event with one attachment (51-) and that attachment, which go out as two messages
png           the file
png-json      base64 of the file
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pybase64

from encoder import picture
from encoder.scale import shrink
from engine.framering import BYTES_PER_PIXEL, FrameHead
from engine.messages import Rendition


def build(
    pixels: memoryview, frame: FrameHead, rendition: Rendition, jpeg: Callable[[picture.Pixels], bytes]
) -> tuple[int, list[bytes]]:
    """Encode a frame as `rendition`, `jpeg` making its JPEG: (bytes of the picture itself, the packet's parts in order)."""
    view = visible(pixels, frame, rendition)
    image = jpeg(view) if rendition.format in ("jpeg", "jpeg-binary") else picture.png(view)
    return len(image), wrap(image, frame, rendition)


def visible(pixels: memoryview, frame: FrameHead, rendition: Rendition) -> picture.Pixels:
    """What `rendition` shows of a slot's pixels: (height, width, 4), BGRX; not copied where it is not scaled."""
    view = np.frombuffer(pixels, np.uint8).reshape(frame.height, frame.stride // BYTES_PER_PIXEL, BYTES_PER_PIXEL)
    view = view[:, : frame.width]
    return shrink(view, rendition.width, rendition.height) if rendition.width else view


def wrap(image: bytes, frame: FrameHead, rendition: Rendition) -> list[bytes]:
    """The packet's parts in order; `image` is the compressed picture."""
    if rendition.format == "png":
        return [image]
    if rendition.format == "png-json":
        return [pybase64.b64encode(image)]
    tail = (
        f'"timestamp":{frame.timestamp_ms},"size":{len(image)},"seq":{frame.seq},"width":{rendition.width or frame.width},'
        f'"height":{rendition.height or frame.height},"quality":{rendition.quality}}}]'
    )
    if rendition.format == "jpeg":
        return [b'42["frame",{"image":"', pybase64.b64encode(image), b'",', tail.encode()]
    return [b'451-["frame",{"image":{"_placeholder":true,"num":0},', tail.encode(), image]
