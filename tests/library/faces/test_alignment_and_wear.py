"""Faces are cut out where landmarks say, and prints lie where eyes say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from physadv.core.errors import BadInput, BadOption
from physadv.library.faces.alignment import FIVE_POINTS_112, chips, similarity
from physadv.library.faces.face import Face
from physadv.library.faces.people import people_in
from physadv.library.faces.wear import EYE_DISTANCE_MM, check_worn_on, surface

POINTS = torch.tensor(FIVE_POINTS_112, dtype=torch.float64)


def face_with(eyes: list[list[float]]) -> Face:
    """A face of which only the eyes matter."""
    points = torch.tensor(eyes)
    return Face(torch.tensor([0.0, 0.0, 100.0, 100.0]), points, points)


def test_a_turned_and_scaled_face_is_turned_and_scaled_back() -> None:
    angle, scale = 0.4, 2.5
    turn = scale * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]).double()
    moved = POINTS @ turn.T + torch.tensor([30.0, -12.0])
    back = similarity(moved, POINTS)
    again = torch.cat([moved, torch.ones(5, 1, dtype=torch.float64)], 1) @ back.T
    assert torch.allclose(again[:, :2], POINTS, atol=1e-4)


def test_a_chip_shows_the_picture_where_it_says() -> None:
    images = torch.zeros(2, 3, 40, 40)
    images[1, :, 10:20, 5:15] = 1.0
    move = torch.eye(3, dtype=torch.float64)
    move[0, 2], move[1, 2] = -5, -10
    cut = chips(images, torch.tensor([1]), move[None], 10)
    assert torch.allclose(cut, torch.ones(1, 3, 10, 10))


def test_no_faces_make_no_chips() -> None:
    assert chips(torch.zeros(1, 3, 8, 8), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3, 3), 16).shape[0] == 0


def test_glasses_lie_on_the_eyes_at_their_true_size() -> None:
    placed = surface(face_with([[20.0, 40.0], [60.0, 40.0]]), "glasses")
    left = placed @ torch.tensor([-EYE_DISTANCE_MM / 2, 0.0, 1.0], dtype=torch.float64)
    assert torch.allclose(left[:2], torch.tensor([20.0, 40.0], dtype=torch.float64))


def test_the_forehead_is_above_the_eyes_and_the_shirt_below_whatever_the_head_does() -> None:
    leaning = face_with([[20.0, 50.0], [60.0, 30.0]])
    forehead, shirt = surface(leaning, "forehead"), surface(leaning, "shirt")
    assert forehead[1, 2] < 40 < shirt[1, 2]
    assert forehead[0, 2] < 40  # up along the leaning head
    assert shirt[0, 2] == 40
    assert shirt[0, 1] == 0


def test_a_place_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(BadOption, match="glasses, forehead, shirt"):
        check_worn_on("nose")


def test_people_are_subfolders_or_pictures(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.jpg").touch()
    (tmp_path / "bob.png").touch()
    (tmp_path / "notes.txt").touch()
    assert {name: len(paths) for name, paths in people_in(tmp_path, "it").items()} == {"ann": 1, "bob": 1}


def test_two_names_that_read_alike_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Ann Lee.jpg").touch()
    (tmp_path / "ann_lee.jpg").touch()
    with pytest.raises(BadInput, match="one name"):
        people_in(tmp_path, "it")


def test_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no pictures"):
        people_in(tmp_path, "it")
    with pytest.raises(BadInput, match="no folder"):
        people_in(tmp_path / "none", "it")
