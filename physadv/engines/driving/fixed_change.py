"""One change for all pictures of a policy: a universal perturbation within a bound, or a small patch at one place.

Universal perturbations: Moosavi-Dezfooli et al. 2017 (arXiv:1610.08401), here by projected gradient ascent over moments
of episodes. Of stacked frames every frame gets the same change, as a filter or a spot on the lens would make it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.answers import ActionLogits
from physadv.core.errors import BadOption
from physadv.core.protocols import Victim
from physadv.core.seeding import generator
from physadv.engines.driving.action_goal import action_loss
from physadv.engines.driving.meddlers import changed

Steps = Callable[[int, int, float, float], None]
"""Hears of every step: its index, how many there are, the loss, and the share of moments at which it succeeds."""


@dataclass(frozen=True)
class WantedActions:
    """What is wanted at some moments."""

    images: Tensor  # (M, C, H, W)
    labels: Tensor  # (M,) int64 into the victim's
    toward: bool
    open: Tensor  # (M,) bool: where the policy does not do so by itself

    @property
    def rows(self) -> tuple[int, ...]:
        """The open moments, on which there is something to gain; all where there is none."""
        found = self.open.nonzero().flatten().tolist()
        return tuple(found or range(len(self.images)))


@dataclass(frozen=True)
class OverlayPlace:
    """A square of the picture, in pixels. Centred without more said."""

    side_px: int
    left_px: int | None = None
    top_px: int | None = None

    def box(self, shape: tuple[int, int, int]) -> tuple[int, int]:
        """Top and left. Raises :class:`BadOption` where the square does not lie in the picture ``(C,H,W)``."""
        _, height, width = shape
        top = (height - self.side_px) // 2 if self.top_px is None else self.top_px
        left = (width - self.side_px) // 2 if self.left_px is None else self.left_px
        inside = self.side_px > 0 and 0 <= top <= height - self.side_px and 0 <= left <= width - self.side_px
        if not inside:
            raise BadOption(
                f"a square of {self.side_px} pixels at {left}, {top} does not lie in pictures of {width} × {height}. "
                "Choose overlay.side_px, overlay.left_px and overlay.top_px within it"
            )
        return top, left


def universal_change(
    victim: Victim[ActionLogits], wanted: WantedActions, eps: float, steps: int, batch: int, seed: int, told: Steps
) -> Tensor:
    """``(C,H,W)`` with no value beyond ``eps``, the same in every frame of a stack."""
    channels = wanted.images.shape[1]
    change = torch.zeros(_free(channels), *wanted.images.shape[2:], device=wanted.images.device)
    step_size = 2.5 * eps / steps if steps > 10 else eps / 4  # reaches the bound with room to turn, as PGD does
    for index in range(steps):
        leaf = change.clone().requires_grad_()
        loss, success = _loss(victim, wanted, _spread(leaf, channels), None, batch, seed, index)
        (gradient,) = torch.autograd.grad(loss, leaf)
        change = (change - step_size * gradient.sign()).clamp(-eps, eps)
        told(index, steps, loss.item(), success)
    return _spread(change, channels)


def overlay_change(
    victim: Victim[ActionLogits], wanted: WantedActions, place: OverlayPlace, steps: int, batch: int, seed: int,
    told: Steps,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The patch ``(C,H,W)``, 0 outside its square, and the square ``(C,H,W)``, 1 inside."""
    shape = wanted.images.shape[1:]
    top, left = place.box((shape[0], shape[1], shape[2]))
    cover = square_cover((shape[0], shape[1], shape[2]), place).to(wanted.images)
    random = generator(seed, "overlay")
    start = torch.rand(_free(shape[0]), place.side_px, place.side_px, generator=random)
    patch = start.to(wanted.images.device).requires_grad_()
    adam = torch.optim.Adam([patch], lr=0.05)
    best, lowest = patch.detach().clone(), float("inf")
    for index in range(steps):
        adam.zero_grad(set_to_none=True)
        pad = (left, shape[2] - left - place.side_px, top, shape[1] - top - place.side_px)
        change = torch.nn.functional.pad(_spread(patch, shape[0]), pad)
        loss, success = _loss(victim, wanted, change, cover, batch, seed, index)
        if loss.item() < lowest:
            best, lowest = patch.detach().clone(), loss.item()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        with torch.no_grad():
            patch.clamp_(0, 1)
        told(index, steps, loss.item(), success)
    return torch.nn.functional.pad(_spread(best, shape[0]), pad), cover


def square_cover(shape: tuple[int, int, int], place: OverlayPlace) -> Tensor:
    """``(C,H,W)`` 1 in the square."""
    top, left = place.box(shape)
    cover = torch.zeros(shape)
    cover[:, top : top + place.side_px, left : left + place.side_px] = 1
    return cover


def random_overlay(shape: tuple[int, int, int], place: OverlayPlace, seed: int) -> Tensor:
    """``(C,H,W)`` uniform noise in the square, the same in every frame of a stack: the control."""
    noise = torch.rand(_free(shape[0]), *shape[1:], generator=generator(seed, "overlay-control"))
    return _spread(noise, shape[0]) * square_cover(shape, place)


def random_universal(shape: tuple[int, int, int], eps: float, seed: int) -> Tensor:
    """``(C,H,W)`` of ± ``eps`` at random, the same in every frame of a stack: the control."""
    drawn = torch.randint(2, (_free(shape[0]), *shape[1:]), generator=generator(seed, "universal-control"))
    return _spread((drawn * 2.0 - 1) * eps, shape[0])


def _loss(
    victim: Victim[ActionLogits], wanted: WantedActions, change: Tensor, cover: Tensor | None, batch: int, seed: int,
    index: int,
) -> tuple[Tensor, float]:  # fmt: skip
    open_rows = torch.tensor(wanted.rows)
    rows = open_rows[torch.randint(len(open_rows), (batch,), generator=generator(seed, f"step {index}"))]
    rows = rows.to(wanted.images.device)
    outputs = victim.outputs(changed(wanted.images[rows], change, cover))
    labels = wanted.labels[rows]
    same = (outputs.logits.detach().argmax(1) == labels).float().mean().item()
    loss = action_loss(outputs, labels, toward=wanted.toward).mean()
    return loss, same if wanted.toward else 1 - same


def _free(channels: int) -> int:
    """Colours are free; frames of a stack are not."""
    return 3 if channels == 3 else 1


def _spread(change: Tensor, channels: int) -> Tensor:
    return change.expand(channels, -1, -1)
