"""What is missing of the print: how much of it, in which colour, and that no gradient comes from there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.types import CUTOUT, ERASE, Draws, PatchImage, SceneBatch
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, LightConfig, SurfaceConfig
from physadv.parts.transfer.hardening import draw_cutout, draw_erase
from tests.parts.render.scenes import opaque, scene_of, upright

SIDE = 200  # px of the print in the picture


def on_the_print(
    stages: dict[str, dict[str, Tensor]], config: EotConfig, patch: PatchImage, wearers: int = 1
) -> Tensor:
    """The part of the picture that shows the print."""
    scene, renderer = view(wearers), build_renderer(config)
    drawn = renderer.sample(scene, torch.Generator().manual_seed(0))
    return renderer.render(scene, patch, Draws({**drawn.stages, **stages}))[:, :, 28:228, 28:228]


def view(wearers: int = 1) -> SceneBatch:
    return scene_of(torch.full((wearers, 3, 256, 256), 0.25), upright(127.5, 127.5, 2.0).repeat(wearers, 1, 1),
                    image_of=list(range(wearers)))  # fmt: skip


def white() -> PatchImage:
    return opaque(torch.ones(3, 50, 50), 100.0)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_cutout_covers_the_stated_share_in_grey() -> None:
    drawn = draw_cutout(1, 1.0, 0.4, random())
    shown = on_the_print({CUTOUT: drawn}, EotConfig(), white())
    grey = (shown - 0.5).abs().amax(1) < 0.01
    assert grey.float().mean().item() == pytest.approx(0.4**2, abs=0.01)
    assert ((shown > 0.99).all(1) | grey).float().mean() > 0.95  # else the white print, but for its soft rim


def test_cutout_lies_all_over_the_print_and_spares_the_stated_share() -> None:
    rectangles = draw_cutout(4000, 0.9, 0.4, random())["rectangle"]
    cut = rectangles[rectangles[:, 2] > rectangles[:, 0]]
    assert len(cut) / 4000 == pytest.approx(0.9, abs=0.02)
    assert cut.min() >= 0
    assert cut.max() <= 1
    torch.testing.assert_close(cut[:, 2:] - cut[:, :2], torch.full((len(cut), 2), 0.4))
    assert (cut[:, :2].amin(0) < 0.01).all()
    assert (cut[:, 2:].amax(0) > 0.99).all()


def test_an_erased_block_shows_the_scene() -> None:
    gone = torch.tensor([[[True, False], [False, False]]])
    shown = on_the_print({ERASE: {"gone": gone}}, EotConfig(), white())
    torch.testing.assert_close(shown[0, :, :98, :98], torch.full((3, 98, 98), 0.25), atol=2e-3, rtol=0)
    assert shown[0, :, 4:98, 102:-4].min() > 0.99
    assert shown[0, :, 102:-4, 4:98].min() > 0.99


def test_erasing_removes_the_stated_share_of_the_blocks() -> None:
    gone = draw_erase(2000, 0.3, 6, random())["gone"]
    assert gone.shape == (2000, 6, 6)
    assert gone.float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_no_gradient_comes_from_what_is_missing() -> None:
    srgb = torch.full((3, 50, 50), 0.6).requires_grad_()
    stages = {
        CUTOUT: {"rectangle": torch.tensor([[0.5, 0.0, 1.0, 0.5]])},
        ERASE: {"gone": torch.tensor([[[False, False], [True, False]]])},
    }
    on_the_print(stages, EotConfig(), opaque(srgb, 100.0)).sum().backward()
    assert srgb.grad is not None
    assert srgb.grad[:, 5:20, 30:45].abs().max() == 0  # grey
    assert srgb.grad[:, 30:45, 5:20].abs().max() == 0  # gone
    assert srgb.grad[:, 5:20, 5:20].min() > 0


def test_grey_paper_is_lit_as_the_print_is() -> None:
    config = EotConfig(light=LightConfig(exposure_ev=[-1, -1], key_to_ambient=[1, 1], shadow=[0.5, 0.5]),
                       surface=SurfaceConfig(curvature_per_m=[3, 3]))  # fmt: skip
    everywhere = {CUTOUT: {"rectangle": torch.tensor([[0.0, 0.0, 1.0, 1.0]])}}
    grey = opaque(torch.full((3, 50, 50), 0.5), 100.0)
    torch.testing.assert_close(
        on_the_print(everywhere, config, white()), on_the_print({}, config, grey), atol=4e-3, rtol=0
    )


def test_every_wearer_misses_its_own_parts() -> None:
    drawn = draw_cutout(3, 1.0, 0.4, random())
    shown = on_the_print({CUTOUT: drawn}, EotConfig(), white(), wearers=3)
    greys = (shown - 0.5).abs().amax(1) < 0.01
    assert not torch.equal(greys[0], greys[1])
    alone = on_the_print({CUTOUT: {"rectangle": drawn["rectangle"][2:]}}, EotConfig(), white())
    assert torch.equal(alone[0], shown[2])
