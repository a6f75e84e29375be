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

_SHIFT_PX, _LIGHT, _NOISE = 2, 0.15, 0.03
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
    """The mean cross-entropy on varied pictures; of ``adversarial`` half of them are changed by PGD as well."""
    images = varied(images, random)
    if method == "adversarial":
        half = len(images) // 2
        worst = risen(net, images[:half], actions[:half], config.eps, config.attack_steps, random)
        images = torch.cat([worst, images[half:]])
    return functional.cross_entropy(net(images), actions, weight=weights)


def varied(images: Tensor, random: torch.Generator) -> Tensor:
    """Shifted by up to two pixels, in other light and a little noisy, each in its own way.

    Without it the network knows its pictures by heart after some rounds, and takes new signs for what it knows.
    """
    count, _, height, width = images.shape
    framed = functional.pad(images, (_SHIFT_PX,) * 4, mode="replicate")
    down, right = torch.randint(2 * _SHIFT_PX + 1, (2, count, 1), generator=random)
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    shifted = framed[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    gain = 1 + _LIGHT * (torch.rand(count, 3, 1, 1, generator=random) * 2 - 1)
    noise = _NOISE * torch.rand(count, 1, 1, 1, generator=random) * torch.randn(images.shape, generator=random)
    return (shifted * gain + noise).clamp(0, 1).contiguous(memory_format=torch.channels_last)


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
