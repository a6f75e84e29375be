"""The battery for attacks that change images, and the toy problem it is run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.errors import BadOption, BudgetSpent, IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.limited import Limited
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem, Perturbed
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import size
from physadv.testing.base import reasoned, require

IMAGES, SIDE = 6, 8
EPS = {Norm.linf: 0.1, Norm.l2: 1.0, Norm.l1: 10.0, Norm.l0: 20.0}
"""Of the toy problems: enough for every one of them."""

QUESTIONS = 400
"""About an image, for an attack without gradients: it could go on for thousands."""


@dataclass(frozen=True)
class ToyClassifier:
    """Linear: logits are inner products with fixed random weights. It remembers how often it was asked."""

    name: str = "toy-linear"
    labels: tuple[str, ...] = ("lynx", "mynx", "nynx", "onyx")
    task: Task = Task.classification
    access: AccessLevel = AccessLevel.gradients
    confidence: float = 0.0
    digest: str = "toy-linear"
    networks: tuple[torch.nn.Module, ...] = ()
    veiled: bool = False  # its outputs say no more than which class is best
    asked: list[tuple[int, bool]] = field(default_factory=list, compare=False)  # images, and whether with gradient

    @property
    def weights(self) -> Tensor:
        """``(K, 3 · 8 · 8)`` of the logits; the same over each quarter of the picture, so that noise averages out."""
        drawn = torch.randn(len(self.labels), 3, 2, 2, generator=torch.Generator().manual_seed(4))
        return 0.25 * _quarters(drawn).flatten(1)

    def outputs(self, images: Tensor) -> ClassLogits:
        self.asked.append((len(images), images.requires_grad and torch.is_grad_enabled()))
        logits = (images - 0.5).flatten(1) @ self.weights.mT.to(images)
        return ClassLogits((logits >= logits.amax(1, keepdim=True)).to(images) if self.veiled else logits)

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        return TopClasses.of(outputs, self.confidence if confidence is None else confidence)

    def to(self, device: torch.device | str) -> ToyClassifier:
        return self


def toy_perturbation(
    norm: Norm = Norm.linf,
    eps: float | None = 0.1,
    *,
    targeted: bool = False,
    access: AccessLevel = AccessLevel.gradients,
    budget: int | None = None,
    victim: ToyClassifier | None = None,
    seed: int = 0,
) -> PerturbationProblem:
    """Six pictures of 8 × 8 that the toy classifier recognises; some of them only just.

    Below gradients the budget is :data:`QUESTIONS` an image unless it is said.
    """
    if budget is None and access is not AccessLevel.gradients:
        budget = QUESTIONS
    victim = ToyClassifier() if victim is None else victim
    generator = torch.Generator().manual_seed(4)
    coarse, fine = (torch.rand(IMAGES, 3, side, side, generator=generator) * 2 - 1 for side in (2, SIDE))
    images = 0.5 + 0.3 * _quarters(coarse) + 0.1 * fine
    logits = (images - 0.5).flatten(1) @ victim.weights.mT
    counted = Counted(Limited(victim, access), queries=Queries.apart(IMAGES, budget))
    ranked = logits.argsort(dim=1, descending=True)
    targets = ranked[:, 1] if targeted else None
    return PerturbationProblem(images, ranked[:, 0], counted, norm, eps, seed, OneDevice(torch.device("cpu")), targets)


def _quarters(values: Tensor) -> Tensor:
    return values.repeat_interleave(SIDE // 2, -1).repeat_interleave(SIDE // 2, -2)


def check_perturbation(attack: PerturbationAttack) -> tuple[str, ...]:
    """Run every check of an attack on images on toy problems; return their names.

    An attack may refuse a norm, a bound or its absence, or targets with :class:`IncompatibleParts` or
    :class:`BadOption`, but not everything. It is given no more of the victim than it says that it needs.
    Raises :class:`BrokenPart`.
    """
    for check in PERTURBATION_CHECKS:
        reasoned(attack, check, attack)
    return tuple(check.__name__ for check in PERTURBATION_CHECKS)


def fools_some_within_its_bounds(attack: PerturbationAttack) -> None:
    """Images keep their shape, lie in [0, 1] and within eps; success is what the victim decides, and there is some."""
    successes = []
    for norm, eps in _tried():
        problem = toy_perturbation(norm, eps, access=attack.needs)
        if (made := _run(attack, problem)) is not None:
            _sound(problem, made)
            successes.append(int(made.success.sum()))
    require(bool(successes), "the attack refuses every norm, with eps and without")
    require(any(successes), "no image of any toy problem is fooled")


def repeats_for_its_seed(attack: PerturbationAttack) -> None:
    """The same seed gives the same images, whatever torch's global generator does."""
    norm, eps = _taken(attack)
    first = _run(attack, toy_perturbation(norm, eps, access=attack.needs))
    torch.rand(7)
    second = _run(attack, toy_perturbation(norm, eps, access=attack.needs))
    require(first is not None and second is not None, "the attack refuses what it took before")
    same = first is not None and second is not None and torch.equal(first.images, second.images)
    require(same, "the same seed gives other images: draw from generators made of problem.seed only")


