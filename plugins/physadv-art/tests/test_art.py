"""ART's attacks pass our battery and leave the victim as it was; its preprocessors are what they are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("art", reason="ART is not installed: pip install ./plugins/physadv-art")

from physadv_art import METHODS, ArtAttackConfig, ArtDefenseConfig, physadv_defenses, physadv_perturbations

from physadv.api import BadOption, IncompatibleParts, Norm
from physadv.testing import ToyDetector, check_defense, check_perturbation, sample_images, toy_perturbation


def attack(method: str, steps: int = 10, **arguments: Any) -> Any:
    (row,) = physadv_perturbations()
    return row.build(ArtAttackConfig(method, steps, [f"{name}:{value}" for name, value in arguments.items()]))


def defense(method: str, strength: int = 0) -> Any:
    (row,) = physadv_defenses()
    return row.build(ArtDefenseConfig(method, strength))


@pytest.mark.parametrize("method", ["FastGradientMethod", "SquareAttack"])
def test_an_attack_passes_the_battery(method: str) -> None:
    assert check_perturbation(attack(method, 3))


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("FastGradientMethod", "SquareAttack")])
def test_every_other_method_fools_some(method: str) -> None:
    norm = Norm(METHODS[method].norms[-1])
    made = attack(method, 5).run(toy_perturbation(norm, {"linf": 0.1, "l2": 1.0, "l1": 10.0}[norm]), [])
    assert made.success.any()


def test_the_global_generators_stay_as_they_are() -> None:
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - what ART draws from
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    attack("SquareAttack", 2).run(toy_perturbation(Norm.linf, 0.1, budget=9), [])
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


@pytest.mark.parametrize("method", ["FeatureSqueezing", "JpegCompression", "SpatialSmoothing"])
def test_a_preprocessor_passes_the_battery(method: str) -> None:
    assert check_defense(defense(method), images=sample_images(2, 16, 24))


def test_feature_squeezing_leaves_as_many_levels_as_bits_make() -> None:
    behind = defense("FeatureSqueezing", 2).around(ToyDetector())
    assert len(behind.passed_on(sample_images(1, 32, 32)).unique()) == 4


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadOption, match=r"attack\.method=Boundary of art is not known here"):
        attack("Boundary")
    with pytest.raises(BadOption, match=r"attack\.steps"):
        attack("DeepFool", 0)
    with pytest.raises(BadOption, match=r"attack\.arguments lists name:value"):
        physadv_perturbations()[0].build(ArtAttackConfig("DeepFool", 3, ["size=3"]))
    with pytest.raises(BadOption, match=r"DeepFool of art has no 'size'\. It has max_iter"):
        attack("DeepFool", size=3)
    with pytest.raises(BadOption, match=r"does not take attack\.arguments=\{'epsilon': -1\}"):
        attack("DeepFool", epsilon=-1).run(toy_perturbation(Norm.l2, None), [])
    with pytest.raises(IncompatibleParts, match="works in l2, not in linf"):
        attack("DeepFool").run(toy_perturbation(Norm.linf, 0.1), [])
    with pytest.raises(IncompatibleParts, match="needs a bound"):
        attack("FastGradientMethod").run(toy_perturbation(Norm.linf, None), [])
    with pytest.raises(BadOption, match=r"quality: 1 to 95, got 96"):
        defense("JpegCompression", 96)


def test_a_black_box_gives_no_gradient_and_keeps_its_last_question() -> None:
    problem = toy_perturbation(Norm.linf, 0.1, budget=12)
    made = attack("SquareAttack", 500).run(problem, [])
    queries = problem.victim.queries
    assert queries.gradients == 0
    assert int(queries.of_each.max()) <= 12
    assert torch.equal(made.success, (made.images != problem.images).flatten(1).any(1))


def test_an_overshoot_is_kept() -> None:
    near, far = (
        attack("DeepFool", 5, epsilon=epsilon).run(toy_perturbation(Norm.l2, None), []).images
        for epsilon in (1e-6, 0.5)
    )
    clean = toy_perturbation(Norm.l2, None).images
    assert (far - clean).norm() > 1.3 * (near - clean).norm()
