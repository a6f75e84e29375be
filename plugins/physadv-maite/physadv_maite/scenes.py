"""A MAITE object-detection data set as scenes: every object of one label wears the patch at its middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from physadv.api import BadInput, BadOption, SceneBatch, canonical, generator
from physadv_maite.advertised import made
from physadv_maite.exchange import ClassNames, boxes_of, class_names, clipped, srgb_from_maite
from physadv_maite.options import MaiteScenesConfig, arguments_of

GREY = 114 / 255  # what detectors are used to seeing where there is no picture


class MaiteScenes:
    """Pictures are read when they are needed; what is in them is read once, at the start.

    Objects are taken to face the camera, ``object_height_mm`` tall, in light as white as the picture's white.
    """

    def __init__(self, dataset: Any, config: MaiteScenesConfig, names: ClassNames, rows: Sequence[int]) -> None:
        self._dataset, self._config, self._names, self._rows = dataset, config, names, tuple(rows)
        self._wearing = [row for row in self._rows if bool(self._scene(row).wears.any())]

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless; every picture has a wearer."""
        if not self._wearing:
            raise BadInput(
                f"no picture of {self._config.dataset} has a {self._config.label!r} at least "
                f"{self._config.min_height_px:g} px tall. Choose another scenes.label, or lower scenes.min_height_px"
            )
        while True:
            drawn = torch.randint(len(self._wearing), (size,), generator=generator).tolist()
            yield self._batch([self._wearing[place] for place in drawn])

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every picture once, in the data set's order."""
        for start in range(skip * size, len(self._rows), size):
            yield self._batch(self._rows[start : start + size])

    def split(self, share: float, seed: int) -> tuple[MaiteScenes, MaiteScenes]:
        """Parts of the pictures by lot, the second with ``share`` of them."""
        order = torch.randperm(len(self._rows), generator=generator(seed, "split")).tolist()
        count = round(share * len(order))
        held = {self._rows[place] for place in order[:count]}
        parts = [[row for row in self._rows if (row in held) is kept] for kept in (False, True)]
        first, second = (MaiteScenes(self._dataset, self._config, self._names, rows) for rows in parts)
        return first, second

    def __len__(self) -> int:
        return len(self._rows)

    def _batch(self, rows: Sequence[int]) -> SceneBatch:
        scenes = [self._scene(row) for row in rows]
        height, width = (int(torch.cat([scene.sizes_px for scene in scenes])[:, side].max()) for side in (0, 1))
        return SceneBatch.joined([_padded(scene, height, width) for scene in scenes])

    def _scene(self, row: int) -> SceneBatch:
        image, target, metadata = self._dataset[row]
        config, whose = self._config, f"picture {row} of {self._config.dataset}"
        srgb = srgb_from_maite(image, config.input_range, whose)
        height, width = srgb.shape[-2:]
        boxes, labels = boxes_of(target, whose), self._names.columns(target.labels, whose)
        if len(boxes) != len(labels):
            raise BadInput(f"{whose} has {len(boxes)} boxes and {len(labels)} labels")
        boxes = clipped(boxes, height, width)
        real = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        boxes, labels = boxes[real], labels[real]
        wanted = canonical(config.label)
        named = torch.tensor([not wanted or canonical(name) == wanted for name in self._names.names])
        wears = named[labels] & (boxes[:, 3] - boxes[:, 1] >= config.min_height_px)
        surfaces = facing(boxes, (boxes[:, 3] - boxes[:, 1]) / config.object_height_mm)
        return SceneBatch(
            srgb[None], torch.tensor([[height, width]]), (f"{row}/{metadata['id']}",),
            torch.zeros(len(boxes), dtype=torch.int64), boxes, labels, self._names.names, wears,
            torch.where(wears[:, None, None], surfaces, torch.eye(3)), torch.ones(len(boxes), 3),
        )  # fmt: skip


def facing(boxes: Tensor, px_per_mm: Tensor) -> Tensor:
    """``(N, 3, 3)`` millimetres about the middle of each box ``(N, 4)`` → pixels, seen from the front."""
    lens = torch.eye(3).repeat(len(boxes), 1, 1)
    lens[:, 0, 0] = lens[:, 1, 1] = px_per_mm
    lens[:, :2, 2] = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5  # pixel centres are integers, boxes are edges
    return lens


def _padded(scene: SceneBatch, height: int, width: int) -> SceneBatch:
    down, across = height - scene.srgb.shape[2], width - scene.srgb.shape[3]
    return replace(scene, srgb=torch.nn.functional.pad(scene.srgb, (0, across, 0, down), value=GREY))


def build(config: MaiteScenesConfig) -> MaiteScenes:
    """Make the data set by keyword and read what is in it."""
    arguments = arguments_of("scenes.arguments", config.arguments)
    return scenes_of(made("scenes.dataset", config.dataset, "object_detection.Dataset", arguments), config)


def scenes_of(dataset: Any, config: MaiteScenesConfig) -> MaiteScenes:
    """Read what is in the data set. Raises :class:`BadOption` for a label that it does not have."""
    names = class_names(dict(dataset.metadata), config.labels, config.dataset)
    if config.label and canonical(config.label) not in map(canonical, names.names):
        raise BadOption(f"scenes.label={config.label} is none of {config.dataset}: {', '.join(names.names)}")
    count = len(dataset)
    return MaiteScenes(dataset, config, names, range(min(count, config.limit or count)))
