"""The victim behind a localiser, and what an attack may know of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.defended import defended_in
from physadv.parts.defenses.localisation.chroma import ChromaLocaliser
from physadv.parts.defenses.localisation.localised import LocalisingDefense
from physadv.parts.defenses.localisation.masks import Thresholds
from physadv.testing import ToyGridDetector
from physadv.testing.toys import one_scene

DEFENSE = LocalisingDefense("chroma", ChromaLocaliser(), Thresholds(0.2, 0.3), {})


def _behind(*defenses: LocalisingDefense) -> Any:
    victim: Any = ToyGridDetector()
    for defense in defenses:
        victim = defense.around(victim)
    return victim


def _patched(strength: float = 1.0) -> Tensor:
    """``(1,3,64,64)`` plain, with 24 px of coloured noise from (16, 24) on."""
    picture = torch.full((1, 3, 64, 64), 0.5)
    noise = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0)) - 0.5
    picture[..., 16:40, 24:48] += strength * noise
    return picture


def test_a_patch_is_painted_over_and_the_rest_is_the_same() -> None:
    made = _behind(DEFENSE)
    mask, shown = made.masks(_patched()), made.passed_on(_patched())
    expected = torch.zeros(1, 1, 64, 64)
    expected[..., 16:40, 24:48] = 1
    assert torch.equal(mask, expected)
    torch.testing.assert_close(shown, torch.full_like(shown, 0.5), rtol=0, atol=0.02)
    assert torch.equal(shown * (1 - mask), _patched() * (1 - mask))


def test_a_plain_picture_passes_untouched() -> None:
    assert torch.equal(_behind(DEFENSE).passed_on(_patched(0)), _patched(0))


def test_the_forward_pass_is_the_same_with_and_without_gradient() -> None:
    made = _behind(DEFENSE)
    torch.testing.assert_close(made.passed_on(_patched().requires_grad_()).detach(), made.passed_on(_patched()))


def test_a_gradient_reaches_the_patch_through_the_soft_mask() -> None:
    leaf = _patched().requires_grad_()
    weights = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    (slope,) = torch.autograd.grad((_behind(DEFENSE).passed_on(leaf) * weights).sum(), leaf)
    assert bool((slope[..., 16:40, 24:48].abs().sum(1) > 0).float().mean() > 0.9)


def test_the_evasion_falls_with_the_colour_of_the_patch_until_it_is_unseen() -> None:
    evasion = defended_in(_behind(DEFENSE)).evasion  # type: ignore[union-attr]
    scene = replace(one_scene(side=64), boxes_xyxy_px=torch.tensor([[20.0, 12.0, 52.0, 44.0]]))
    losses = [float(evasion.loss(_patched(strength), scene)) for strength in (1.0, 0.5, 0.0)]  # type: ignore[union-attr]
    assert losses[0] > losses[1] > losses[2] == 0


def test_the_evasion_looks_at_wearers_alone() -> None:
    evasion = _behind(DEFENSE).evasion
    scene = replace(one_scene(side=64), boxes_xyxy_px=torch.tensor([[48.0, 48.0, 64.0, 64.0]]))
    assert float(evasion.loss(_patched(), scene)) == 0
    here = replace(scene, boxes_xyxy_px=torch.tensor([[20.0, 12.0, 52.0, 44.0]]))
    assert float(evasion.loss(_patched(), replace(here, wears=torch.tensor([False])))) == 0


def test_the_evasion_follows_a_scene_that_an_outer_defence_has_enlarged() -> None:
    evasion = _behind(DEFENSE).evasion
    scene = replace(one_scene(side=32), boxes_xyxy_px=torch.tensor([[10.0, 6.0, 26.0, 22.0]]))
    assert float(evasion.loss(_patched(), scene)) > 0


def test_two_localisers_have_to_be_evaded_together() -> None:
    other = LocalisingDefense("other", ChromaLocaliser(), Thresholds(0.1, 0.3), {})
    scene = replace(one_scene(side=64), boxes_xyxy_px=torch.tensor([[20.0, 12.0, 52.0, 44.0]]))
    both, outer = (_behind(*chain).evasion.loss(_patched(0.4), scene) for chain in ((DEFENSE, other), (other,)))
    assert float(both) >= float(outer) > 0


@pytest.mark.parametrize(("strength", "above"), [(1.0, True), (0.1, False)])
def test_the_alarm_is_one_where_masking_begins(strength: float, above: bool) -> None:
    assert (float(_behind(DEFENSE).alarm(_patched(strength))) > 1) is above


def test_thresholds_and_options_are_in_the_digest() -> None:
    digests = {
        _behind(LocalisingDefense("chroma", ChromaLocaliser(), Thresholds(low, 0.3), options)).digest
        for low in (0.1, 0.2)
        for options in ({}, {"levels": 3})
    }
    assert len(digests) == 4
