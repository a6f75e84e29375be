"""Objects cut out by their boxes, and pasted into other photos."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from physadv.engines.training.cutouts import Cutout, cutouts_of, pasted
from physadv.engines.training.photos import LabelledPicture, no_boxes


@pytest.fixture
def figure() -> LabelledPicture:
    """A red ellipse before grass, and its box."""
    rng = np.random.default_rng(0)
    rgb = np.asarray(rng.normal([60, 140, 60], 8, (200, 160, 3)).clip(0, 255), np.uint8)
    cv2.ellipse(rgb, (80, 100), (25, 60), 0, 0, 360, (200, 40, 40), -1)
    return LabelledPicture(rgb, np.array([[55, 40, 106, 161]], np.float32), np.array([2]))


def empty() -> LabelledPicture:
    """Grey, with nothing in it."""
    return LabelledPicture(np.full((200, 300, 3), 128, np.uint8), no_boxes(), np.zeros(0, np.int64))


def test_the_cutout_is_the_object_without_what_is_behind_it(figure: LabelledPicture) -> None:
    (cutout,) = cutouts_of([figure])
    assert cutout.label == 2
    inside = cutout.alpha > 0.9
    assert 0.7 < inside.mean() < 0.85  # an ellipse fills pi / 4 of its box
    assert (cutout.rgb_u8[inside].reshape(-1, 3).mean(0) > [180, 0, 0]).all()
    assert cutout.alpha[0, 0] < 0.1


def test_what_fills_the_photo_or_is_overlapped_is_not_cut(figure: LabelledPicture) -> None:
    whole = LabelledPicture(figure.rgb_u8, np.array([[0, 0, 160, 200]], np.float32), np.array([0]))
    doubled = LabelledPicture(figure.rgb_u8, np.repeat(figure.boxes_xyxy_px, 2, 0), np.array([0, 1]))
    assert cutouts_of([whole, doubled, empty()]) == ()


def test_boxes_are_where_the_pasted_objects_are() -> None:
    red = Cutout(np.full((40, 20, 3), (255, 0, 0), np.uint8), np.ones((40, 20), np.float32), 1)
    rng = np.random.default_rng(3)
    for _ in range(5):
        picture = pasted(empty(), [red], rng)
        painted = (picture.rgb_u8 != 128).any(-1)
        covered = np.zeros_like(painted)
        for x0, y0, x1, y1 in picture.boxes_xyxy_px.astype(int).tolist() + picture.vague_xyxy_px.astype(int).tolist():
            covered[y0:y1, x0:x1] = True
        assert (painted == covered).all()
        assert set(picture.labels.tolist()) <= {1}
        assert len(picture.labels) == len(picture.boxes_xyxy_px)


def test_who_is_covered_teaches_nothing() -> None:
    behind = LabelledPicture(
        np.full((100, 60, 3), 128, np.uint8), np.array([[28, 48, 32, 52]], np.float32), np.array([0])
    )
    cover = Cutout(np.zeros((90, 60, 3), np.uint8), np.ones((90, 60), np.float32), 1)
    rng = np.random.default_rng(0)
    hidden = [p for p in (pasted(behind, [cover], rng) for _ in range(20)) if 0 not in p.labels]
    assert hidden
    assert all([28, 48, 32, 52] in p.vague_xyxy_px.tolist() for p in hidden)
