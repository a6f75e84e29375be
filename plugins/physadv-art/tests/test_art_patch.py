"""ART's patch passes our battery, lies on the object, and each of its steps begins with a gradient of zero."""

from __future__ import annotations

from typing import Any

import pytest
import torch

pytest.importorskip("art", reason="ART is not installed: pip install ./plugins/physadv-art")

from dataclasses import replace

from physadv_art import ArtPatchConfig, physadv_attacks
from physadv_art.patch_attack import _ArtSteps

from physadv.api import BadOption, IncompatibleParts, NoCheckpoints, PatchImage, build, generator
from physadv.testing import ToyPatch, check_attack, one_scene, toy_problem


def attack(**options: Any) -> Any:
    (row,) = physadv_attacks()
    return row.build(ArtPatchConfig(**options))


def test_it_passes_the_battery() -> None:
    assert check_attack(attack(lr=0.05), steps=18)


def steps_of(problem: Any) -> Any:
    return _ArtSteps(problem, {"optimizer": "pgd", "learning_rate": 0.02, "rotation_max": 0.0}, 0.0)


def test_the_patch_lies_on_the_object_in_its_size() -> None:
    problem, scene = toy_problem(), one_scene(1)
    with torch.no_grad():
        problem.patch.srgb.copy_(torch.tensor([0.0, 1, 0]).reshape(3, 1, 1).expand_as(problem.patch.srgb))
    images = steps_of(problem)._worn(scene, 16.0, generator(0, "test"))
    changed = (images != scene.srgb).any(1)[0].nonzero()
    assert (changed.amax(0) - changed.amin(0) - 15).abs().max() <= 1
    assert (changed.double().mean(0) - 15.5).abs().max() <= 1


def test_a_patch_that_is_not_square_keeps_its_shape() -> None:
    class Wide(ToyPatch):
        def forward(self) -> PatchImage:
            return PatchImage(self.srgb, torch.ones_like(self.srgb[:1]), 16.0)

    problem, scene = toy_problem(), one_scene(1)
    wide = Wide()
    wide.srgb = torch.nn.Parameter(torch.ones(3, 4, 8))
    images = steps_of(replace(problem, patch=wide))._worn(scene, 16.0, generator(0, "test"))
    rows, columns = (images != scene.srgb).any(1)[0].nonzero().T
    assert abs(int(columns.max() - columns.min()) - 15) <= 1
    assert abs(int(rows.max() - rows.min()) - 7) <= 2  # its edge is blurred, as ART enlarges it


def test_gradients_do_not_add_up_over_steps() -> None:
    problem = toy_problem()
    steps, sizes = steps_of(problem), []
    for _ in range(3):
        with torch.no_grad():
            steps._art._patch.fill_(0.5)
        steps.step(problem, 0, generator(0, "the same"))
        sizes.append(float(steps._art._patch.grad.norm()))
    assert sizes == pytest.approx([sizes[0]] * 3)


def test_penalties_count() -> None:
    problem = toy_problem()
    smooth = replace(problem, penalties=(build("penalties", "tv", weight=1e6),))
    noise = torch.rand(3, 8, 8, generator=generator(0, "noise"))
    with torch.no_grad():
        problem.patch.srgb.copy_(noise)
    told = steps_of(smooth).step(smooth, 0, generator(0, "test"))
    assert told.terms.keys() == {"goal", "tv"}
    assert float(smooth.penalties[0](problem.patch()).detach()) < told.terms["tv"]


def test_what_it_cannot_do_is_refused() -> None:
    for options, said in (({"optimizer": "sgd"}, "Adam or pgd"), ({"lr": 0.0}, "above 0"), ({"spread": 1.0}, "spread")):
        with pytest.raises(BadOption, match=said):
            attack(**options)
    palette = replace(toy_problem(), patch=build("patches", "palette"))
    with pytest.raises(IncompatibleParts, match="choose patch=raster"):
        attack().run(palette, [], NoCheckpoints())
