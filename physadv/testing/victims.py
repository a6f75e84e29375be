"""The battery for victims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.protocols import Victim
from physadv.testing.answers import check_alike, check_decisions, check_outputs, evidence, pull, strongest_of
from physadv.testing.base import reasoned, require, sample_images

AnyVictim = Victim[Any, Any]


def check_victim(victim: AnyVictim, images: Tensor | None = None) -> tuple[str, ...]:
    """Run every victim check on ``images`` ``(B >= 2, 3, H, W)`` (default: made-up ones); return their names."""
    shown = sample_images() if images is None else images
    require(len(shown) >= 2, f"check_victim needs at least two images, got {len(shown)}")
    for check in VICTIM_CHECKS:
        reasoned(victim, check, victim, shown)
    return tuple(check.__name__ for check in VICTIM_CHECKS)


def describes_itself(victim: AnyVictim, images: Tensor) -> None:
    """Name, labels, task, access, operating point, digest and networks are there."""
    name, access = victim.name, victim.access
    require(bool(name), "victim.name is empty")
    require(len(victim.labels) > 0 and all(victim.labels), f"{name}: labels must be names, got {victim.labels}")
    require(isinstance(victim.task, Task), f"{name}: task must be a Task, got {victim.task!r}")
    require(isinstance(access, AccessLevel), f"{name}: access must be an AccessLevel, got {access!r}")
    require(0 <= victim.confidence <= 1, f"{name}: confidence must be within 0 and 1, got {victim.confidence}")
    require(len(victim.digest) >= 8, f"{name}: digest must be a hash of the weights, got {victim.digest!r}")
    modules = all(isinstance(network, nn.Module) for network in victim.networks)
    require(modules, f"{name}: networks must be torch modules, got {victim.networks!r:.80}")
    itself = not isinstance(victim, nn.Module) or victim in victim.networks
    require(itself, f"{name}: is a torch module, so it must name itself among its networks")


@torch.no_grad()
def shapes_and_ranges_hold(victim: AnyVictim, images: Tensor) -> None:
    """Outputs as the task says, one column a label, all finite; boxes lie in the image, scores within 0 and 1."""
    check_outputs(victim, victim.outputs(images), images)


@torch.no_grad()
def a_batch_equals_its_images(victim: AnyVictim, images: Tensor) -> None:
    """Require that the answer on an image does not depend on the others in the batch."""
    together = victim.outputs(images)
    for index in range(len(images)):
        check_alike(victim, index, together, victim.outputs(images[index : index + 1]), images)


@torch.no_grad()
def the_same_images_give_the_same(victim: AnyVictim, images: Tensor) -> None:
    """Two runs agree exactly."""
    first, second = evidence(victim.outputs(images)), evidence(victim.outputs(images))
    agree = all(torch.equal(here, there) for here, there in zip(first, second, strict=True))
    require(agree, f"{victim.name}: two runs on the same images differ")


def gradient_reaches_the_pixels(victim: AnyVictim, images: Tensor) -> None:
    """A victim with gradients has a finite one at every image; one without must not pretend to."""
    leaf = images.detach().clone().requires_grad_()
    outputs = victim.outputs(leaf)
    attached = evidence(outputs)[0].requires_grad
    if victim.access < AccessLevel.gradients:
        told = f"{victim.name}: access is {victim.access.name}, yet its scores carry a gradient"
        require(not attached, told)
        return
    require(attached, f"{victim.name}: access is gradients, but the scores are detached from the images")
    torch.autograd.backward(pull(victim, outputs))
    require(leaf.grad is not None, f"{victim.name}: no gradient arrives at the images")
    assert leaf.grad is not None
    require(bool(torch.isfinite(leaf.grad).all()), f"{victim.name}: the gradient at the images is not finite")
    strengths = leaf.grad.flatten(1).abs().sum(dim=1)
    require(bool((strengths > 0).all()), f"{victim.name}: an image has zero gradient: {strengths.tolist()}")


def weights_stay_as_they_are(victim: AnyVictim, images: Tensor) -> None:
    """Neither outputs nor backward change a weight, leave a gradient on one, or switch the mode."""
    before, modes = _state(victim), _modes(victim)
    digest = victim.digest
    leaf = images.detach().clone().requires_grad_()
    outputs = victim.outputs(leaf)
    if victim.access is AccessLevel.gradients:
        torch.autograd.backward(evidence(outputs)[0].sum())
    require(victim.digest == digest, f"{victim.name}: its digest changed by being used")
    for name, value in _state(victim).items():
        require(torch.equal(value, before[name]), f"{victim.name}: weight {name} changed by being used")
    require(_modes(victim) == modes and not any(modes), f"{victim.name}: must be in evaluation mode, before and after")
    for name, parameter in _parameters(victim):
        require(not parameter.requires_grad, f"{victim.name}: weight {name} is not frozen (requires_grad)")
        require(parameter.grad is None, f"{victim.name}: weight {name} has collected a gradient")


@torch.no_grad()
def any_size_is_taken(victim: AnyVictim, images: Tensor) -> None:
    """Small, odd, single-pixel and very long images are fine."""
    for height, width in ((33, 47), (1, 1), (8, 400), (300, 5)):
        odd = nn.functional.interpolate(images[:1], size=(height, width), mode="bilinear", align_corners=False)
        check_outputs(victim, victim.outputs(odd), odd)


@torch.no_grad()
def decisions_are_sorted_and_thresholded(victim: AnyVictim, images: Tensor) -> None:
    """One decision an image, best first, none below the threshold, labels known; a higher threshold reports less."""
    outputs = victim.outputs(images)
    strongest = strongest_of(outputs)
    for threshold in (None, strongest / 2, strongest):
        min_score = victim.confidence if threshold is None else threshold
        check_decisions(victim, victim.decide(outputs, threshold), len(images), min_score)
    some = check_decisions(victim, victim.decide(outputs, strongest / 2), len(images), strongest / 2)
    require(some > 0 or strongest == 0, f"{victim.name}: decide drops even the strongest candidate")


@torch.no_grad()
def nothing_found_is_fine(victim: AnyVictim, images: Tensor) -> None:
    """A threshold that nothing reaches gives empty reports of the right shapes; a policy acts all the same."""
    decisions = victim.decide(victim.outputs(images), 1.1)
    count = check_decisions(victim, decisions, len(images), 1.1)
    require(count == 0 or victim.task is Task.control, f"{victim.name}: reports {count} where nothing reaches 1.1")


VictimCheck = Callable[[AnyVictim, Tensor], None]

VICTIM_CHECKS: tuple[VictimCheck, ...] = (
    describes_itself,
    shapes_and_ranges_hold,
    a_batch_equals_its_images,
    the_same_images_give_the_same,
    gradient_reaches_the_pixels,
    weights_stay_as_they_are,
    any_size_is_taken,
    decisions_are_sorted_and_thresholded,
    nothing_found_is_fine,
)


def _modules(victim: AnyVictim) -> list[tuple[str, nn.Module]]:
    return [(str(place), network) for place, network in enumerate(victim.networks)]


def _parameters(victim: AnyVictim) -> Iterable[tuple[str, nn.Parameter]]:
    return [pair for name, module in _modules(victim) for pair in module.named_parameters(name)]


def _state(victim: AnyVictim) -> dict[str, Tensor]:
    return {f"{name}.{k}": v.clone() for name, module in _modules(victim) for k, v in module.state_dict().items()}


def _modes(victim: AnyVictim) -> tuple[bool, ...]:
    return tuple(part.training for _, module in _modules(victim) for part in module.modules())
