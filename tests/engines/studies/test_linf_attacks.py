"""The plain attacks stay in their ball, lower the loss, and follow their seed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from physadv.core.types import SceneBatch
from physadv.engines.studies import linf_attacks
from physadv.engines.studies.subject import Subject
from physadv.testing.toys import ToyDetector, one_scene
from tests.engines.studies.bench import HIDE

EPS = 0.1
ATTACKS: dict[str, Callable[[Subject, SceneBatch], Tensor]] = {
    "single step": lambda subject, scene: linf_attacks.single_step(subject, scene, EPS),
    "iterative": lambda subject, scene: linf_attacks.iterative(subject, scene, EPS, 8),
    "noise": lambda subject, scene: linf_attacks.noise(subject, scene, EPS, 4),
    "squares": lambda subject, scene: linf_attacks.squares(subject, scene, EPS, 60),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_stays_in_its_ball_lowers_the_loss_and_repeats(name: str) -> None:
    subject, scene = Subject(ToyDetector(), HIDE), one_scene(2)
    made = ATTACKS[name](subject, scene)
    assert float((made - scene.srgb).abs().max()) <= EPS + 1e-6
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    before, after = (subject.losses(images, scene, "judged") for images in (scene.srgb, made))
    assert bool((after < before).all())
    assert torch.equal(made, ATTACKS[name](subject, scene))


def test_many_steps_find_the_corner_that_a_linear_victim_fears() -> None:
    subject, scene = Subject(ToyDetector(), HIDE), one_scene(2)
    made = linf_attacks.iterative(subject, scene, EPS, 10)
    assert torch.allclose(made[:, 0, 8:24, 8:24], scene.srgb[:, 0, 8:24, 8:24] - EPS, atol=1e-6)


def test_squares_shrink_as_queries_go_on() -> None:
    sides = [linf_attacks._side_px(progress, 64, 64) for progress in (0.0, 0.01, 0.1, 0.5, 0.99)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == 57
    assert sides[-1] >= 1
