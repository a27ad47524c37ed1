"""What the pointer looks like over a page is told once, whenever it is something else."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from engine.exchange import Cursor
from engine.inputs import Move
from engine.messages import ToCapture
from tests.process.capture_rig import Rig

pytestmark = pytest.mark.asyncio(loop_scope="module")


def own_cursor() -> str:
    """A data: URL of a cursor of 24x20 pixels: opaque red on the left, half transparent blue on the right."""
    pixels = np.zeros((20, 24, 4), np.uint8)
    pixels[:, :12] = (255, 0, 0, 255)
    pixels[:, 12:] = (0, 0, 255, 128)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def move(x: int, y: int) -> Callable[[int], ToCapture]:
    return lambda token: Move(token, x, y)


async def test_a_cursor_is_told_when_it_changes_and_only_then(rig: Rig) -> None:
    await rig.show(
        "<style>body { margin: 0 } div { height: 100px }</style>"
        "<div style='cursor: pointer'></div><div style='cursor: text'></div>"
        f"<div style='cursor: url({own_cursor()}) 7 3, default'></div><div style='cursor: none'></div>"
    )

    async def over(row: int) -> Cursor:
        before = len(rig.cursors)
        await rig.done(move(50, row))
        await rig.until(lambda: len(rig.cursors) > before)
        assert len(rig.cursors) == before + 1
        return rig.cursors[-1]

    await rig.done(move(50, 250))
    await rig.until(lambda: rig.cursors and (rig.cursors[-1].width, rig.cursors[-1].height) == (24, 20))
    own = rig.cursors[-1]
    assert (own.x, own.y) == (7, 3)
    with Image.open(io.BytesIO(own.image)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (24, 20))
        pixels = np.asarray(image).astype(int)
    assert (pixels[:, 0] == (255, 0, 0, 255)).all()
    assert (np.abs(pixels[:, 23] - (0, 0, 255, 128)) <= 2).all()

    hand, beam = await over(50), await over(150)
    assert len({own.image, hand.image, beam.image}) == 3
    before = len(rig.cursors)
    await rig.done(move(60, 150), move(70, 160))
    assert await over(250) == own
    assert len(rig.cursors) == before + 1, "the same cursor was told again"
    with Image.open(io.BytesIO((await over(350)).image)) as image:
        assert not np.asarray(image)[:, :, 3].any(), "where there is no cursor, it is transparent"
