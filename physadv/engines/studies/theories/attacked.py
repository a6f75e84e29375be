"""Attacks on the nets of studies, by the attacks that ``perturb`` offers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem, Perturbed
from physadv.core.seeding import generator
from physadv.engines.studies.theories.learning import right
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import random_change
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.parts.victims.classifier import Classifier


def victim_of(net: nn.Module, labels: int, side_px: int) -> Classifier:
    """The net as a victim. It has learnt already: its weights are frozen."""
    return Classifier(net, [str(label) for label in range(labels)], name="net", size_px=side_px)


def attacked(
    net: nn.Module,
    data: LabelledSet,
    attack: PerturbationAttack,
    eps: float | None,
    *,
    norm: Norm = Norm.linf,
    seed: int = 0,
    targets: Tensor | None = None,
    labels: int = 10,
) -> Perturbed:
    """The pictures after an attack on the net, all at once."""
    return attacked_and_counted(net, data, attack, eps, norm=norm, seed=seed, targets=targets, labels=labels)[0]


def attacked_and_counted(
    net: nn.Module,
    data: LabelledSet,
    attack: PerturbationAttack,
    eps: float | None,
    *,
    norm: Norm = Norm.linf,
    seed: int = 0,
    targets: Tensor | None = None,
    labels: int = 10,
) -> tuple[Perturbed, Tensor]:
    """The same, and ``(N,)`` how often the net was asked about each picture."""
    queries = Queries.apart(len(data))
    problem = PerturbationProblem(
        images=data.images, labels=data.labels, victim=Counted(victim_of(net, labels, data.images.shape[-1]),
                                                               queries=queries),
        norm=norm, eps=eps, seed=seed, engine=OneDevice(torch.device("cpu")), targets=targets,
    )  # fmt: skip
    perturbed = attack.run(problem, ())
    assert queries.of_each is not None
    return perturbed, queries.of_each


def fgsm() -> PerturbationAttack:
    """One step."""
    return Fgsm()


def pgd(steps: int = 20, *, stop: bool = True, random_start: bool = True) -> PerturbationAttack:
    """Many steps; without ``stop`` also of pictures that fool the net already."""
    return Pgd(PgdConfig(steps=steps, stop=stop, random_start=random_start))


def withstood(
    net: nn.Module, data: LabelledSet, attack: PerturbationAttack, eps: float, *, seed: int = 0, labels: int = 10
) -> Tensor:
    """``(N,)`` bool: which pictures are taken for what they show, before the attack and after it."""
    return right(net, data) & ~attacked(net, data, attack, eps, seed=seed, labels=labels).success


def noisy(data: LabelledSet, eps: float, seed: int, norm: Norm = Norm.linf) -> LabelledSet:
    """The control: pictures changed by as much at random, all colours alike, as attacks on nets that see grey do."""
    grey = data.images[:, :1]
    reach = eps / math.sqrt(3) if norm is Norm.l2 else eps
    change = random_change(grey.shape, norm, reach, generator(seed, "noise"))
    return data.with_images((data.images + change).clamp(0, 1))


def noise_like(change: Tensor, seed: int) -> Tensor:
    """``(N,3,h,w)`` grey noise, of each picture as long in L2 as its change."""
    grey = torch.randn(change[:, :1].shape, generator=generator(seed, "noise like a change")).expand_as(change)
    lengths = [torch.linalg.vector_norm(one.flatten(1), dim=1) for one in (change, grey)]
    ratio: Tensor = lengths[0] / lengths[1].clamp_min(1e-12)
    return grey * ratio[:, None, None, None]
