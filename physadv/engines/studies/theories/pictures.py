"""Small labelled pictures: those that nets learn from, and those that they are judged on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import expect
from physadv.engines.studies.theories.options import StudyData
from physadv.library.datasets.labelled import DataSplit
from physadv.library.small_nets.ready import DATA


@dataclass(frozen=True)
class LabelledSet:
    """Pictures and what they show."""

    images: Tensor  # (N, 3, h, w) sRGB in [0, 1]
    labels: Tensor  # (N,) int64

    def __post_init__(self) -> None:
        expect("LabelledSet.images", self.images, ("N", 3, "h", "w"))
        expect("LabelledSet.labels", self.labels, (len(self.images),), integer=True)

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, rows: Tensor) -> LabelledSet:
        """Those of ``rows``: places, or a bool for each."""
        return LabelledSet(self.images[rows], self.labels[rows])

    def first(self, count: int) -> LabelledSet:
        """So many, at most."""
        return LabelledSet(self.images[:count], self.labels[:count])

    def shuffled(self, seed: int) -> LabelledSet:
        """In another order, which the seed tells."""
        return self.pick(torch.randperm(len(self), generator=generator(seed, "order of pictures")))

    def with_images(self, images: Tensor) -> LabelledSet:
        """Other pictures under the same labels."""
        return LabelledSet(images, self.labels)


@dataclass(frozen=True)
class Sets:
    """The pictures of a study."""

    name: str
    names: tuple[str, ...]  # of the labels
    train: LabelledSet
    test: LabelledSet

    @property
    def side_px(self) -> int:
        """Height of the pictures, which are squares."""
        return self.train.images.shape[-1]

    def limited(self, train: int, test: int) -> Sets:
        """So many of each, at most."""
        return Sets(self.name, self.names, self.train.first(train), self.test.first(test))


def sets_of(data: StudyData, train: int, test: int, seed: int) -> Sets:
    """At most so many pictures of each part, in an order that the seed tells; the parts share none."""
    arrays = DATA[str(data)]()
    parts = {part: LabelledSet(*arrays.tensors(part)).shuffled(seed) for part in (DataSplit.train, DataSplit.val)}
    return Sets(arrays.name, arrays.names, parts[DataSplit.train].first(train), parts[DataSplit.val].first(test))
