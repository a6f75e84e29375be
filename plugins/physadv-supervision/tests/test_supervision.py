"""What goes to supervision comes back the same, and it reads the COCO files; nonsense is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("supervision", reason="supervision is not installed: pip install 'supervision>=0.31'")

import supervision as sv
from physadv_supervision.coco import Worn, export_coco
from physadv_supervision.detections import asked, from_supervision, to_supervision

from physadv.api import BadInput, Detections, IncompatibleParts, PatchImage
from physadv.testing import ToyClassifier, ToyDetector, ToyRenderer, ToyScenes

FOUND = Detections(torch.tensor([[0.0, 1, 2, 3], [4, 5, 6, 7]]), torch.tensor([0.9, 0.5]), torch.tensor([1, 0]))


def test_detections_go_there_and_come_back() -> None:
    there = to_supervision(FOUND, ("board", "ghost"))
    assert there.data["class_name"].tolist() == ["ghost", "board"]
    back = from_supervision(there[np.array([1, 0])])
    for name in ("boxes_xyxy_px", "scores", "labels"):
        assert torch.equal(getattr(back, name), getattr(FOUND, name))
    assert len(from_supervision(sv.Detections.empty()).scores) == 0
    none = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    assert len(to_supervision(none, ("board",))) == 0


def test_a_victim_is_called_as_supervision_calls_models() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[..., 2] = 255  # red, in BGR
    look = asked(ToyDetector())
    assert look(picture).data["class_name"].tolist() == ["board"]
    sliced = sv.InferenceSlicer(look, slice_wh=32, overlap_wh=0)(np.tile(picture, (1, 2, 1)))
    assert sorted(sliced.xyxy[:, 0].tolist()) == [8, 40]


def test_supervision_reads_what_is_written(tmp_path: Path) -> None:
    patch = Worn(PatchImage(torch.zeros(3, 8, 8), torch.ones(1, 8, 8), 16.0), ToyRenderer())
    place = export_coco(ToyScenes(), tmp_path / "out", victims=[ToyDetector()], images=3, worn=patch)
    for arm, dark in (("clean", False), ("patch", True)):
        read = sv.DetectionDataset.from_coco(str(place / arm / "data"), str(place / arm / "labels.json"))
        assert (len(read), read.classes) == (3, ["board"] if dark else ["board", "ghost"])
        _, picture, objects = read[0]
        assert objects.xyxy.tolist() == [[8, 8, 24, 24]]
        assert bool((picture[10:20, 10:20] == 0).all()) is dark
    reports = {arm: json.loads((place / arm / "toy.json").read_text()) for arm in ("clean", "patch")}
    assert reports["clean"][0]["bbox"] == [8, 8, 16, 16]
    assert reports["patch"] == []


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        export_coco(ToyScenes(), tmp_path)
    with pytest.raises(BadInput, match="uint8 in BGR"):
        asked(ToyDetector())(np.zeros((4, 4)))
    with pytest.raises(BadInput, match="no class_id"):
        from_supervision(sv.Detections(xyxy=np.zeros((1, 4))))
    with pytest.raises(IncompatibleParts, match="WholePicture"):
        asked(ToyClassifier())
