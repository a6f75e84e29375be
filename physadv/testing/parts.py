"""The batteries for scenes, patches and goals."""

from __future__ import annotations

import torch

from physadv.core.protocols import Goal, PatchModel, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import Candidates, PatchImage, SceneBatch
from physadv.testing.base import reasoned, require


def check_scenes(source: SceneSource) -> None:
    """Sweeps show every image once in one order, split parts them, batches repeat with a wearer in every image."""
    reasoned(source, _scenes_hold, source)


def _scenes_hold(source: SceneSource) -> None:
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
    if scene.camera_mm is not None:
        require(
            bool((scene.camera_mm[scene.wears, 2] < 0).all()),
            "camera_mm is not before the surface: its z must be negative",
        )
    for name in ("blur_px", "noise", "visible"):
        value = getattr(scene, name)
        require(
            value is None or bool((torch.isfinite(value) & (value >= 0)).all()), f"{name} is negative or not finite"
        )
    require(scene.visible is None or bool((scene.visible <= 1).all()), "visible leaves [0, 1]")


def check_patch(patch: PatchModel) -> None:
    """The image is printable after ``project_``, has a gradient to the parameters, and survives saving and loading."""
    reasoned(patch, _patch_holds, patch)


def _patch_holds(patch: PatchModel) -> None:
    patch.project_()
    image = patch()
    require(isinstance(image, PatchImage), f"a patch makes a PatchImage, got {type(image).__name__}")
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
    reasoned(goal, _goal_holds, goal, victim, scene)


def _goal_holds(goal: Goal, victim: Victim, scene: SceneBatch) -> None:
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
