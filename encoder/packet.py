"""A compressed picture -> the bytes that go over the wire, so that the front only has to send them.

format     packet
jpeg       42["frame",{"image":"<base64>","timestamp":<ms>,"size":<bytes>,"seq":..,"width":..,"height":..,"quality":..}]
           an Engine.IO message (4) with a Socket.IO event (2), text; the event of docs/protocol.md
png        the file
png-json   base64 of the file
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pybase64

from encoder import picture
from engine.framering import BYTES_PER_PIXEL, FrameHead
from engine.messages import Rendition


def build(
    pixels: memoryview, frame: FrameHead, rendition: Rendition, jpeg: Callable[[picture.Pixels], bytes]
) -> tuple[int, list[bytes]]:
    """Encode a frame as `rendition`, `jpeg` making its JPEG: (bytes of the picture itself, the packet's parts in order)."""
    view = np.frombuffer(pixels, np.uint8).reshape(frame.height, frame.stride // BYTES_PER_PIXEL, BYTES_PER_PIXEL)
    view = view[:, : frame.width]
    if rendition.format == "jpeg":
        image = jpeg(view)
        tail = (
            f'","timestamp":{frame.timestamp_ms},"size":{len(image)},"seq":{frame.seq},"width":{frame.width},'
            f'"height":{frame.height},"quality":{rendition.quality}}}]'
        )
        return len(image), [b'42["frame",{"image":"', pybase64.b64encode(image), tail.encode()]
    image = picture.png(view)
    return len(image), [image if rendition.format == "png" else pybase64.b64encode(image)]
