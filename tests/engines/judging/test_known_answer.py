"""A published patch on real photos: what it does to a detector that it was not made for has been measured before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.app.registry import Registry
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.trial import Trial
from physadv.library.files.patches import load_patch
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, PlaceConfig
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig
from physadv.parts.victims.options import OnnxConfig

PERSON_MM, TALL_PX = 1700.0, 96


def both_splits(shared: Path, out: Path) -> Path:
    """The photos of both splits that show a person at least :data:`TALL_PX` tall, as one annotation file."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for split in ("train", "val"):
        folder = shared / "data" / "coco128" / split
        content = json.loads((folder / "annotations.json").read_text())
        person = next(c["id"] for c in content["categories"] if c["name"] == "person")
        tall = {a["image_id"] for a in content["annotations"] if a["category_id"] == person and a["bbox"][3] >= TALL_PX}
        for image in content["images"]:
            if image["id"] in tall:
                number = len(images)
                images.append(
                    image
                    | {"id": number, "file_name": (folder / image["file_name"]).relative_to(shared / "data").as_posix()}
                )
                boxes = [a for a in content["annotations"] if a["image_id"] == image["id"]]
                annotations += [a | {"image_id": number} for a in boxes]
    path = out / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": content["categories"]}))
    return path


@pytest.mark.slow
def test_the_patch_of_thys_2019_costs_yolox_what_was_measured_before(shared: Path, tmp_path: Path) -> None:
    """Reference, by another program that counts two crowds as persons: AP50 .846 → .581, recall .844 → .677.

    Its AP50 is lower by about .05 under every arm, so the costs are compared and not the levels.
    """
    annotations = both_splits(shared, tmp_path)
    scenes = build_coco(
        CocoConfig(
            annotations=str(annotations),
            images=str(shared / "data"),
            label="person",
            min_height_px=TALL_PX,
            relight=False,
            match_camera=False,  # the reference pasted the patch at full white
        )
    )
    weights = shared / "weights" / "yolox_nano_coco_416.onnx"
    victim = Registry().build("victims", "onnx", OnnxConfig(path=str(weights), confidence=0.4))
    trial = Trial(
        patch=load_patch(shared / "data" / "patches" / "thys2019_object_score.png", width_mm=0.22 * PERSON_MM),
        scenes=scenes,
        renderer=build_renderer(EotConfig(place=PlaceConfig(y_mm=(0.38 - 0.5) * PERSON_MM))),
        victims=[victim], goal=Hide(HideConfig()), goal_name="hide", seed=0, device=torch.device("cpu"),
    )  # fmt: skip
    scores = evaluate(trial, tmp_path, lambda done, total: None)
    value = {(c["condition"], s.name): s.value for c in scores["victims"][0]["conditions"] for s in c["scores"]}
    assert scores["protocol"]["objects"] == 94
    assert value["clean", "recall"] == pytest.approx(0.844, abs=0.03)
    assert value["patch", "recall"] == pytest.approx(0.677, abs=0.03)
    assert value["clean", "AP50"] - value["patch", "AP50"] == pytest.approx(0.846 - 0.581, abs=0.03)
    assert value["clean", "AP50"] - value["grey", "AP50"] == pytest.approx(0.846 - 0.772, abs=0.03)
