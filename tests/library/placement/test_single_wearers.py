"""One object that wears the patch is taken out of its scene, with its own picture and nothing of the others'."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from physadv.core.errors import BadInput
from physadv.core.types import SceneBatch
from physadv.library.placement.single_wearers import nearest_to, single_wearers

CPU = torch.device("cpu")


class Scenes:
    """Two padded pictures; two objects in the first, of which the second wears, and a bigger one in the other."""

    def __init__(self, **changed: Any) -> None:
        self.batch = dataclasses.replace(
            SceneBatch(
                srgb=torch.rand(2, 3, 8, 10, generator=torch.Generator().manual_seed(0)),
                sizes_px=torch.tensor([[8, 6], [5, 10]]),
                keys=("a", "b"),
                image_of=torch.tensor([0, 0, 1]),
                boxes_xyxy_px=torch.tensor([[0.0, 0, 2, 2], [1, 1, 4, 5], [0, 0, 9, 5]]),
                labels=torch.zeros(3, dtype=torch.int64),
                label_names=("stop sign",),
                wears=torch.tensor([False, True, True]),
                image_from_surface=torch.eye(3).repeat(3, 1, 1),
                light=torch.ones(3, 3),
                distance_m=torch.tensor([3.0, 20.0, 5.0]),
            ),
            **changed,
        )

    def sweep(self, _batch: int) -> Iterator[SceneBatch]:
        yield self.batch


def test_a_wearer_is_alone_in_its_own_picture_without_padding() -> None:
    source: Any = Scenes()
    first, second = single_wearers(source, 64, CPU)
    assert (first.scene.keys, first.row, first.distance_m, first.size_px) == (("a",), 1, 20.0, (3.0, 4.0))
    assert first.scene.srgb.shape == (1, 3, 8, 6)
    assert first.scene.wears.tolist() == [False, True]
    assert torch.equal(second.scene.srgb[0], source.batch.srgb[1, :, :5])
    assert second.scene.image_of.tolist() == [0]


def test_wearers_are_chosen_by_distance_and_by_height_where_no_distance_is_known() -> None:
    near: Any = Scenes()
    assert [w.distance_m for w in nearest_to(single_wearers(near, 64, CPU), [4.0, 40.0])] == [5.0, 20.0]
    unknown: Any = Scenes(distance_m=None)
    assert [w.size_px[1] for w in nearest_to(single_wearers(unknown, 64, CPU), [4.0, 40.0])] == [5.0, 4.0]


def test_scenes_in_which_nothing_wears_are_refused() -> None:
    bare: Any = Scenes(wears=torch.zeros(3, dtype=torch.bool))
    with pytest.raises(BadInput, match="wears the patch"):
        single_wearers(bare, 64, CPU)
