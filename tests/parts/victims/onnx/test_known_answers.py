"""Real detectors give their known answers, and pass the battery through both backends."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from physadv.core.protocols import Victim
from physadv.library.files.images import load_srgb
from physadv.testing import VICTIM_CHECKS, VictimCheck, check_victim
from tests.parts.victims.building import build_victim
from tests.parts.victims.people import recall_of_tall_people

LAYOUTS = {
    "yolox_nano_coco_416": "yolox",
    "yolox_nano_roadsign4_416": "yolox",
    "nanodet_m_coco_416": "nanodet",
    "fastestdet_coco_352": "fastestdet",
    "ulfd_rfb_face_320x240": "ssd",
    "yunet_face_2026may": "yunet",
}
# one whose head is decoded here and one that comes with anchors; what the checks ask is the same code for all the rest
THROUGH_ALL_CHECKS = ("yolox_nano_roadsign4_416", "ulfd_rfb_face_320x240")
BATTERY = [name if name in THROUGH_ALL_CHECKS else pytest.param(name, marks=pytest.mark.exhaustive) for name in LAYOUTS]
RECALL_OF_PEOPLE = {"yolox_nano_coco_416": 0.844, "nanodet_m_coco_416": 0.792, "fastestdet_coco_352": 0.865}
ON_BUS = {
    "yolox_nano_coco_416": {"bus": [0.91], "person": [0.85, 0.81, 0.68]},
    "nanodet_m_coco_416": {"bus": [0.79], "person": [0.56, 0.51, 0.49]},
    "fastestdet_coco_352": {"bus": [0.78], "person": [0.88, 0.87, 0.65, 0.49], "skateboard": [0.61]},
}

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def photos(shared: Path) -> torch.Tensor:
    pictures = [load_srgb(shared / "data" / "photos" / name) for name in ("bus.jpg", "zidane.jpg")]
    return torch.stack([torch.nn.functional.interpolate(p[None], size=(320, 480))[0] for p in pictures])


@pytest.fixture(scope="module")
def victim(request: pytest.FixtureRequest, shared: Path) -> Victim:
    return build_victim("onnx", path=str(shared / "weights" / f"{request.param}.onnx"))


@pytest.mark.parametrize("victim", ON_BUS, indirect=True)
def test_the_bus_and_the_people_beside_it_are_found(shared: Path, victim: Victim) -> None:
    (found,) = victim.decide(victim.outputs(load_srgb(shared / "data" / "photos" / "bus.jpg")[None]))
    for label, known in ON_BUS[victim.name.removeprefix("onnx/")].items():
        scores = found.scores[found.labels == victim.labels.index(label)].tolist()
        assert scores == pytest.approx(known, abs=0.05)


def test_no_file_is_left_out(shared: Path) -> None:
    assert {path.stem for path in (shared / "weights").glob("*.onnx")} == set(LAYOUTS)


@pytest.mark.parametrize("victim", LAYOUTS, indirect=True)
def test_the_layout_of_real_files_is_recognised(victim: Victim) -> None:
    assert victim.layout_name == LAYOUTS[victim.name.removeprefix("onnx/")]  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("victim", BATTERY, indirect=True)
def test_real_files_pass_the_battery(victim: Victim, photos: torch.Tensor, check: VictimCheck) -> None:
    check(victim, photos)


@pytest.mark.slow
@pytest.mark.parametrize("name", BATTERY)
def test_real_files_pass_the_battery_through_opencv(shared: Path, photos: torch.Tensor, name: str) -> None:
    check_victim(build_victim("opencv-dnn", path=str(shared / "weights" / f"{name}.onnx")), photos)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_opencv_agrees_with_torch_on_real_files(shared: Path, photos: torch.Tensor, name: str) -> None:
    path = str(shared / "weights" / f"{name}.onnx")
    torch_side, opencv_side = (build_victim(victim, path=path) for victim in ("onnx", "opencv-dnn"))
    ours, theirs = torch_side.outputs(photos), opencv_side.outputs(photos)
    assert torch.allclose(ours.scores, theirs.scores, atol=1e-3)
    assert torch.allclose(ours.boxes_xyxy_px, theirs.boxes_xyxy_px, atol=0.02)
    assert opencv_side.labels == torch_side.labels
    for mine, its in zip(torch_side.decide(ours), opencv_side.decide(theirs), strict=True):
        assert mine.labels.tolist() == its.labels.tolist()
        assert torch.allclose(mine.boxes_xyxy_px, its.boxes_xyxy_px, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("victim", LAYOUTS, indirect=True)
def test_the_networks_raw_outputs_are_those_of_opencv_reading_the_file_itself(
    shared: Path, photos: torch.Tensor, victim: Victim
) -> None:
    """Nothing of ours reads the file on the other side; only the prepared pixels are shared."""
    net = cv2.dnn.readNetFromONNX(str(shared / "weights" / f"{victim.name.removeprefix('onnx/')}.onnx"))
    pixels, _ = victim.conventions.prepare(photos[:1], victim.canvas_hw)  # type: ignore[attr-defined]
    ours = [output.numpy() for output in victim.network(pixels)]  # type: ignore[attr-defined]
    net.setInput(np.ascontiguousarray(pixels.numpy()))
    theirs = list(net.forward(net.getUnconnectedOutLayersNames()))
    assert len(theirs) == len(ours)
    for output in ours:  # OpenCV lists outputs in an order of its own
        gaps = [np.abs(output - other).max() for other in theirs if other.shape == output.shape]
        assert min(gaps) <= 1e-4 * max(1.0, np.abs(output).max())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "known"), RECALL_OF_PEOPLE.items())
def test_people_on_real_photos_are_found_as_well_as_known(shared: Path, name: str, known: float) -> None:
    victim = build_victim("onnx", path=str(shared / "weights" / f"{name}.onnx"))
    recall, people = recall_of_tall_people(victim, shared / "data" / "coco128")
    assert people == 96
    assert recall == pytest.approx(known, abs=0.025)  # two people


@pytest.mark.slow
def test_bfloat16_finds_the_same_objects(shared: Path) -> None:
    path = str(shared / "weights" / "yolox_nano_coco_416.onnx")
    bus = load_srgb(shared / "data" / "photos" / "bus.jpg")[None]
    exact, quick = (build_victim("onnx", path=path, bf16=bf16) for bf16 in (False, True))
    (first,), (second,) = (victim.decide(victim.outputs(bus)) for victim in (exact, quick))
    assert first.labels.tolist() == second.labels.tolist()
    assert torch.allclose(first.scores, second.scores, atol=0.05)
