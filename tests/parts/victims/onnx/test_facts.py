"""What files say of themselves is read where it can be, and all bytes of a network are in its digest."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from physadv.api import Classifier
from physadv.core.access import AccessLevel
from physadv.core.errors import BadInput
from physadv.parts.victims.onnx.facts import Facts, facts_of
from physadv.parts.victims.onnx.file import read_onnx
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import write_detector
from tests.parts.victims.onnx.test_layouts import yolov8_table
from tests.parts.victims.test_classifiers import write_classifier

TABLE = yolov8_table().transpose(0, 2, 1)


def said(tmp_path: Path, **metadata: str) -> Facts:
    path = write_detector(tmp_path / "m.onnx", [TABLE], said=metadata)
    return facts_of(onnx.load(str(path)), path)


@pytest.mark.parametrize(
    "metadata",
    [
        {"names": "{0: 'stop', 1: 'yield'}"},
        {"names": '{"0": "stop", "1": "yield"}'},
        {"class_names": '["stop", "yield"]'},
        {"classes": "stop, yield"},
        {"labels": "stop\nyield"},
    ],
)
def test_class_names_are_read_however_they_are_written(tmp_path: Path, metadata: dict[str, str]) -> None:
    assert said(tmp_path, **metadata).names == ("stop", "yield")


@pytest.mark.parametrize("names", ["{0: 'stop', 2: 'gap'}", "[" * 5000, "{'a': 'b'}", "[1.5]", "['', 'x']"])
def test_names_that_cannot_be_read_are_told_of(tmp_path: Path, names: str, caplog: pytest.LogCaptureFixture) -> None:
    assert said(tmp_path, names=names).names is None
    assert "give victim.labels" in caplog.text


def test_task_keypoints_and_size_are_read(tmp_path: Path) -> None:
    facts = said(tmp_path, task="pose", kpt_shape="[17, 3]", imgsz="[320, 416]")
    assert (facts.task, facts.keypoint_numbers, facts.size_hw) == ("pose", 51, (320, 416))
    rubbish = said(tmp_path, task="?", kpt_shape="[-1, 'x']", imgsz="[0, 1e9]")
    assert (rubbish.keypoint_numbers, rubbish.size_hw) == (0, None)


def test_a_graph_of_any_size_runs_at_the_size_that_its_file_states(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "m.onnx", [TABLE], side="side", said={"imgsz": "[64, 64]"})
    assert read_onnx(path, 0).input_hw == (64, 64)
    assert read_onnx(path, 96).input_hw == (96, 96)


@pytest.mark.parametrize("folder", [".", "onnx"])
def test_the_configuration_beside_the_file_names_and_feeds(
    tmp_path: Path, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    path = write_classifier(tmp_path / folder / "model.onnx")
    bare = of(path)
    assert bare.mean.flatten().tolist() == [0, 0, 0]
    assert "nothing says how this classifier is fed" in caplog.text
    caplog.clear()
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", "id2label": {"0": "a", "1": "b", "2": "c"}}))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5] * 3, "image_std": [0.25] * 3}))
    told = of(path)
    assert (told.labels, told.mean.flatten().tolist(), told.std.flatten().tolist()) == (
        ("a", "b", "c"),
        [0.5] * 3,
        [0.25] * 3,
    )
    assert told.digest != bare.digest
    assert "nothing says" not in caplog.text
    assert of(path, mean=[0.1], std=[0.2]).mean.flatten().tolist() == pytest.approx([0.1] * 3)


def test_configurations_of_others_and_rubbish_are_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_classifier(tmp_path / "model.onnx")
    for text in ('{"names": ["x"]}', "[1, 2]", "{", "[" * 100_000):
        (tmp_path / "config.json").write_text(text)
        assert of(path).labels == ("class0", "class1", "class2")
    assert "cannot be read" in caplog.text


def of(path: Path, **options: object) -> Classifier:
    victim = build_victim("onnx", path=str(path), **options)
    assert isinstance(victim, Classifier)
    return victim


def test_a_classifier_of_ultralytics_is_fed_as_its_metadata_imply(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_classifier(tmp_path / "c.onnx", 1000, side=224)
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"task": "classify", "description": "Ultralytics YOLOv8n-cls model"})
    onnx.save(model, str(path))
    with caplog.at_level(logging.INFO):
        victim = of(path)
    assert victim.mean.flatten().tolist() == [0, 0, 0]
    assert victim.shorter_px == 224
    assert "the file's metadata" in caplog.text


@pytest.mark.parametrize("backend", ["onnx", "onnxruntime", "opencv-dnn"])
def test_one_channel_is_fed_grey(tmp_path: Path, backend: str) -> None:
    path = write_classifier(tmp_path / "digits.onnx", side=28)
    model = onnx.load(str(path))
    kernel = next(tensor for tensor in model.graph.initializer if tensor.name == "kernel")
    thin = onnx.numpy_helper.to_array(kernel)[:, :1].copy()
    kernel.CopyFrom(onnx.numpy_helper.from_array(thin, "kernel"))
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    onnx.save(model, str(path))
    victim = build_victim(backend, path=str(path), mean=[0.1307], std=[0.3081])
    image = torch.rand(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    grey = (image * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True).expand(-1, 3, -1, -1)
    assert torch.allclose(victim.outputs(image).logits, victim.outputs(grey).logits, atol=1e-5)
    assert not torch.allclose(victim.outputs(image).logits, victim.outputs(image.flip(1)).logits, atol=1e-5)
    if victim.access is AccessLevel.gradients:
        image.requires_grad_(True)
        victim.outputs(image).logits[:, 0].sum().backward()
        assert image.grad is not None
        shares = image.grad.flatten(2).abs().sum(2)[0]
        assert (shares / shares.sum()).tolist() == pytest.approx([0.299, 0.587, 0.114], abs=1e-3)


def beside(path: Path, table: np.ndarray) -> Path:
    """The detector with its weights in a second file."""
    write_detector(path, [table])
    model = onnx.load(str(path))
    onnx.save_model(model, str(path), save_as_external_data=True, location="weights.bin", size_threshold=0)
    return path


def test_the_digest_covers_weights_beside_the_graph(tmp_path: Path) -> None:
    digests, graphs = [], []
    for index, gain in enumerate((1.0, 1.0, 0.5)):
        (tmp_path / str(index)).mkdir()
        path = beside(tmp_path / str(index) / "m.onnx", TABLE * gain)
        digests.append(read_onnx(path, 0).digest)
        graphs.append(path.read_bytes())
    assert graphs[0] == graphs[2]  # the graph alone does not tell
    assert digests[0] == digests[1] != digests[2]


def test_missing_weights_beside_the_graph_are_named(tmp_path: Path) -> None:
    path = beside(tmp_path / "m.onnx", TABLE)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(BadInput, match=r"m\.onnx.*"):
        read_onnx(path, 0)


def test_inputs_besides_the_image_that_follow_from_it_are_filled_in(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "m.onnx", [TABLE])
    model = onnx.load(str(path))
    sizes = onnx.helper.make_tensor_value_info("orig_target_sizes", onnx.TensorProto.INT64, ["N", 2])
    model.graph.input.append(sizes)
    onnx.save(model, str(path))
    file = read_onnx(path, 0)
    assert file.constants["orig_target_sizes"].tolist() == [[64, 64]]
    assert [value.name for value in file.model.graph.input] == ["images"]
    sizes.name = "question"
    model.graph.input[1].name = "question"
    onnx.save(model, str(path))
    with pytest.raises(BadInput, match=r"takes 2 inputs \(images, question\)"):
        read_onnx(path, 0)
