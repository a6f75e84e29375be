"""The battery for victims."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from physadv.core.protocols import Victim
from physadv.core.types import Candidates
from physadv.testing.base import TOLERANCE, reasoned, require, sample_images


def check_victim(victim: Victim, images: Tensor | None = None) -> tuple[str, ...]:
    """Run every victim check on ``images`` ``(B >= 2, 3, H, W)`` (default: made-up ones); return their names."""
    shown = sample_images() if images is None else images
    require(len(shown) >= 2, f"check_victim needs at least two images, got {len(shown)}")
    for check in VICTIM_CHECKS:
        reasoned(victim, check, victim, shown)
    return tuple(check.__name__ for check in VICTIM_CHECKS)


def describes_itself(victim: Victim, images: Tensor) -> None:
    """Name, labels, operating point and digest are there."""
    require(bool(victim.name), "victim.name is empty")
    require(len(victim.labels) > 0 and all(victim.labels), f"{victim.name}: labels must be names, got {victim.labels}")
    require(0 <= victim.confidence <= 1, f"{victim.name}: confidence must be within 0 and 1, got {victim.confidence}")
    require(len(victim.digest) >= 8, f"{victim.name}: digest must be a hash of the weights, got {victim.digest!r}")


@torch.no_grad()
def shapes_and_ranges_hold(victim: Victim, images: Tensor) -> None:
    """One row of scores a candidate, one column a label, all finite; boxes lie in the image, scores within 0 and 1."""
    _check_candidates(victim, victim.outputs(images), images)


@torch.no_grad()
def a_batch_equals_its_images(victim: Victim, images: Tensor) -> None:
    """What is said of an image does not depend on the others in the batch."""
    together = victim.outputs(images)
    for index in range(len(images)):
        alone = victim.outputs(images[index : index + 1])
        rows = alone.scores.shape[1]
        require(
            rows <= together.scores.shape[1],
            f"{victim.name}: image {index} has {rows} candidates alone, {together.scores.shape[1]} in a batch",
        )
        _same(victim, f"image {index} alone and in a batch", _cut(together, index, rows), alone, images)


@torch.no_grad()
def the_same_images_give_the_same(victim: Victim, images: Tensor) -> None:
    """Two runs agree exactly."""
    first, second = victim.outputs(images), victim.outputs(images)
    require(
        torch.equal(first.scores, second.scores) and torch.equal(first.boxes_xyxy_px, second.boxes_xyxy_px),
        f"{victim.name}: two runs on the same images differ",
    )


def gradient_reaches_the_pixels(victim: Victim, images: Tensor) -> None:
    """A differentiable victim has a finite gradient at every image; another one must not pretend to."""
    leaf = images.detach().clone().requires_grad_()
    outputs = victim.outputs(leaf)
    if not victim.differentiable:
        require(not outputs.scores.requires_grad, f"{victim.name}: not differentiable, yet its scores carry a gradient")
        return
    require(outputs.scores.requires_grad, f"{victim.name}: differentiable, but the scores are detached from the images")
    torch.autograd.backward(_pull(victim, outputs) + outputs.boxes_xyxy_px.mean())
    require(leaf.grad is not None, f"{victim.name}: no gradient arrives at the images")
    assert leaf.grad is not None
    require(bool(torch.isfinite(leaf.grad).all()), f"{victim.name}: the gradient at the images is not finite")
    strengths = leaf.grad.flatten(1).abs().sum(dim=1)
    require(bool((strengths > 0).all()), f"{victim.name}: an image has zero gradient: {strengths.tolist()}")


def weights_stay_as_they_are(victim: Victim, images: Tensor) -> None:
    """Neither outputs nor backward change a weight, leave a gradient on one, or switch the mode."""
    before, modes = _state(victim), _modes(victim)
    digest = victim.digest
    leaf = images.detach().clone().requires_grad_()
    outputs = victim.outputs(leaf)
    if victim.differentiable:
        torch.autograd.backward(outputs.scores.sum())
    require(victim.digest == digest, f"{victim.name}: its digest changed by being used")
    for name, value in _state(victim).items():
        require(torch.equal(value, before[name]), f"{victim.name}: weight {name} changed by being used")
    require(_modes(victim) == modes and not any(modes), f"{victim.name}: must be in evaluation mode, before and after")
    for name, parameter in _parameters(victim):
        require(not parameter.requires_grad, f"{victim.name}: weight {name} is not frozen (requires_grad)")
        require(parameter.grad is None, f"{victim.name}: weight {name} has collected a gradient")


@torch.no_grad()
def any_size_is_taken(victim: Victim, images: Tensor) -> None:
    """Small, odd, single-pixel and very long images are fine."""
    for height, width in ((33, 47), (1, 1), (8, 400), (300, 5)):
        odd = nn.functional.interpolate(images[:1], size=(height, width), mode="bilinear", align_corners=False)
        _check_candidates(victim, victim.outputs(odd), odd)


@torch.no_grad()
def decisions_are_sorted_and_thresholded(victim: Victim, images: Tensor) -> None:
    """One Detections an image, best first, none below the threshold, labels known; a higher threshold reports less."""
    outputs = victim.outputs(images)
    strongest = float(outputs.scores.amax()) if outputs.scores.numel() else 0.0
    for threshold in (None, strongest / 2, strongest):
        decisions = victim.decide(outputs, threshold)
        require(len(decisions) == len(images), f"{victim.name}: {len(images)} images, but {len(decisions)} decisions")
        least = victim.confidence if threshold is None else threshold
        for found in decisions:
            falls = bool((found.scores.diff() <= 1e-6).all())
            require(falls, f"{victim.name}: detections are not sorted best first: {found.scores.tolist()}")
            require(
                bool((found.scores >= least - 1e-6).all()),
                f"{victim.name}: reports a score of {float(found.scores.min()) if len(found.scores) else 0:.3g} "
                f"below the threshold {least:.3g}",
            )
            known = bool(((found.labels >= 0) & (found.labels < len(victim.labels))).all())
            require(known, f"{victim.name}: reports a label that victim.labels does not name: {found.labels.tolist()}")
    some = sum(len(found.scores) for found in victim.decide(outputs, strongest / 2))
    require(some > 0 or strongest == 0, f"{victim.name}: decide drops even the strongest candidate")


@torch.no_grad()
def nothing_found_is_fine(victim: Victim, images: Tensor) -> None:
    """A threshold that nothing reaches gives empty detections of the right shapes."""
    for found in victim.decide(victim.outputs(images), 1.1):
        require(
            tuple(found.boxes_xyxy_px.shape) == (0, 4) and len(found.scores) == len(found.labels) == 0,
            f"{victim.name}: with nothing to report, boxes must be (0, 4), got {tuple(found.boxes_xyxy_px.shape)}",
        )


VictimCheck = Callable[[Victim, Tensor], None]

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


def _check_candidates(victim: Victim, outputs: Candidates, images: Tensor) -> None:
    boxes, scores = outputs.boxes_xyxy_px, outputs.scores
    size = f"on {tuple(images.shape)} images"
    require(len(scores) == len(images), f"{victim.name}: {len(scores)} rows of candidates {size}")
    require(
        scores.shape[2] == len(victim.labels),
        f"{victim.name}: scores {scores.shape[2]} classes, but names {len(victim.labels)} labels",
    )
    require(bool(torch.isfinite(boxes).all() & torch.isfinite(scores).all()), f"{victim.name}: not finite {size}")
    if not scores.numel():
        return
    low, high = float(scores.min()), float(scores.max())
    require(
        low >= -1e-4 and high <= 1 + 1e-4, f"{victim.name}: scores from {low:.3g} to {high:.3g} {size}, not in [0, 1]"
    )
    height, width = images.shape[-2:]
    corner = boxes.flatten(0, 1).amax(dim=0)
    inside = float(boxes.min()) >= -1e-2 and bool((corner <= corner.new_tensor([width, height] * 2) + 1e-2).all())
    require(inside, f"{victim.name}: boxes leave the image {size}: down to {float(boxes.min()):.4g}, up to {corner}")


def _pull(victim: Victim, outputs: Candidates) -> Tensor:
    """All scores together; of a classifier the best one of each image, because its scores add to one by themselves."""
    if getattr(victim, "kind", "detector") == "classifier":
        return outputs.scores.amax(dim=2).sum()
    return outputs.scores.sum()


def _cut(outputs: Candidates, index: int, rows: int) -> Candidates:
    return Candidates(outputs.boxes_xyxy_px[index : index + 1, :rows], outputs.scores[index : index + 1, :rows])


def _same(victim: Victim, what: str, first: Candidates, second: Candidates, images: Tensor) -> None:
    scores = float((first.scores - second.scores).abs().max()) if first.scores.numel() else 0.0
    require(scores <= TOLERANCE, f"{victim.name}: {what}: scores differ by {scores:.3g}")
    pixels = float((first.boxes_xyxy_px - second.boxes_xyxy_px).abs().max()) if first.scores.numel() else 0.0
    limit = TOLERANCE * max(images.shape[-2:])
    require(pixels <= limit, f"{victim.name}: {what}: boxes differ by {pixels:.3g} px")


def _modules(victim: Victim) -> list[tuple[str, nn.Module]]:
    """The victim itself where it is a module, else the modules it holds."""
    if isinstance(victim, nn.Module):
        return [("", victim)]
    return [(name, value) for name, value in getattr(victim, "__dict__", {}).items() if isinstance(value, nn.Module)]


def _parameters(victim: Victim) -> Iterable[tuple[str, nn.Parameter]]:
    return [pair for name, module in _modules(victim) for pair in module.named_parameters(name)]


def _state(victim: Victim) -> dict[str, Tensor]:
    return {f"{name}.{k}": v.clone() for name, module in _modules(victim) for k, v in module.state_dict().items()}


def _modes(victim: Victim) -> tuple[bool, ...]:
    return tuple(part.training for _, module in _modules(victim) for part in module.modules())
