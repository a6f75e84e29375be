"""The ways of adversarial training for classifiers, as the papers have them. Each says which losses go down on a batch.

    min over weights  E[ max over |delta| <= eps  loss(net(x + delta), y) ]      (Madry et al. 2018, eq. 2.1)

``fgsm``    one step, from anywhere in the ball (Wong, Rice & Kolter 2020, arXiv:2001.03994, algorithm 3); without
            ``start`` from the picture, as Goodfellow et al. 2015 have it, who also keep the clean loss: we do not.
``pgd``     some steps (Madry et al. 2018, arXiv:1706.06083).
``free``    replays every batch and takes both steps from one backward pass (Shafahi et al. 2019, arXiv:1904.12843,
            algorithm 1). Its change goes on from batch to batch; here it begins anew with every epoch.
``trades``  clean loss and ``beta`` times the divergence between the answers on a picture and on the picture
            changed to make it large (Zhang et al. 2019, arXiv:1901.08573, algorithm 1).

Pictures are cut to [0, 1] after every step, not only when they are shown: a value that was pushed out of it has no
gradient, stays where it is, and the network learns from changes that are weaker than they look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.problem.norm import Norm
from physadv.engines.training.robust_options import RobustTraining
from physadv.library.perturbations.norms import within

_STEP_FGSM = 1.25  # eps, as Wong et al. found; without a random start one eps
_REACH = 2.5  # eps, of all steps of PGD together (Madry et al. 2018, section 3.1)
_NEAR = 0.001  # standard deviation of where TRADES starts: at the picture itself the divergence has no slope

Losses = Iterator[Tensor]
Batch = tuple[Tensor, Tensor]  # images (B, 3, h, w) in [0, 1] and classes (B,)


class Lessons:
    """The losses of one epoch's batches. ``eps`` may differ from batch to batch."""

    def __init__(self, method: str, net: nn.Module, config: RobustTraining, generator: torch.Generator) -> None:
        self._net, self._config, self._generator = net, config, generator
        self._carried: Tensor | None = None  # of method=free
        self._of: Callable[[Tensor, Tensor, float], Losses] = {
            "fgsm": self._fgsm, "pgd": self._pgd, "free": self._free, "trades": self._trades,
        }[method]  # fmt: skip

    def losses(self, batch: Batch, eps: float) -> Losses:
        """Each is to be stepped down before the next is asked for; with ``eps`` 0 there is one, on clean pictures."""
        images, classes = batch
        if not eps:
            yield functional.cross_entropy(self._net(images), classes)
            return
        yield from self._of(images, classes, eps)

    def _fgsm(self, images: Tensor, classes: Tensor, eps: float) -> Losses:
        reach = self._config.step or (_STEP_FGSM if self._config.start else 1.0)
        yield self._loss_on(self._risen(images, classes, eps, steps=1, step=reach * eps), classes)

    def _pgd(self, images: Tensor, classes: Tensor, eps: float) -> Losses:
        steps = self._config.steps
        step = (self._config.step or _REACH / steps) * eps
        yield self._loss_on(self._risen(images, classes, eps, steps=steps, step=step), classes)

    def _free(self, images: Tensor, classes: Tensor, eps: float) -> Losses:
        step = (self._config.step or 1.0) * eps
        if self._carried is None:
            self._carried = torch.zeros_like(images)
        delta = self._carried[: len(images)].clamp(-eps, eps)
        for _ in range(self._config.replays):
            changed = (images + delta).clamp(0, 1).requires_grad_()
            yield self._loss_on(changed, classes)  # who steps calls backward, which reaches the pictures
            assert changed.grad is not None
            delta = (delta + step * changed.grad.sign()).clamp(-eps, eps)
        self._carried = torch.cat([delta, self._carried[len(images) :]])

    def _trades(self, images: Tensor, classes: Tensor, eps: float) -> Losses:
        steps = self._config.steps
        step = (self._config.step or _REACH / steps) * eps
        with torch.no_grad():
            calm = self._net(images).log_softmax(1)

        def divergence(logits: Tensor) -> Tensor:
            return functional.kl_div(logits.log_softmax(1), calm, reduction="batchmean", log_target=True)

        near = images + _NEAR * torch.randn(images[:, :1].shape, generator=self._generator, device=images.device)
        worst = self._climbed(images, near, divergence, eps, steps=steps, step=step)
        clean, changed = self._net(images), self._net(worst)
        apart = functional.kl_div(
            changed.log_softmax(1), clean.log_softmax(1), reduction="batchmean", log_target=True
        )  # fmt: skip
        yield functional.cross_entropy(clean, classes) + self._config.beta * apart

    def _risen(self, images: Tensor, classes: Tensor, eps: float, *, steps: int, step: float) -> Tensor:
        """The images changed so that the cross-entropy rises."""
        start = images
        if self._config.start:  # the same in all channels, as the networks see their mean
            uniform = torch.rand(images[:, :1].shape, generator=self._generator, device=images.device)
            start = images + (uniform * 2 - 1) * eps
        return self._climbed(
            images, start, lambda logits: functional.cross_entropy(logits, classes), eps, steps=steps, step=step
        )

    def _climbed(
        self, images: Tensor, start: Tensor, loss: Callable[[Tensor], Tensor], eps: float, *, steps: int, step: float
    ) -> Tensor:
        """Steps along the sign of the gradient, each brought back into the ball and into [0, 1]."""
        changed = within(start, images, Norm.linf, eps)
        for _ in range(steps):
            changed.requires_grad_()
            (gradient,) = torch.autograd.grad(loss(self._net(changed)), changed)
            changed = within(changed.detach() + step * gradient.sign(), images, Norm.linf, eps)
        return changed

    def _loss_on(self, images: Tensor, classes: Tensor) -> Tensor:
        return functional.cross_entropy(self._net(images), classes)
