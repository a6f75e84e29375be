"""The example scripts, small."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def folds() -> ModuleType:
    return script("tshirt_folds")


def box(image: int, category: int) -> dict[str, Any]:
    return {"id": 0, "image_id": image, "category_id": category, "bbox": [10, 10, 20, 40], "area": 800, "iscrowd": 0}


def photos(folder: Path, count: int) -> Path:
    """``count`` photos, every other one with a person."""
    folder.mkdir()
    images = [{"id": i, "file_name": f"{folder.name}-{i}.jpg", "width": 64, "height": 64} for i in range(count)]
    kinds = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
    boxes = [box(i, 1 if i % 2 == 0 else 2) for i in range(count)]
    content = {"images": images, "annotations": boxes, "categories": kinds}
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def test_every_photo_is_in_one_half_and_those_with_persons_are_shared_evenly(folds: ModuleType, tmp_path: Path) -> None:
    paths = folds.split(tmp_path / "out", [photos(tmp_path / "one", 6), photos(tmp_path / "two", 6)], "person", 0)
    halves = [json.loads(path.read_text()) for path in paths]
    names = [image["file_name"] for half in halves for image in half["images"]]
    assert len(names) == len(set(names)) == 12
    assert all(Path(name).is_absolute() for name in names)
    persons = [[b["category_id"] for b in half["annotations"]].count(1) for half in halves]
    assert persons == [3, 3]
    for half in halves:
        assert {b["image_id"] for b in half["annotations"]} == {image["id"] for image in half["images"]}


def judged(folder: Path, *, hidden: bool) -> Path:
    """Two images with a person each, found on the clean one and perhaps not with the patch."""
    (folder / "coco").mkdir(parents=True)
    truth = {
        "images": [{"id": i + 1, "file_name": f"{i}.jpg", "height": 64, "width": 64} for i in range(2)],
        "annotations": [{**box(i + 1, 1), "id": i + 1} for i in range(2)],
        "categories": [{"id": 1, "name": "person"}],
    }
    found = [{"image_id": i + 1, "category_id": 1, "bbox": [10, 10, 20, 40], "score": 0.9} for i in range(2)]
    for name, content in {
        "ground_truth": truth, "toy-clean": found, "toy-patch": [] if hidden else found, "toy-thys": found,
    }.items():  # fmt: skip
        (folder / "coco" / f"{name}.json").write_text(json.dumps(content))
    (folder / "scores.json").write_text(json.dumps({"victims": [{"file": "toy", "confidence": 0.4}]}))
    return folder


def test_pooled_numbers_are_those_of_all_objects_together(folds: ModuleType, tmp_path: Path) -> None:
    runs = [judged(tmp_path / "a", hidden=True), judged(tmp_path / "b", hidden=False)]
    rows = {tuple(cell.strip() for cell in line.split("|")[:3]): line for line in folds.pool(runs, ("to",))[1:]}
    assert "| 1.000 | [1.000, 1.000] | -0.495 |" in rows["AP50", "toy", "thys"]  # of 101 points recall 0.5 reaches 51
    assert "| 0.505 |" in rows["AP50", "toy", "patch"]
    assert rows["AP50", "toy", "patch"].endswith("| 4")
    assert "| 0.000 | [0.000, 0.000] | +0.500 |" in rows["success", "toy", "thys"]
    assert "-0.495" in rows["AP50", "mean of unseen", "clean"]


def test_a_report_of_the_upper_body_alone_is_a_success_but_no_silence(folds: ModuleType, tmp_path: Path) -> None:
    run = judged(tmp_path / "a", hidden=True)
    upper = [{"image_id": i + 1, "category_id": 1, "bbox": [10, 10, 20, 15], "score": 0.9} for i in range(2)]
    (run / "coco" / "toy-patch.json").write_text(json.dumps(upper))
    rows = {tuple(cell.strip() for cell in line.split("|")[:3]): line for line in folds.pool([run])[1:]}
    assert "| 1.000 |" in rows["success", "toy", "patch"]
    assert "| 0.000 |" in rows["silence", "toy", "patch"]


@pytest.mark.slow
def test_a_loop_by_hand_moves_the_patch_and_the_same_seed_moves_it_alike() -> None:
    by_hand = script("by_hand")
    first, again = by_hand.main(2), by_hand.main(2)
    assert first.srgb.shape == again.srgb.shape
    assert bool((first.srgb != 0.5).any())
    assert bool((first.srgb == again.srgb).all())


@pytest.mark.slow  # nets learn, if little
def test_the_notebook_of_the_lecture_runs_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    book = json.loads((ROOT / "examples" / "lecture.ipynb").read_text())
    names: dict[str, Any] = {}
    small = '{"size": "smoke", "effort": {"train": 60, "test": 12, "epochs": 1}}'
    for cell in book["cells"]:
        assert not cell.get("outputs")
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace('{"size": "laptop"}', small).replace("images=8", "images=2")
            exec(compile(source, cell["id"], "exec"), names)
    said = capsys.readouterr().out
    assert "masked →" in said
    assert all(names[name]._repr_html_().count("<img") for name in ("origin", "fgsm", "bugs", "slices"))
