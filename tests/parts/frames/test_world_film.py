"""A world's film shows its episodes one after the other, at the pace of its decisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from physadv.core.errors import IncompatibleParts
from physadv.core.types import Frame, PatchImage
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.source import Status
from physadv.parts.frames.world_film import Played, WorldFilm
from tests.testing.test_world_battery import Corridor


def filmed(played: Played, **options: float) -> list[Frame]:
    return list(WorldFilm(played, FrameOptions(**options)).frames(Status()))  # type: ignore[arg-type]


def test_every_decision_is_a_frame_and_the_seed_makes_the_film() -> None:
    frames = filmed(Played(Corridor(), episodes=2, seed=5))
    assert [(frame.index, frame.time_s) for frame in frames] == [(index, float(index)) for index in range(6)]
    again = filmed(Played(Corridor(), episodes=2, seed=5))
    assert all(np.array_equal(one.bgr_u8, other.bgr_u8) for one, other in zip(frames, again, strict=True))
    assert not np.array_equal(frames[0].bgr_u8, frames[3].bgr_u8)
    assert len(filmed(Played(Corridor(), episodes=2), stop_s=4.0)) == 4


def test_a_print_is_in_the_frames() -> None:
    red = torch.tensor([1.0, 0, 0]).view(3, 1, 1).expand(3, 4, 4)
    (frame, *_) = filmed(Played(Corridor(), {"board": PatchImage(red, torch.ones(1, 4, 4), 100)}))
    assert frame.bgr_u8[4, 4].tolist() == [0, 0, 255]


class Grey(Corridor):
    observation_shape = (4, 8, 8)


def test_stacked_grey_pictures_are_no_film() -> None:
    with pytest.raises(IncompatibleParts, match="world=corridor shows 4 planes, and a film has three colours"):
        WorldFilm(Played(Grey()), FrameOptions())
