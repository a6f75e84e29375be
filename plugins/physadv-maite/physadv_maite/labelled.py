"""Labelled pictures: a MAITE image-classification data set as scenes, each picture one object, and ours as MAITE's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from physadv.api import BadInput, SceneBatch, SceneSource
from physadv_maite.advertised import made
from physadv_maite.exchange import BoxTarget, maite_from_srgb
from physadv_maite.kept_scenes import kept_scenes
from physadv_maite.options import MaitePicturesConfig, MaiteScenesConfig, arguments_of
from physadv_maite.scenes import MaiteScenes, scenes_of


class WholePictures:
    """The data set as one of object detection: the box is the picture, the label the class that scores highest."""

    def __init__(self, dataset: Any) -> None:
        self._dataset, self.metadata = dataset, dict(dataset.metadata)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int, /) -> tuple[Any, BoxTarget, Mapping[str, Any]]:
        image, target, about = self._dataset[index]
        return image, whole(image, target, f"picture {index}"), about


def whole(image: Any, target: Any, whose: str) -> BoxTarget:
    """The picture as the one object in it. Raises :class:`BadInput` for a target without classes."""
    scores = np.asarray(target, dtype=np.float32)
    if scores.ndim != 1 or not scores.size or not np.isfinite(scores).all():
        raise BadInput(f"{whose} must have a finite score for each class (K,), got {scores.shape}")
    height, width = np.asarray(image).shape[-2:]
    box = np.array([[0, 0, width, height]], np.float32)
    return BoxTarget(box, np.array([int(scores.argmax())]), np.ones(1, np.float32))


class LabelledDataset:
    """Scenes by their name and options, or a source that is made already, as ``image_classification.Dataset``.

    Pictures of one object each, which is the picture. They lie in memory, ``images`` at most; 0 takes all.
    """

    def __init__(
        self, *, scenes: str | SceneSource = "digits", options: Mapping[str, Any] | None = None, input_range: str,
        images: int = 0,
    ) -> None:  # fmt: skip
        self._range = input_range
        self._kept, self.metadata = kept_scenes(scenes, options, input_range, images)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int, /) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        scene: SceneBatch = self._kept[index]
        if len(scene.labels) != 1:
            raise BadInput(f"{scene.keys[0]} has {len(scene.labels)} objects; a picture of one class has one")
        height, width = scene.sizes_px[0].tolist()
        one_hot = np.eye(len(scene.label_names), dtype=np.float32)[int(scene.labels[0])]
        return maite_from_srgb(scene.srgb[0, :, :height, :width], self._range), one_hot, {"id": scene.keys[0]}


def build(config: MaitePicturesConfig) -> MaiteScenes:
    """Make the data set by keyword, and take each picture for an object."""
    arguments = arguments_of("scenes.arguments", config.arguments)
    dataset = made("scenes.dataset", config.dataset, "image_classification.Dataset", arguments)
    options = MaiteScenesConfig(
        dataset=config.dataset, input_range=config.input_range, labels=config.labels, label=config.label,
        object_height_mm=config.object_height_mm, min_height_px=1, limit=config.limit,
    )  # fmt: skip
    return scenes_of(WholePictures(dataset), options)
