"""Any torch module that detects is a victim: boxes return to the image, doubles are dropped, weights are frozen."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from physadv.api import AccessLevel, BadOption, BadShape, Detector, IncompatibleParts, Task
from physadv.testing import VICTIM_CHECKS, VictimCheck, sample_images

LABELS = ("board", "ghost")


class Cells(nn.Module):
    """A box in each of 4 × 4 cells of the canvas, scored by a small convolution."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            self.score = nn.Conv2d(3, len(LABELS), 3, padding=1)

    def forward(self, canvas: Tensor) -> tuple[Tensor, Tensor]:
        scores = nn.functional.adaptive_avg_pool2d(self.score(canvas), 4).sigmoid().flatten(2).mT
        across, down = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="xy")
        corners = torch.stack([across, down, across + 1, down + 1], -1).flatten(0, 1) * canvas.shape[-1] / 4
        return corners.to(canvas).expand(len(canvas), -1, -1), scores


class Told(nn.Module):
    """Puts out what it was given to say, and remembers what it was shown."""

    def __init__(self, boxes: Any, scores: Any) -> None:
        super().__init__()
        self.answer = (torch.tensor(boxes), torch.tensor(scores))

    def forward(self, canvas: Tensor) -> Any:
        self.shown = canvas
        return self.answer


def made(network: nn.Module | None = None, **options: Any) -> Detector:
    return Detector(network or Cells(), LABELS, **{"name": "acme/cells", "size_px": 32} | options)


@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"keep_aspect": False, "bgr": True, "iou": 1.0}, {"centred": True}],
                         ids=["plain", "stretched", "centred"])  # fmt: skip
def test_a_small_network_passes_the_battery(options: dict[str, Any], check: VictimCheck) -> None:
    check(made(**options), sample_images())


def test_it_says_what_it_is() -> None:
    victim = made()
    assert (victim.task, victim.access, victim.networks) == (Task.detection, AccessLevel.gradients, (victim,))
    assert victim.digest == made().digest != made(Told([[[0.0] * 4]], [[[0.5, 0.1]]])).digest


def test_boxes_come_back_to_the_image() -> None:
    network = Told([[[0.0, 0, 16, 16], [8, 8, 40, 40]]], [[[0.9, 0.0], [0.0, 0.8]]])
    images = torch.full((1, 3, 32, 64), 0.5)
    boxes = made(network).outputs(images).boxes_xyxy_px  # half as large on the canvas, at its top
    assert boxes.tolist() == [[[0, 0, 32, 32], [16, 16, 64, 32]]]
    assert network.shown[0, 0, :, 0].tolist() == pytest.approx([0.5] * 16 + [114 / 255] * 16)
    boxes = made(network, centred=True).outputs(images).boxes_xyxy_px
    assert boxes.tolist() == [[[0, 0, 32, 16], [16, 0, 64, 32]]]
    boxes = made(network, keep_aspect=False).outputs(images).boxes_xyxy_px
    assert boxes.tolist() == [[[0, 0, 32, 16], [16, 8, 64, 32]]]


def test_pixels_are_normalised_in_the_order_that_is_said() -> None:
    network = Told([[[0.0] * 4]], [[[0.5, 0.1]]])
    images = torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    made(network, size_px=4, mean=(0.5, 0.5, 0.5), std=(0.5, 0.25, 0.5), bgr=True).outputs(images)
    assert network.shown[0, :, 0, 0].tolist() == [-1, 0, 1]


def test_doubles_are_dropped_unless_the_network_does_it_itself() -> None:
    network = Told([[[0.0, 0, 8, 8], [0, 0, 8, 9], [0, 0, 8, 8]]], [[[0.9, 0.0], [0.8, 0.0], [0.0, 0.7]]])
    images = torch.zeros(1, 3, 32, 32)
    for iou, scores in ((0.5, [0.9, 0.7]), (1.0, [0.9, 0.8, 0.7])):
        victim = made(network, iou=iou)
        (found,) = victim.decide(victim.outputs(images))
        assert found.scores.tolist() == pytest.approx(scores)
    (found,) = victim.decide(victim.outputs(images), 0.75)
    assert found.labels.tolist() == [0, 0]


@pytest.mark.parametrize(("network", "told"), [
    (Told([[[0.0] * 4]], [[[0.5]]]), r"\(1, 1, 4\) and \(1, 1, 1\)"),
    (Told([[0.0] * 4], [[0.5, 0.1]]), r"\(1, 4\) and \(1, 2\)"),
    (nn.Identity(), "puts out Tensor"),
], ids=["labels", "batch", "one"])  # fmt: skip
def test_a_network_that_puts_out_anything_else_is_told(network: nn.Module, told: str) -> None:
    with pytest.raises(BadShape, match=told):
        made(network).outputs(torch.zeros(1, 3, 32, 32))


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadOption, match="iou above 0"):
        made(iou=0)
    with pytest.raises(IncompatibleParts, match="needs a label"):
        Detector(Cells(), (), name="x", size_px=32)