def asks_through_the_count(attack: PerturbationAttack) -> None:
    """What the count says is what the victim was asked; without gradient where the attack needs none."""
    norm, eps = _taken(attack)
    victim = ToyClassifier()
    problem = toy_perturbation(norm, eps, access=attack.needs, victim=victim)
    _run(attack, problem)
    asked, slopes = sum(n for n, _ in victim.asked), sum(n for n, gradient in victim.asked if gradient)
    queries = problem.victim.queries
    require(asked == queries.images, f"the victim was asked about {asked} images, {queries.images} were counted")
    require(slopes == queries.gradients, f"{slopes} were asked with gradient, {queries.gradients} were counted")
    require(
        attack.needs is AccessLevel.gradients or slopes == 0,
        f"it needs {attack.needs.name}, yet asks with gradient",
    )


def sees_no_more_than_it_needs(attack: PerturbationAttack) -> None:
    """At the level of decisions, outputs that say nothing but the decision change nothing."""
    if attack.needs is not AccessLevel.decisions:
        return
    norm, eps = _taken(attack)
    made = [
        _run(attack, toy_perturbation(norm, eps, access=attack.needs, victim=ToyClassifier(veiled=veiled)))
        for veiled in (False, True)
    ]
    same = made[0] is not None and made[1] is not None and torch.equal(made[0].images, made[1].images)
    require(same, "it reads more of the outputs than decisions")


def keeps_to_its_budget(attack: PerturbationAttack) -> None:
    """A black box stops before any image was asked about more often than it may be."""
    if attack.needs is AccessLevel.gradients:
        return
    norm, eps = _taken(attack)
    try:
        _run(attack, toy_perturbation(norm, eps, access=attack.needs, budget=40))
    except BudgetSpent as error:
        require(False, f"it goes on until its budget of 40 is refused: {error}")


def reaches_targets(attack: PerturbationAttack) -> None:
    """With targets, success is the target's; an attack that knows none refuses them."""
    norm, eps = _taken(attack)
    problem = toy_perturbation(norm, eps, targeted=True, access=attack.needs)
    if (made := _run(attack, problem)) is not None:
        _sound(problem, made)


def _sound(problem: PerturbationProblem, made: Perturbed) -> None:
    where = f"norm={problem.norm}, eps={problem.eps}{', with targets' if problem.targets is not None else ''}"
    require(isinstance(made, Perturbed), f"run must return Perturbed, got {type(made).__name__} ({where})")
    images = made.images
    shapes = f"{tuple(images.shape)} where {tuple(problem.images.shape)} is due ({where})"
    require(images.shape == problem.images.shape, f"images come back as {shapes}")
    require(not images.requires_grad, f"images must come back detached ({where})")
    require(bool(((images >= 0) & (images <= 1)).all()), f"images leave [0, 1] ({where})")
    if problem.eps is not None:
        largest = float(size(images - problem.images, problem.norm).max())
        require(largest <= problem.eps * 1.0001 + 1e-6, f"an image is changed by {largest:.5g} ({where})")
    decided = problem.fooled(problem.victim.decide(ToyClassifier().outputs(images)))
    require(torch.equal(decided, made.success), f"success is not what the victim decides on the images ({where})")


def _tried() -> Iterator[tuple[Norm, float | None]]:
    for norm, eps in EPS.items():
        yield norm, eps
        yield norm, None


def _taken(attack: PerturbationAttack) -> tuple[Norm, float | None]:
    """The first problem that it takes."""
    for norm, eps in _tried():
        if _run(attack, toy_perturbation(norm, eps, access=attack.needs)) is not None:
            return norm, eps
    raise IncompatibleParts("the attack refuses every norm, with eps and without")


def _run(attack: PerturbationAttack, problem: PerturbationProblem) -> Perturbed | None:
    """What it makes; ``None`` where it refuses."""
    try:
        return attack.run(problem, [])
    except (IncompatibleParts, BadOption):
        return None


PerturbationCheck = Callable[[PerturbationAttack], None]

PERTURBATION_CHECKS: tuple[PerturbationCheck, ...] = (
    fools_some_within_its_bounds,
    repeats_for_its_seed,
    asks_through_the_count,
    sees_no_more_than_it_needs,
    keeps_to_its_budget,
    reaches_targets,
)
