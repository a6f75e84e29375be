"""Nothing runs that came in a file, nothing is written or patched behind the user's back, and rubbish gets one line."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.api import BadInput, BadOption, PhysadvError


class Payload:
    """A hostile author's addition to a checkpoint: unpickling it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def build(weights: str | Path, **options: Any) -> Any:
    from physadv_ultralytics import UltralyticsConfig, _build

    return _build(UltralyticsConfig(weights=str(weights), **options))


def test_a_hostile_checkpoint_does_not_run(tmp_path: Path) -> None:
    torch.save({"model": Payload(tmp_path / "mark")}, tmp_path / "evil.pt")
    with pytest.raises(BadInput, match=r"could run code; .* victim\.trust=true"):
        build(tmp_path / "evil.pt")
    assert not (tmp_path / "mark").exists()


def test_a_hostile_pickle_does_not_run_even_when_trusted(tmp_path: Path) -> None:
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"model": Payload(tmp_path / "mark")}))
    with pytest.raises(BadInput, match="is not a checkpoint"):
        build(tmp_path / "evil.pt", trust=True)
    assert not (tmp_path / "mark").exists()


def test_a_trusted_checkpoint_may_run(tmp_path: Path) -> None:
    torch.save({"model": Payload(tmp_path / "mark")}, tmp_path / "mine.pt")
    with pytest.raises(BadInput, match="holds no network"):
        build(tmp_path / "mine.pt", trust=True)
    assert (tmp_path / "mark").exists()


def test_a_hostile_activation_in_a_description_does_not_run(tmp_path: Path) -> None:
    from ultralytics.utils import ROOT

    mark = tmp_path / "mark"
    text = (ROOT / "cfg/models/11/yolo11.yaml").read_text()
    (tmp_path / "yolo11n.yaml").write_text(f"activation: __import__('os').mkdir('{mark}')\n{text}")
    with pytest.raises(BadInput, match="unsupported activation"):
        build(f"random:{tmp_path}/yolo11n.yaml")
    assert not mark.exists()


RUBBISH: dict[str, bytes] = {
    "empty.pt": b"",
    "text.pt": b"these are no weights\n",
    "cut.pt": b"PK\x03\x04" + b"\x00" * 60,
    "picture.pt": b"\x89PNG\r\n\x1a\n" + b"\x00" * 60,
    "list.pt": pickle.dumps([1, 2]),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(RUBBISH[name])
    with pytest.raises(BadInput, match=name) as caught:
        build(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("", "needs victim.weights="),
        ("nowhere/best.pt", "does not exist"),
        ("yolo99z.pt", "publishes no such checkpoint"),
        ("model.onnx", "choose victim=onnx"),
        ("yolo11n.yaml", "write random:yolo11n.yaml"),
        ("random:yolo99.yaml", "knows no architecture"),
        ("random:yolo11n-seg.yaml", "plain detection networks only"),
        ("random:yolo11n-cls.yaml", "does not describe|plain detection networks only"),
        ("random:rtdetr-l.yaml", "plain detection networks only"),
        (".", "not a .pt file"),
    ],
)
def test_what_cannot_be_attacked_is_named(weights: str, says: str) -> None:
    with pytest.raises(PhysadvError, match=says) as caught:
        build(weights)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_task_is_refused(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import SegmentationModel

    torch.save({"model": SegmentationModel("yolo11n-seg.yaml", verbose=False)}, tmp_path / "seg.pt")
    with pytest.raises(BadInput, match="SegmentationModel with the head Segment"):
        build(tmp_path / "seg.pt")


def test_a_state_dict_alone_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "state.pt")
    with pytest.raises(BadInput, match="holds no network"):
        build(tmp_path / "state.pt")


def test_a_published_name_without_network_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"could not be downloaded .*random:yolo11n\.yaml"):
        build("yolo11n.pt")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"confidence": 2.0}, "within 0 and 1"),
        ({"iou": -1.0}, "within 0 and 1"),
        ({"size_px": 100}, "multiple of 32"),
        ({"top": 0}, "must be positive"),
        ({"labels": "missing.txt"}, "cannot be read"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(PhysadvError, match=says):
        build("random:yolo11n.yaml", **options)


def test_labels_must_fit_a_trained_network(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import DetectionModel

    torch.save({"model": DetectionModel("yolo11n.yaml", nc=3, verbose=False)}, tmp_path / "three.pt")
    (tmp_path / "two.txt").write_text("a\nb\n")
    with pytest.raises(BadInput, match="scores 3 classes, but 2 labels"):
        build(tmp_path / "three.pt", labels=str(tmp_path / "two.txt"))


AS_BEFORE = """
import os, warnings
import cv2, numpy, sympy, torch
from PIL import Image
cv2.setNumThreads(2)
os.environ.pop("OMP_NUM_THREADS", None)
def state():
    return (torch.save, Image.open, cv2.getNumThreads(), str(numpy.get_printoptions()), list(warnings.filters),
            str(torch.tensor([1 / 3])), os.environ.get("YOLO_CONFIG_DIR"), os.environ.get("OMP_NUM_THREADS"))
before = state()
from physadv_ultralytics import UltralyticsConfig, _build
_build(UltralyticsConfig(weights="random:yolo11n.yaml"))
assert state() == before, (state(), before)
from ultralytics.utils import AUTOINSTALL, ONLINE
assert not AUTOINSTALL and not ONLINE
"""


def test_the_process_and_the_home_folder_stay_as_they_were(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YOLO_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", AS_BEFORE], cwd=tmp_path, env={**kept, "HOME": str(tmp_path)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_option_is_listed_without_importing_torch() -> None:
    code = "import sys, physadv_ultralytics as p; p.physadv_victims(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_bad_option_is_found_before_ultralytics_is_needed() -> None:
    with pytest.raises(BadOption):
        build("random:yolo11n.yaml", confidence=-1.0)
