"""Prints in the cloth of the drawn street: where the plane of the chest says, covered by arms, nowhere else."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage, PatchPlace, SceneBatch
from physadv.parts.scenes.street import StreetScenes
from physadv.parts.scenes.street_cloth import StreetClothScenes
from physadv.parts.scenes.street_options import StreetConfig
from tests.parts.scenes.test_street import alone, px_per_mm

CONFIG = alone(images=3, width_px=480, height_px=320, distance_m=[2.6, 4.0], yaw_deg=[-25.0, 25.0])


def plain(colour: tuple[float, float, float], width_mm: float) -> PatchImage:
    srgb = torch.tensor(colour)[:, None, None].expand(3, 24, 24).contiguous()
    return PatchImage(srgb, torch.ones(1, 24, 24), width_mm)


def rendered(scene: SceneBatch, patch: PatchImage, config: StreetConfig = CONFIG) -> torch.Tensor:
    renderer = StreetClothScenes(config).renderer(PatchPlace(), None)
    return renderer.render(scene, patch, renderer.sample(scene, torch.Generator()))


@pytest.fixture(scope="module")
def scene() -> SceneBatch:
    return next(StreetClothScenes(CONFIG).sweep(3))


def test_without_a_print_it_is_the_street(scene: SceneBatch) -> None:
    assert torch.equal(scene.srgb, next(StreetScenes(CONFIG).sweep(3)).srgb)
    nothing = PatchImage(torch.zeros(3, 8, 8), torch.zeros(1, 8, 8), 300.0)
    assert torch.equal(rendered(scene, nothing), scene.srgb)


def test_a_small_print_is_seen_where_the_plane_of_the_chest_says_and_as_large(scene: SceneBatch) -> None:
    changed = (rendered(scene, plain((1.0, 0.0, 1.0), 120.0)) - scene.srgb).abs().amax(1) > 0.1
    for image, lens in enumerate(scene.image_from_surface):
        rows, columns = changed[image].nonzero().unbind(1)
        middle = torch.stack([columns.float().mean(), rows.float().mean()])
        assert torch.dist(middle, lens[:2, 2] / lens[2, 2]) < 1.5
        assert len(rows) == pytest.approx((120 * float(px_per_mm(scene)[image])) ** 2, rel=0.25)


def test_a_print_changes_nothing_but_the_shirt(scene: SceneBatch) -> None:
    assert scene.visible is not None
    difference = (rendered(scene, plain((0.0, 1.0, 0.0), 300.0)) - scene.srgb).abs().amax(1)
    assert float(difference[scene.visible[:, 0] == 0].max()) < 0.02
    assert float(difference.max()) > 0.2


def test_a_picture_of_another_street_is_refused(scene: SceneBatch) -> None:
    with pytest.raises(BadInput, match="street-cloth"):
        rendered(scene, plain((1.0, 1.0, 1.0), 100.0), alone(images=1))


def test_its_parts_are_those_of_the_street() -> None:
    small = alone(images=3, width_px=96, height_px=64)
    mine, other = StreetClothScenes(small).split(0.34, 5), StreetScenes(small).split(0.34, 5)
    assert [next(a.sweep(3)).keys for a in mine] == [next(b.sweep(3)).keys for b in other]
    drawn = next(mine[0].batches(2, torch.Generator().manual_seed(0)))
    assert set(drawn.keys) <= set(next(mine[0].sweep(3)).keys)
