"""Randomized smoothing (Cohen, Rosenfeld and Kolter 2019, arXiv:1902.02918), for any classifier f.

    g(x) = the class that f says most often of x + ε,  ε ~ N(0, σ² I)

PREDICT counts what f says of ``draws`` noisy pictures. Where a two-sided binomial test cannot tell the first from the
second at level α, it abstains; else its answer is g's with probability 1 - α or more (proposition 2).

CERTIFY takes the best class of as many draws as a guess, and bounds its probability from below with fresh ones, by
Clopper and Pearson's one-sided interval at level α. Where the bound p is above one half, g says that class of every
picture within an L2 distance of R = σ Φ⁻¹(p), with probability 1 - α or more (theorem 1); else it abstains.

The distance is over the sRGB values of the picture as it is shown: where the classifier makes a large picture smaller,
it averages the noise away. A patch is far outside any such ball. Noisy pictures are clipped to [0, 1]: then f is the
classifier after clipping, and all of the above holds of that.
Answers carry the shares of the draws as probabilities; the gradient is that of the mean softmax (Salman et al. 2019,
arXiv:1906.04584), for a count has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import bdtr, ndtri
from torch import Tensor

from physadv.core.access import Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.certificates import LabelCertificate
from physadv.core.defended import RandomlyDefended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.library.metrics.interval import clopper_pearson
from physadv.parts.defenses.certified.options import SmoothingConfig, check_smoothing
from physadv.parts.defenses.tasks import require_no_memory, require_task

F64 = npt.NDArray[np.float64]

AT_ONCE = 100  # noisy pictures of which the victim is asked together
NEVER = 1e-3  # counts of a class that was never said: a logarithm wants more than zero


class Smoothing:
    """Answers by a vote over noisy pictures, abstains where it is close, and proves labels within a ball."""

    kind = DefenseKind.certified

    def __init__(self, config: SmoothingConfig) -> None:
        check_smoothing(config)
        self.config = config

    @property
    def name(self) -> str:
        return f"smoothing-{self.config.sigma:g}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The classifier, smoothed."""
        require_task(self, victim, Task.classification, "counts the labels of whole pictures")
        require_no_memory(self, victim)
        return Smoothed(victim, self, self.config)


class Smoothed(RandomlyDefended[ClassLogits, TopClasses]):
    """The smoothed classifier g."""

    def __init__(self, victim: Victim[ClassLogits, TopClasses], defense: Smoothing, config: SmoothingConfig) -> None:
        super().__init__(victim, defense, asdict(config))
        self.smoothing, self.config = defense, config

    def outputs(self, images: Tensor) -> ClassLogits:
        """``(B, K)``: the logarithms of each class's share of the draws."""
        generators = self.generators(images, self.config.seed)
        rows = [self._shares(*one) for one in zip(images, generators, strict=True)]
        return ClassLogits(torch.stack(rows))

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        """PREDICT: the class said most often, not reported where the defence abstains or the share is too low."""
        least = self.confidence if confidence is None else confidence
        best = TopClasses.of(outputs, least)
        counts = (outputs.logits.detach().softmax(1) * self.config.draws).round()
        first, second = counts.topk(2, dim=1).values.cpu().double().unbind(1)
        sure = torch.from_numpy(two_sided(first.numpy(), second.numpy()) <= self.config.alpha)
        return TopClasses(best.labels, best.scores, best.reported & sure.to(best.reported.device))

    @torch.no_grad()
    def certificate(self, images: Tensor) -> LabelCertificate:
        """CERTIFY: the classes, and how far from each picture they hold; 0 where the defence abstains."""
        labels, radii = [], []
        for image, generator in zip(images, self.generators(images, self.config.seed + 1), strict=True):
            guess = int(self._counts(image, generator, self.config.draws).argmax())
            count = float(self._counts(image, generator, self.config.certify_draws)[guess])
            low, _ = clopper_pearson(count, self.config.certify_draws, 2 * self.config.alpha)  # one-sided
            labels.append(guess)
            radii.append(self.config.sigma * float(ndtri(low)) if low > 0.5 else 0.0)
        return LabelCertificate(
            torch.tensor(labels, dtype=torch.int64, device=images.device), images.new_tensor(radii), "L2 over sRGB"
        )

    def to(self, device: torch.device | str) -> Smoothed:
        """The same on another device."""
        return Smoothed(self.victim.to(device), self.smoothing, self.config)

    def _shares(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """``(K,)``: logarithms of shares, with the gradient of the logarithm of the mean softmax."""
        logits = torch.cat([self.victim.outputs(batch).logits for batch in self._noisy(image, generator)])
        hard = (_said(logits).clamp(min=NEVER) / self.config.draws).log()
        if not logits.requires_grad:
            return hard
        soft = logits.log_softmax(1).logsumexp(0)
        return hard + (soft - soft.detach())

    def _noisy(self, image: Tensor, generator: torch.Generator, draws: int = 0) -> Iterator[Tensor]:
        """``draws`` noisy pictures, in batches."""
        left = draws or self.config.draws
        while left:
            count = min(left, AT_ONCE)
            noise = torch.randn(count, *image.shape, generator=generator).to(image)
            yield (image + self.config.sigma * noise).clamp(0, 1)
            left -= count

    def _counts(self, image: Tensor, generator: torch.Generator, draws: int) -> Tensor:
        """``(K,)`` how often each class is said."""
        batches = self._noisy(image, generator, draws)
        return torch.stack([_said(self.victim.outputs(batch).logits) for batch in batches]).sum(0)


def two_sided(first: F64, second: F64) -> F64:
    """The p-value of the exact test that ``first`` and ``second`` of their sum come from a fair coin."""
    fewer, both = np.minimum(first, second), (first + second).astype(np.int64)
    made: F64 = np.minimum(1.0, 2 * bdtr(fewer, both, 0.5))
    return made


def _said(logits: Tensor) -> Tensor:
    """``(K,)`` how often each class is the best of ``(n, K)``."""
    return logits.detach().argmax(1).bincount(minlength=logits.shape[1]).to(logits.dtype)
