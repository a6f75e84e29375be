from pathlib import Path

import pytest

from physadv.images import load_srgb
from physadv.testing import check_victim
from tests.victims.people import recall_of_tall_people
from tests.victims.yolov5n_port import YoloV5n

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


def test_people_on_real_photos_are_found_as_well_as_known(yolov5n: YoloV5n, shared: Path) -> None:
    recall, people = recall_of_tall_people(yolov5n, shared / "data" / "coco128")
    assert people == 96
    assert recall == pytest.approx(0.792, abs=0.025)
