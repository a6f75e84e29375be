"""Our victims and scenes as MAITE's models and data sets of object detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from physadv.api import BadOption, SceneBatch, SceneSource, Task, Victim, WholePicture, build
from physadv_maite.exchange import BoxTarget, maite_from_srgb, srgb_from_maite, target_of
from physadv_maite.kept_scenes import kept_scenes
from physadv_maite.options import check_range


class VictimModel:
    """A victim by its name and options, or one that is made already, as ``object_detection.Model``.

    Scores are those of the reported class, so that a box never adds up to more than 1.
    """

    def __init__(
        self, *, victim: str | Victim[Any, Any] = "sign-nano", options: Mapping[str, Any] | None = None,
        input_range: str, confidence: float | None = None,
    ) -> None:  # fmt: skip
        check_range("input_range", input_range)
        made: Any = build("victims", victim, **(options or {})) if isinstance(victim, str) else victim
        if made.task is Task.control:
            raise BadOption(f"{made.name} decides on actions; MAITE's object detection wants a detector")
        self._victim = WholePicture(made) if made.task is Task.classification else made
        self._range, self._confidence = input_range, confidence
        self.metadata = {"id": f"physadv/{made.name}", "index2label": dict(enumerate(made.labels))}

    @torch.no_grad()
    def __call__(self, batch: Sequence[Any], /) -> Sequence[BoxTarget]:
        """One target a picture; each is asked by itself, because their sizes may differ."""
        answers = []
        for number, image in enumerate(batch):
            srgb = srgb_from_maite(image, self._range, f"picture {number} of the batch")
            (found,) = self._victim.decide(self._victim.outputs(srgb[None]), self._confidence)
            answers.append(target_of(found))
        return answers


class SceneDataset:
    """Scenes by their name and options, or a source that is made already, as ``object_detection.Dataset``.

    The pictures lie in memory, ``images`` of them at most; 0 takes all.
    """

    def __init__(
        self, *, scenes: str | SceneSource = "road", options: Mapping[str, Any] | None = None, input_range: str,
        images: int = 0,
    ) -> None:  # fmt: skip
        self._range = input_range
        self._kept, self.metadata = kept_scenes(scenes, options, input_range, images)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int, /) -> tuple[np.ndarray, BoxTarget, dict[str, Any]]:
        scene: SceneBatch = self._kept[index]
        height, width = scene.sizes_px[0].tolist()
        count = len(scene.labels)
        target = BoxTarget(
            scene.boxes_xyxy_px.numpy().astype(np.float32), scene.labels.numpy().copy(), np.ones(count, np.float32)
        )
        return maite_from_srgb(scene.srgb[0, :, :height, :width], self._range), target, {"id": scene.keys[0]}
