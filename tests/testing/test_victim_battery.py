"""A defended victim is a victim, and so is a policy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ActionLogits, Actions
from physadv.core.problem.objective import Member, Objective
from physadv.core.protocols import Defense
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.whole_picture import WholePicture
from physadv.testing import ToyDefense, check_victim, sample_images
from tests.toys import ToyDetector, ToyGoal, one_scene

DEFENSE: Defense = ToyDefense()


def test_a_defended_victim_passes_the_battery_whatever_its_task() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier = Classifier(network, tuple("abcd"), name="toy", size_px=16)
    for victim in (classifier, WholePicture(classifier)):
        check_victim(DEFENSE.around(victim))
    check_victim(WholePicture(DEFENSE.around(classifier)))


def test_an_adaptive_attack_is_an_attack_on_the_defended_victim() -> None:
    scene = one_scene(2)
    bare, defended = (
        Objective((Member(victim, ToyGoal()),)) for victim in (ToyDetector(), DEFENSE.around(ToyDetector()))
    )
    images = scene.srgb.clone().requires_grad_()
    losses = [objective.measure(images, scene).loss for objective in (bare, defended)]
    slopes = [torch.autograd.grad(loss.sum(), images)[0] for loss in losses]
    assert not torch.equal(*losses)
    assert int((slopes[1] != 0).sum()) > int((slopes[0] != 0).sum())  # the blur's gradient reaches past the box


class Steering:
    """Turns to the side that is brighter."""

    name, labels, digest, confidence = "toy", ("left", "right"), "0123456789", 0.0
    task, access = Task.control, AccessLevel.gradients
    networks: tuple[nn.Module, ...] = ()

    def outputs(self, images: Tensor) -> ActionLogits:
        halves = nn.functional.adaptive_avg_pool2d(images.mean(1, keepdim=True), (1, 2))
        return ActionLogits(halves.flatten(1) * images.new_tensor([1.0, 2.0]))

    def decide(self, outputs: ActionLogits, confidence: float | None = None) -> Actions:
        return Actions(outputs.logits.argmax(1))

    def to(self, device: torch.device | str) -> Steering:
        return self


def test_a_policy_passes_the_battery() -> None:
    check_victim(Steering(), sample_images())
