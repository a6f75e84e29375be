"""What a policy learns in one batch: to do what would have been right, also where the picture is changed against it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.problem.norm import Norm
from physadv.engines.training.policy_options import PolicyTraining
from physadv.engines.training.policy_prints import BRAKE
from physadv.library.perturbations.norms import within

_REACH = 2.5  # eps, of all steps of PGD together (Madry et al. 2018, section 3.1)


def weights_of(actions: Tensor, names: Sequence[str], caution: float) -> Tensor:
    """``(K,)`` of the loss: rare actions weigh more, by the root of how rare they are, and braking so many times more.

    1 on average. Who brakes for nothing can go on a moment later; who does not brake cannot mend it.
    """
    share = torch.bincount(actions, minlength=len(names)).clamp_min(1).float() / len(actions)
    wanted = share.rsqrt() * torch.tensor([caution if name == BRAKE else 1.0 for name in names])
    return wanted / (wanted * share).sum()


def batch_loss(
    net: nn.Module, images: Tensor, actions: Tensor, weights: Tensor, config: PolicyTraining, method: str,
    random: torch.Generator,
) -> Tensor:  # fmt: skip
    """The mean cross-entropy; of ``adversarial`` half of the pictures are changed by PGD first."""
    if method == "adversarial":
        half = len(images) // 2
        worst = risen(net, images[:half], actions[:half], config.eps, config.attack_steps, random)
        images = torch.cat([worst, images[half:]])
    return functional.cross_entropy(net(images), actions, weight=weights)


def risen(net: nn.Module, images: Tensor, actions: Tensor, eps: float, steps: int, random: torch.Generator) -> Tensor:
    """Pictures within eps in which the right actions ``(B,)`` look worse: PGD from a random start, cross-entropy."""
    start = images + (torch.rand(images.shape, generator=random) * 2 - 1) * eps
    changed = within(start, images, Norm.linf, eps)
    for _ in range(steps):
        changed.requires_grad_()
        loss = functional.cross_entropy(net(changed), actions, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, changed)
        changed = within(changed.detach() + _REACH / steps * eps * gradient.sign(), images, Norm.linf, eps)
    return changed.detach()
