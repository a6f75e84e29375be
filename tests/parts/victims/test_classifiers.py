"""Classifiers from ONNX files and from libraries: fed as they were trained, named, and sound."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import timm
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from physadv.api import Classifier
from physadv.core.access import Task
from physadv.core.errors import BadInput, BadOption, MissingExtra
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb
from physadv.testing import VICTIM_CHECKS, VictimCheck, check_victim, sample_images
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import write_detector


def write_classifier(path: Path, classes: int = 3, *, side: int = 32, softmax: bool = False, batch: int = 0) -> Path:
    """A convolution, a mean and a layer; ``batch`` other than 0 is constant."""
    random = np.random.default_rng(0)
    arrays = {
        "kernel": random.normal(size=(8, 3, 5, 5)) / 5,
        "layer": random.normal(size=(8, classes)) * 3,
        "bias": random.normal(size=classes),
    }
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["map"], strides=[2, 2]),
        helper.make_node("Relu", ["map"], ["positive"]),
        helper.make_node("GlobalAveragePool", ["positive"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "layer", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
    ]
    graph = helper.make_graph(
        nodes if softmax else nodes[:-1], "classifier",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch or "N", 3, side, side])],
        [helper.make_tensor_value_info("shares" if softmax else "logits", TensorProto.FLOAT, [batch or "N", classes])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def of_file(backend: str, path: Path, **options: object) -> Classifier:
    victim = build_victim(backend, path=str(path), **options)
    assert isinstance(victim, Classifier)
    return victim


@pytest.mark.parametrize("backend", ["onnx", "opencv-dnn"])
@pytest.mark.parametrize("softmax", [False, True], ids=["logits", "probabilities"])
def test_a_classifier_file_passes_the_battery(tmp_path: Path, backend: str, softmax: bool) -> None:
    victim = of_file(backend, write_classifier(tmp_path / "c.onnx", softmax=softmax), labels="stop,yield,keep right")
    check_victim(victim)
    assert (victim.task, victim.confidence, victim.labels[1]) == (Task.classification, 0.0, "yield")
    assert victim.name == f"{backend}/c"


def test_probabilities_and_logits_score_alike_and_opencv_agrees(tmp_path: Path) -> None:
    paths = [write_classifier(tmp_path / f"{softmax}.onnx", softmax=softmax) for softmax in (False, True)]
    images = sample_images()
    scores = [of_file(way, path).outputs(images).logits.softmax(1) for path in paths for way in ("onnx", "opencv-dnn")]
    for other in scores[1:]:
        assert torch.allclose(scores[0], other, atol=1e-5)
    assert scores[0].std() > 0.05


def test_a_file_of_1000_classes_is_fed_and_named_as_imagenets(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_classifier(tmp_path / "c.onnx", 1000, side=224)
    with caplog.at_level(logging.INFO):
        victim = of_file("onnx", path)
    assert "classifier of 1000 classes, logits, fed with ImageNet's mean and std" in caplog.text
    assert (victim.labels[919], victim.shorter_px) == ("street sign", 256)
    assert victim.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    assert of_file("onnx", path, resize="stretch").shorter_px == 0


def test_mean_and_std_are_given_in_the_networks_order_and_range(tmp_path: Path) -> None:
    options = {"channels": "bgr", "value_range": 255.0, "mean": [104.0, 117.0, 123.0], "std": [1.0, 2.0, 3.0]}
    victim = of_file("onnx", write_classifier(tmp_path / "c.onnx", side=8), **options)
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(options[name])[:, None, None] for name in ("mean", "std"))
    assert torch.allclose(victim.outputs(images).logits, victim.network((images.flip(1) * 255 - mean) / std), rtol=1e-3)


def test_a_constant_batch_does_not_mix_images(tmp_path: Path) -> None:
    check_victim(of_file("onnx", write_classifier(tmp_path / "c.onnx", batch=1)), sample_images(3))


def test_what_does_not_fit_a_classifier_is_refused(tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "c.onnx")
    for error, match, options in (
        (BadOption, "takes stretch or crop", {"resize": "letterbox"}),
        (BadInput, "scores 3 classes, but 2 labels", {"labels": "stop,yield"}),
        (BadInput, "does not have layout yolov8", {"layout": "yolov8"}),
    ):
        with pytest.raises(error, match=match):
            of_file("onnx", path, **options)
    detector = write_detector(tmp_path / "d.onnx", [np.zeros((1, 7, 84))])
    with pytest.raises(BadInput, match="does not have layout classifier"):
        of_file("onnx", detector, layout="classifier")
    with pytest.raises(BadOption, match="crop is for classifiers"):
        of_file("onnx", detector, resize="crop")


LIBRARIES = [("torchvision/classifier", "mobilenet_v3_small"), ("timm", "mobilenetv3_small_050")]


@pytest.mark.slow
@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("part", "model"), LIBRARIES)
def test_library_classifiers_pass_the_battery(part: str, model: str, check: VictimCheck) -> None:
    check(build_victim(part, model=model, weights="random", size_px=64), sample_images())


@pytest.mark.slow
def test_torchvisions_model_says_what_its_preset_and_model_say(tmp_path: Path) -> None:
    victim = build_victim("torchvision/classifier", model="resnet18", weights="random", seed=4)
    assert isinstance(victim, Classifier)
    assert (victim.name, victim.labels[919], len(victim.labels)) == ("torchvision/resnet18", "street sign", 1000)
    model = torchvision.models.resnet18(weights=None)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    own = build_victim("torchvision/classifier", model="resnet18", weights=str(tmp_path / "w.safetensors"))
    images = sample_images(2, 300, 260)
    preset = torchvision.models.ResNet18_Weights.DEFAULT.transforms()
    assert torch.allclose(own.outputs(images).logits, model.eval()(preset(images)), atol=1e-3)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_number_of_classes_is_read_off_the_users_weights(tmp_path: Path) -> None:
    save_file(torchvision.models.resnet18(weights=None, num_classes=43).state_dict(), tmp_path / "w.safetensors")
    options = {"model": "resnet18", "weights": str(tmp_path / "w.safetensors")}
    assert build_victim("torchvision/classifier", **options).labels[42] == "class42"
    with pytest.raises(BadInput, match="scores 43 classes, but 2 labels"):
        build_victim("torchvision/classifier", **options, labels=["stop", "yield"])
    with pytest.raises(BadInput, match="does not hold weights of torchvision/resnet34"):
        build_victim("torchvision/classifier", **options | {"model": "resnet34"})


def test_timm_feeds_as_its_own_data_config(shared: Path) -> None:
    """timm resizes 8-bit pictures with Pillow, we tensors: the inputs agree to one 8-bit code in the mean."""
    from PIL import Image

    victim = build_victim("timm", model="resnet18", weights="random")
    assert isinstance(victim, Classifier)
    model = timm.create_model("resnet18", pretrained=False)
    picture = load_srgb(shared / "data" / "photos" / "bus.jpg")
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    theirs = transform(Image.fromarray(rgb_u8_from_srgb(picture)))
    ours = (victim._fitted(picture[None]) - victim.mean) / victim.std
    assert ours.shape == (1, *theirs.shape)
    assert float((ours[0] - theirs).abs().mean()) < 1 / 255 / 0.225


def test_weights_that_cannot_be_had_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", lambda *args, **options: (_ for _ in ()).throw(OSError("no")))
    for part, model in (("timm", "resnet18"), ("torchvision/classifier", "resnet18")):
        with pytest.raises(BadInput, match=r"could not be downloaded .*victim\.weights=random") as caught:
            build_victim(part, model=model)
        assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_unknown_models_and_sizes_are_refused() -> None:
    for part in ("timm", "torchvision/classifier"):
        with pytest.raises(BadOption, match="Did you mean 'resnet18'"):
            build_victim(part, model="resnett18")
    with pytest.raises(BadOption, match="cannot be run at 100 x 100 px"):
        build_victim("torchvision/classifier", model="vit_b_32", weights="random", size_px=100)


def test_without_timm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r'pip install "physadv\[timm\]"'):
        build_victim("timm")
