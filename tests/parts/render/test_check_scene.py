"""A surface that cannot be seen where the patch is meant to be is refused in one line that names the picture."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, PlaceConfig

TILTED = [[0.1, 0.0, 16.0], [0.0, 0.1, 16.0], [0.002, 0.0, 1.0]]  # its plane meets the camera's at x = -500 mm


def scene(matrix: list[list[float]]) -> SceneBatch:
    return SceneBatch(
        srgb=torch.full((1, 3, 32, 32), 0.5), sizes_px=torch.tensor([[32, 32]]), keys=("street.jpg",),
        image_of=torch.tensor([0]), boxes_xyxy_px=torch.tensor([[8.0, 8, 24, 24]]), labels=torch.tensor([0]),
        label_names=("sign",), wears=torch.tensor([True]), image_from_surface=torch.tensor([matrix]),
        light=torch.ones(1, 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("matrix", "x_mm"),
    [
        ([[0.1, 0.0, 16.0], [0.1, 0.0, 16.0], [0.0, 0.0, 1.0]], 0.0), (TILTED, -501.0), (TILTED, -900.0),
        ([[-value for value in row] for row in TILTED], -900.0), ([[float("nan")] * 3] * 3, 0.0),
    ],
)  # fmt: skip
def test_a_surface_without_area_or_behind_the_camera_explains_itself(matrix: list[list[float]], x_mm: float) -> None:
    renderer = build_renderer(EotConfig(place=PlaceConfig(x_mm=x_mm)))
    batch, patch = scene(matrix), PatchImage(torch.rand(3, 8, 8), torch.ones(1, 8, 8), 60.0)
    with pytest.raises(BadInput, match=r"street\.jpg.*no area before the camera") as caught:
        renderer.render(batch, patch, renderer.sample(batch, torch.Generator().manual_seed(0)))
    assert "\n" not in str(caught.value)


def test_before_the_camera_it_is_drawn() -> None:
    renderer = build_renderer(EotConfig())
    batch, patch = scene(TILTED), PatchImage(torch.ones(3, 8, 8), torch.ones(1, 8, 8), 60.0)
    image = renderer.render(batch, patch, renderer.sample(batch, torch.Generator().manual_seed(0)))
    assert float(image[0, :, 16, 16].min()) > 0.9
