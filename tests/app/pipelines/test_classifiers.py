"""A classifier is attacked and judged through the command, on pictures sorted by class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.parts.scenes.test_classes import write_folders
from tests.parts.victims.test_classifiers import write_classifier
from tests.running import physadv

SMALL = ("size=smoke", "progress=false", "eot=none", "scenes=classes", "scenes.object_height_mm=600")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    write_folders(tmp_path / "pictures", ((32, 32),) * 6)
    write_classifier(tmp_path / "classifier.onnx")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["onnx", "opencv-dnn"])
def test_a_patch_against_a_classifier_is_made_and_judged(desk: Path, backend: str) -> None:
    names = "victim.labels=[stop,yield,keep right]"
    made = physadv(
        "generate", *SMALL, "victim=onnx", "victim.path=classifier.onnx", names, "goal=alter",
        "scenes.root=pictures", "out=run", cwd=desk,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    victim = f"victims=[{{part: {backend}, path: classifier.onnx, labels: [stop, yield, keep right]}}]"
    judged = physadv("evaluate", "patch=run", victim, "judge.images=8", "progress=false", "out=judged", cwd=desk)
    assert judged.returncode == 0, judged.stderr
    own, outcomes = (clean_outcomes(desk / folder) for folder in ("run", "judged"))
    assert outcomes["missed"] == outcomes["badly localised"] == 0  # its box is the picture's, always
    assert sum(outcomes.values()) == sum(own.values()) == 5  # of 18 pictures, those kept for judging


def clean_outcomes(folder: Path) -> dict[str, int]:
    (scored,) = json.loads((folder / "scores.json").read_text())["victims"]
    outcomes: dict[str, int] = next(c for c in scored["conditions"] if c["condition"] == "clean")["outcomes"]
    return outcomes


@pytest.mark.slow
def test_a_label_that_nobody_knows_is_told_in_one_line(desk: Path) -> None:
    done = physadv(
        "generate", *SMALL, "victim=onnx", "victim.path=classifier.onnx", "scenes.root=pictures", "out=run", cwd=desk
    )
    assert done.returncode == 2
    assert "does not know the label" in done.stderr
    assert "Traceback" not in done.stderr
