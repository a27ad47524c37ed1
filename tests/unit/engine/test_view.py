"""A viewer's picture fits what it asked for, and each of its points lies where it shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import Rendition
from engine.view import View, view_of


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ((None, None), (1280, 720)),
        ((640, None), (640, 360)),
        ((None, 180), (320, 180)),
        ((480, 272), (480, 270)),
        ((4000, 4000), (1280, 720)),
        ((1280, 16), (28, 16)),
    ],
)
def test_the_aspect_is_kept_and_nothing_is_scaled_up(limits: tuple[int | None, int | None], size: tuple[int, int]) -> None:
    view = view_of(1280, 720, *limits, format="jpeg", grayscale=False)
    assert (view.width, view.height) == size


def test_the_view_makes_the_rendition_and_one_that_is_not_scaled_is_shared() -> None:
    assert View(1280, 720, 1280, 720, "jpeg").rendition(50) == Rendition("jpeg", 50)
    assert View(640, 360, 1280, 720, "jpeg-binary", True).rendition(50) == Rendition("jpeg-binary", 50, 640, 360, True)


@given(st.data(), st.integers(160, 3840), st.integers(120, 2160), st.integers(16, 4000), st.integers(16, 4000))
def test_every_point_of_the_picture_is_on_the_screen_where_it_shows_it(
    data: st.DataObject, width: int, height: int, max_width: int, max_height: int
) -> None:
    view = view_of(width, height, max_width, max_height, format="jpeg", grayscale=False)
    assert 1 <= view.width <= min(width, max_width)
    assert 1 <= view.height <= min(height, max_height)
    x, y = data.draw(st.floats(0, view.width, exclude_max=True)), data.draw(st.floats(0, view.height, exclude_max=True))
    assert view.contains(x, y)
    column, row = view.on_screen(x, y)
    assert 0 <= column < width
    assert 0 <= row < height
    assert abs(column + 0.5 - (int(x) + 0.5) * width / view.width) <= 0.5
    assert abs(row + 0.5 - (int(y) + 0.5) * height / view.height) <= 0.5
    if not view.scaled:
        assert (column, row) == (int(x), int(y))
    assert not view.contains(view.width, y)
    assert not view.contains(x, -0.001)
