"""What every part must do, as checks that plugin authors run on theirs and that the tests run on ours.

>>> from physadv.testing import check_victim
>>> check_victim(my_victim)  # doctest: +SKIP

A check that fails raises :class:`BrokenPart` and says what was expected, what was seen and where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from physadv.errors import BrokenPart
from physadv.protocols import Goal, PatchModel, SceneSource, Victim
from physadv.types import Candidates, SceneBatch

TOLERANCE = 1e-3
"""By how much scores may differ between a batch and single images; boxes by this share of the image's longer side."""


def require(true: bool, message: str) -> None:
    """Raise :class:`BrokenPart` with the message unless ``true``."""
    if not true:
        raise BrokenPart(message)


def sample_images(count: int = 2, height: int = 96, width: int = 128) -> Tensor:
    """``(count, 3, height, width)`` smooth images in [0, 1], all different, the same in every run."""
    generator = torch.Generator().manual_seed(20)
    coarse = torch.rand(count, 3, 6, 8, generator=generator)
    return nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False).clamp(0, 1)


# ── victims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_victim(victim: Victim, images: Tensor | None = None) -> tuple[str, ...]:
    """Run every victim check on ``images`` ``(B >= 2, 3, H, W)`` (default: made-up ones); return their names."""
    shown = sample_images() if images is None else images
    require(len(shown) >= 2, f"check_victim needs at least two images, got {len(shown)}")
    for check in VICTIM_CHECKS:
        check(victim, shown)
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


# ── scenes, patches, goals ───────────────────────────────────────────────────────────────────────────────────────────


def check_scenes(source: SceneSource) -> None:
    """Sweeps show every image once in one order, split parts them, batches repeat with a wearer in every image."""
    keys = [key for scene in source.sweep(2) for key in scene.keys]
    require(len(keys) == len(source), f"len says {len(source)} images, the sweep shows {len(keys)}")
    require(len(set(keys)) == len(keys), "the sweep shows an image twice, or two images share a key")
    again = [key for scene in source.sweep(3) for key in scene.keys]
    require(keys == again, "the order of the sweep depends on the batch size or on the run")
    _check_skip(source)
    held_in, held_out = ({key for scene in part.sweep(4) for key in scene.keys} for part in source.split(0.5, 7))
    require(not held_in & held_out, f"split gives an image to both parts: {sorted(held_in & held_out)[:3]}")
    require(held_in | held_out == set(keys), "split loses or invents an image")
    first = next(iter(source.batches(3, torch.Generator().manual_seed(1))))
    second = next(iter(source.batches(3, torch.Generator().manual_seed(1))))
    require(first.keys == second.keys and torch.equal(first.srgb, second.srgb), "the same seed gives another batch")
    for scene in (first, *source.sweep(4)):
        _check_scene(scene)
    worn = set(first.image_of[first.wears].tolist())
    require(worn == set(range(len(first.keys))), "a batch for optimisation has an image without a wearer")


def _check_skip(source: SceneSource) -> None:
    """A sweep that goes on after a stop shows what the whole one would have shown from there."""
    whole = list(source.sweep(2))
    for skip in (1, len(whole)):
        rest = list(source.sweep(2, skip))
        require(
            [scene.keys for scene in rest] == [scene.keys for scene in whole[skip:]],
            f"sweep(2, skip={skip}) shows other batches than the sweep without its first {skip}",
        )
        for here, there in zip(rest, whole[skip:], strict=True):
            require(torch.equal(here.srgb, there.srgb), f"sweep(2, skip={skip}) shows other pictures under their names")


def _check_scene(scene: SceneBatch) -> None:
    require(bool(((scene.srgb >= 0) & (scene.srgb <= 1)).all()), "scene.srgb leaves [0, 1]")
    require(not scene.srgb.requires_grad, "scene.srgb must not carry a gradient")
    known = (scene.labels >= 0) & (scene.labels < len(scene.label_names))
    require(bool(known.all()), f"a label of {scene.labels.tolist()} has no name in {scene.label_names}")
    require(bool((scene.image_of < len(scene.keys)).all()), "an object is in an image that is not in the batch")
    worn = scene.image_from_surface[scene.wears]
    require(bool(torch.isfinite(worn).all() & (worn.det().abs() > 1e-12).all()), "image_from_surface is not invertible")
    if scene.eye_mm is not None:
        require(
            bool((scene.eye_mm[scene.wears, 2] < 0).all()), "eye_mm is not before the surface: its z must be negative"
        )
    for name in ("blur_px", "noise", "visible"):
        value = getattr(scene, name)
        require(
            value is None or bool((torch.isfinite(value) & (value >= 0)).all()), f"{name} is negative or not finite"
        )
    require(scene.visible is None or bool((scene.visible <= 1).all()), "visible leaves [0, 1]")


def check_patch(patch: PatchModel) -> None:
    """The image is printable after ``project_``, has a gradient to the parameters, and survives saving and loading."""
    patch.project_()
    image = patch()
    require(bool(((image.srgb >= 0) & (image.srgb <= 1)).all()), "after project_, srgb leaves [0, 1]")
    require(bool(((image.alpha >= 0) & (image.alpha <= 1)).all()), "alpha leaves [0, 1]")
    parameters = list(patch.parameters())
    require(len(parameters) > 0, "the patch has no parameters to optimise")
    gradients = torch.autograd.grad(image.srgb.square().sum(), parameters, allow_unused=True)
    require(
        any(g is not None and bool(g.abs().sum() > 0) for g in gradients), "no gradient from srgb to the parameters"
    )
    state = {name: value.clone() for name, value in patch.state_dict().items()}
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(0.05)
    patch.load_state_dict(state)
    require(torch.equal(patch().srgb, image.srgb), "load_state_dict(state_dict()) does not restore the patch")


def check_goal(goal: Goal, victim: Victim, scene: SceneBatch) -> None:
    """One finite loss an image with gradient to the scores, zero without a wearer; one verdict an object."""
    bound = goal.bound(victim.labels)
    seen = victim.outputs(scene.srgb)
    outputs = Candidates(seen.boxes_xyxy_px.detach(), seen.scores.detach().requires_grad_())
    loss = bound.loss(outputs, scene)
    require(
        tuple(loss.shape) == (len(scene.keys),), f"a loss an image is ({len(scene.keys)},), got {tuple(loss.shape)}"
    )
    require(bool(torch.isfinite(loss).all()), f"the loss is not finite: {loss.tolist()}")
    worn = set(scene.image_of[scene.wears].tolist())
    bare = [index for index in range(len(scene.keys)) if index not in worn]
    require(
        bool((loss[bare] == 0).all()), f"the loss of images without a wearer must be zero, got {loss[bare].tolist()}"
    )
    if worn and loss.requires_grad:
        torch.autograd.backward(loss.sum())
        gradient = outputs.scores.grad
        require(gradient is None or bool(torch.isfinite(gradient).all()), "the gradient at the scores is not finite")
    verdicts = bound.achieved(victim.decide(outputs), scene)
    require(
        tuple(verdicts.shape) == (len(scene.labels),) and verdicts.dtype == torch.bool,
        f"achieved gives one bool an object, ({len(scene.labels)},), got {tuple(verdicts.shape)} {verdicts.dtype}",
    )
