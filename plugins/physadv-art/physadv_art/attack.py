"""ART's attacks on our problems: each picture by itself, every question counted, nothing of the victim touched.

ART attacks a module. The one it gets here has no weights and no children: it only hands pictures on, so that ART can
neither switch the victim's mode nor leave gradients on its weights. One picture at a time, because ART does not say of
which picture it asks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.api import (
    AccessLevel,
    BadOption,
    IncompatibleParts,
    MissingExtra,
    Norm,
    Observer,
    PerturbationProblem,
    Perturbed,
    Step,
    generator,
)
from physadv_art import METHODS
from physadv_art.seeding import seeded
from physadv_art.sizes import shrunk, size

try:
    from art.attacks import evasion
    from art.estimators.classification import PyTorchClassifier
except ImportError as error:
    raise MissingExtra("attack=art needs ART: pip install 'adversarial-robustness-toolbox>=1.20,<1.21'") from error

logging.getLogger("art").setLevel(logging.WARNING)  # it tells every picture's success

_NORMS = {Norm.linf: np.inf, Norm.l2: 2, Norm.l1: 1}


class _Spent(Exception):
    """The picture may be asked about no more."""


class _Asked(torch.nn.Module):
    """One picture's victim, as ART sees it. It remembers the smallest change that fooled within the bound."""

    def __init__(self, problem: PerturbationProblem, row: int) -> None:
        super().__init__()
        self._problem, self._row = problem, row
        self.steps = 0
        self.best: Tensor | None = None  # (1, 3, H, W)
        self._limit = float("inf") if problem.eps is None else problem.eps * (1 + 1e-6) + 1e-7
        self._smallest = self._limit

    def forward(self, images: Tensor) -> Tensor:
        """``(n, K)`` logits. Raises :class:`_Spent` before the last question, which is for the outcome."""
        if self._left() <= len(images):
            raise _Spent
        self.steps += 1
        return self.ask(images)

    def ask(self, images: Tensor) -> Tensor:
        """Ask, and keep what fools."""
        problem, device = self._problem, self._problem.images.device
        rows = torch.full((len(images),), self._row, device=device)
        shown = images.to(device=device, dtype=torch.float32)
        outputs = problem.victim.outputs(shown, rows)
        fooled = problem.fooled(problem.victim.decide(outputs), rows)
        for image in shown.detach()[fooled]:
            changed = size(image - problem.images[self._row], problem.norm)
            if changed <= self._smallest and float(image.min()) >= 0 and float(image.max()) <= 1:
                self.best, self._smallest = image[None].clone(), changed
        return outputs.logits.to(images.device)

    def conclude(self, result: Tensor) -> None:
        """Ask about ART's own result ``(1, C, H, W)``, which is kept where it fools: it may overshoot for a reason.

        A smaller change found on the way may only just fool: by rounding, and in a batch no more.
        """
        on_the_way, smallest = self.best, self._smallest
        self.best, self._smallest = None, self._limit
        self.ask(result)
        if self.best is None:
            self.best, self._smallest = on_the_way, smallest

    def _left(self) -> float:
        queries = self._problem.victim.queries
        if queries.budget is None:
            return float("inf")
        asked = queries.images if queries.of_each is None else int(queries.of_each[self._row])
        return queries.budget - asked


class ArtAttack:
    """One of :data:`~physadv_art.METHODS`."""

    def __init__(self, name: str, steps: int, arguments: Mapping[str, Any]) -> None:
        """``steps`` at most; ``arguments`` go to ART's class of that ``name``, and win over ours.

        Raises :class:`BadOption` for an argument that it does not have.
        """
        known = [one for one in signature(getattr(evasion, name)).parameters if one not in ("classifier", "estimator")]
        if unknown := sorted(set(arguments) - set(known)):
            raise BadOption(f"attack.arguments: {name} of art has no {unknown[0]!r}. It has {', '.join(known)}")
        self._name, self._steps, self._arguments, self._method = name, steps, dict(arguments), METHODS[name]

    @property
    def needs(self) -> AccessLevel:
        return self._method.needs

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Attack one picture after another; a step of the observers is a picture.

        Raises :class:`IncompatibleParts` for a norm, a missing bound or targets that the method does not know.
        """
        self._check(problem)
        told, count = list(observers), len(problem.images)
        images, success = problem.images.clone(), torch.zeros(count, dtype=torch.bool, device=problem.images.device)
        steps = torch.zeros(count, dtype=torch.int64, device=problem.images.device)
        for observer in told:
            observer.started(count, 0)
        try:
            for row in range(count):
                asked = self._attacked(problem, row)
                steps[row] = asked.steps
                if asked.best is not None:
                    images[row], success[row] = asked.best[0], True
                share = float(success[: row + 1].double().mean())
                for observer in told:
                    observer.stepped(Step(row, count, 1 - share, share, 0.0, {"goal": 1 - share}))
        finally:
            for observer in told:
                observer.ended()
        return Perturbed(images, success, steps)

    def _check(self, problem: PerturbationProblem) -> None:
        name, method = self._name, self._method
        if problem.norm not in method.norms:
            raise IncompatibleParts(f"{name} of art works in {', '.join(method.norms)}, not in {problem.norm}")
        if method.bounded and problem.eps is None:
            raise IncompatibleParts(f"{name} of art needs a bound: say eps=")
        if problem.targets is not None and not method.targets:
            raise IncompatibleParts(f"{name} of art knows no targets here. Choose another attack.method")

    def _attacked(self, problem: PerturbationProblem, row: int) -> _Asked:
        """The picture's victim after the attack."""
        asked = _Asked(problem, row)
        picture = problem.images[row : row + 1]
        estimator = PyTorchClassifier(
            model=asked, loss=torch.nn.CrossEntropyLoss(), input_shape=tuple(picture.shape[1:]),
            nb_classes=len(problem.victim.labels), clip_values=(0.0, 1.0), device_type="cpu",
        )  # fmt: skip
        wanted = (problem.labels if problem.targets is None else problem.targets)[row]
        one_hot = np.eye(len(problem.victim.labels), dtype=np.float32)[[int(wanted)]]
        with seeded(generator(problem.seed, f"art {row}")):
            try:
                made = self._made(estimator, problem).generate(picture.cpu().numpy(), y=one_hot)
            except _Spent:
                return asked
        change = torch.from_numpy(np.asarray(made, np.float32)).to(picture) - picture
        bounded = shrunk(change, problem.norm, problem.eps)
        with torch.no_grad():  # the answer to exactly what is handed back
            asked.conclude((picture + bounded).clamp(0, 1))
        return asked

    def _made(self, estimator: Any, problem: PerturbationProblem) -> Any:
        method = self._method
        arguments: dict[str, Any] = {method.steps: self._steps} if method.steps else {}
        if self._name != "FastGradientMethod":
            arguments["verbose"] = False
        if method.bounded:
            arguments |= {"eps": problem.eps} | ({"norm": _NORMS[problem.norm]} if len(method.norms) > 1 else {})
        if method.eps_step and problem.eps is not None:
            arguments["eps_step"] = problem.eps / 4
        if method.targets and problem.targets is not None:
            arguments["targeted"] = True
        try:
            return getattr(evasion, self._name)(estimator, **{**arguments, **self._arguments})
        except (TypeError, ValueError) as error:
            said = f"{self._name} of art does not take attack.arguments={self._arguments}"
            raise BadOption(f"{said}: {error}") from error
