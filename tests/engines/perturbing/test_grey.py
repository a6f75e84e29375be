"""Grey pictures are changed in all colours alike, and their distances count a pixel once."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import nn

from physadv.app.registry import Registry
from physadv.core.access import AccessLevel
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.engines.perturbing.attacked_victim import GreyPictures
from physadv.engines.perturbing.probe import refusal
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import size
from physadv.parts.victims.classifier import Classifier
from tests.running import physadv

REGISTRY = Registry(discover=False)


def problem(norm: Norm, eps: float | None, budget: int | None) -> PerturbationProblem:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 36, 3))
    victim = Classifier(network, ("a", "b", "c"), name="toy", size_px=6)
    images = torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    labels = victim.decide(victim.outputs(images.expand(-1, 3, -1, -1))).labels
    counted = Counted(GreyPictures(victim), queries=Queries.apart(4, budget))
    return PerturbationProblem(images, labels, counted, norm, eps, 0, OneDevice(torch.device("cpu")))


@pytest.mark.parametrize("name", [offered.entry.name for offered in REGISTRY.offered("perturbations")])
def test_every_attack_changes_grey_pictures_in_grey(name: str) -> None:
    config = REGISTRY.entry("perturbations", name).config()
    if "steps" in {field.name for field in fields(config)}:
        config = replace(config, steps=20)
    attack: PerturbationAttack = REGISTRY.build("perturbations", name, config)
    norm, eps = next((norm, eps) for norm, eps in product(Norm, (2.0, 0.3, None)) if refusal(attack, norm, eps) is None)
    stated = problem(norm, eps, None if attack.needs is AccessLevel.gradients else 400)
    made = attack.run(stated, [])
    assert made.images.shape == stated.images.shape
    if eps is not None:
        assert bool((size(made.images - stated.images, norm) <= eps * (1 + 1e-4)).all())


def test_digits_are_attacked_in_grey_unless_colours_are_asked_for(tmp_path: Path) -> None:
    typed = ("perturb", "attack=pgd", "attack.steps=2", "norm=l2", "eps=1", "images=4", "shown=0", "progress=false")
    ratios = {}
    for grey in ("null", "false"):
        done = physadv(*typed, f"grey={grey}", f"out=run-{grey}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (arm,) = json.loads((tmp_path / f"run-{grey}" / "perturb.json").read_text())["arms"]
        ratios[grey] = max(row["l1"] / row["l2"] for row in arm["rows"])
    assert ratios["null"] <= 8 < ratios["false"]  # of 64 values √64 at most, of 192 √192
    assert "grey=true is for classifiers" in physadv("perturb", "victim=sign-nano", "scenes=road", "grey=true").stderr
