"""Random resizing and padding."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.types import Candidates
from physadv.parts.defenses.options import ResizePadConfig, check_resize_pad
from physadv.parts.defenses.purification.resize_pad import ResizePad
from physadv.testing import ToyGridDetector

PADDED = ResizePad(ResizePadConfig(largest=1.5))


@dataclass(frozen=True)
class BoxesWhite(ToyGridDetector):
    """Puts one box round all that is lit."""

    def outputs(self, images: Tensor) -> Candidates:
        boxes = []
        for image in images:
            down, across = (image.amax(0) > 0.5).nonzero(as_tuple=True)
            edges = (across.min(), down.min(), across.max() + 1, down.max() + 1)
            boxes.append([float(edge) for edge in edges])
        return Candidates(images.new_tensor(boxes)[:, None], images.new_ones(len(images), 1, 2))


def test_boxes_come_back_to_where_the_object_is() -> None:
    """The whole picture is lit, so the box is the picture again, wherever it lay and however large it was."""
    made = PADDED.around(BoxesWhite())
    images = torch.stack([torch.full((3, 20, 30), level) for level in (0.7, 0.8, 0.9)])
    boxes = made.outputs(images).boxes_xyxy_px
    torch.testing.assert_close(boxes, torch.tensor([0.0, 0, 30, 20]).expand(3, 1, 4), rtol=0, atol=1e-3)


def test_pictures_lie_at_other_places_and_all_of_each_is_there() -> None:
    made = PADDED.around(ToyGridDetector())
    images = torch.stack([torch.full((3, 20, 30), level) for level in (0.7, 0.8, 0.9)])
    canvases = made.passed_on(images)  # type: ignore[attr-defined]
    assert tuple(canvases.shape) == (3, 3, 30, 45)
    lit = [tuple((canvas[0] > 0.5).nonzero()[0].tolist()) for canvas in canvases]
    assert len(set(lit)) == 3
    for canvas, level in zip(canvases, (0.7, 0.8, 0.9), strict=True):
        on_it = canvas[0] > 0.5
        torch.testing.assert_close(canvas[:, on_it], torch.full_like(canvas[:, on_it], level))
        assert float(canvas[:, ~on_it].abs().sum()) == 0
        assert 600 <= int(on_it.sum()) <= 30 * 45


@pytest.mark.parametrize(("largest", "padding"), [(1.0, 0.0), (5.0, 0.0), (1.1, 2.0)])
def test_a_canvas_that_cannot_be_is_refused(largest: float, padding: float) -> None:
    with pytest.raises(BadOption, match="defense"):
        check_resize_pad(ResizePadConfig(largest, padding, seed=0))
