"""Where a patch goes on an object of a photo, by the shape of its box."""

from __future__ import annotations

import pytest
import torch

from physadv.library.placement.objects import Box, PhotoObject, dressing

SIZE_PX = (400, 600)  # height, width


def across_and_down(label: str, box: Box) -> tuple[float, float]:
    """Pixels a millimetre along and across."""
    surface = dressing(label, 750.0, 0.0).surface(PhotoObject(box, 0, may_wear=True), SIZE_PX)
    assert surface is not None
    assert torch.equal(surface[2], torch.tensor([0, 0, 1], dtype=torch.float64))
    return float(surface[0, 0]), float(surface[1, 1])


@pytest.mark.parametrize("label", ["stop", "stop sign", "speed_limit"])
def test_a_print_on_a_sign_seen_from_aside_is_foreshortened_alike(label: str) -> None:
    across, down = across_and_down(label, (100.0, 100.0, 190.0, 250.0))
    assert down == pytest.approx(150 / 750)
    assert across * 750 == pytest.approx(90)  # a patch as wide as the sign is as wide as its box


@pytest.mark.parametrize(
    ("label", "box"),
    [
        ("stop sign", (100.0, 100.0, 240.0, 250.0)),  # 140 x 150: drawn by hand
        ("stop sign", (0.0, 100.0, 90.0, 250.0)),  # cut off at the edge
        ("stop sign", (510.0, 100.0, 600.0, 250.0)),
        ("stop sign", (100.0, 100.0, 300.0, 250.0)),  # wider than high
        ("person", (100.0, 100.0, 160.0, 250.0)),  # no board
    ],
)
def test_elsewhere_a_millimetre_is_as_long_both_ways(label: str, box: Box) -> None:
    across, down = across_and_down(label, box)
    assert across == down == pytest.approx((box[3] - box[1]) / 750)
