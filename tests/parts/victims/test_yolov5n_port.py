from pathlib import Path

import pytest
import torch

from physadv.library.files.images import load_srgb
from physadv.parts.victims.onnx.graph_layouts import detect_layout
from physadv.parts.victims.onnx.graph_probe import Probe
from physadv.testing import check_victim
from tests.parts.victims.people import recall_of_tall_people
from tests.parts.victims.yolov5n_port import YoloV5n

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="module")
def yolov5n(shared: Path) -> YoloV5n:
    return YoloV5n(shared / "weights" / "yolov5n_coco_640_fp16.safetensors")


def test_the_port_passes_the_battery(shared: Path) -> None:
    assert check_victim(YoloV5n(shared / "weights" / "yolov5n_coco_640_fp16.safetensors", side_px=160))


def test_the_bus_and_the_people_beside_it_are_found(yolov5n: YoloV5n, shared: Path) -> None:
    (found,) = yolov5n.decide(yolov5n.outputs(load_srgb(shared / "data" / "photos" / "bus.jpg")[None]))
    by_label = {
        label: found.scores[found.labels == yolov5n.labels.index(label)].tolist() for label in ("bus", "person")
    }
    assert by_label["person"] == pytest.approx([0.82, 0.81, 0.67], abs=0.05)
    assert by_label["bus"] == pytest.approx([0.60], abs=0.05)


def test_raw_heads_decode_to_what_the_network_itself_decodes(yolov5n: YoloV5n, shared: Path) -> None:
    raw: list[torch.Tensor] = []
    hooks = [layer.register_forward_hook(lambda *call: raw.append(call[2])) for layer in yolov5n.network.model[24].m]
    boxes, scores = yolov5n.network(load_srgb(shared / "data" / "photos" / "bus.jpg")[None, :, :, :480])
    for hook in hooks:
        hook.remove()
    split = [one.unflatten(1, (3, -1)).permute(0, 1, 3, 4, 2) for one in reversed(raw)]
    for outputs in (raw, split):  # as (B, 3 (5 + K), h, w), and as (B, 3, h, w, 5 + K) in another order
        layout = detect_layout(Probe(tuple(outputs), (640, 480), 80), "yolov5-heads", "file")
        ours = layout.decoder(outputs)
        for mine, its in zip(ours, (boxes, scores), strict=True):
            assert torch.allclose(mine.sum((0, 1)), its.sum((0, 1)), rtol=1e-4)
        best, same = ours[1].amax(2).argmax(1), scores.amax(2).argmax(1)
        assert torch.allclose(ours[0][0, best], boxes[0, same], atol=1e-2)


def test_people_on_real_photos_are_found_as_well_as_known(yolov5n: YoloV5n, shared: Path) -> None:
    recall, people = recall_of_tall_people(yolov5n, shared / "data" / "coco128")
    assert people == 96
    assert recall == pytest.approx(0.792, abs=0.025)
