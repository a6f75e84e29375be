"""Any torch module that classifies is a victim; its scores are softmax, its gradient that of the log-odds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from physadv.api import AccessLevel, Classifier, Task, WholePicture
from physadv.core.errors import BadShape, IncompatibleParts
from physadv.testing import VICTIM_CHECKS, BrokenPart, VictimCheck, check_goal, sample_images
from physadv.testing.victims import gradient_reaches_the_pixels
from tests.toys import one_scene

LABELS = ("board", "ghost", "door")


def small_network(classes: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return nn.Sequential(
            nn.Conv2d(3, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Linear(32, classes),
        )  # fmt: skip


def made(network: nn.Module | None = None, **options: Any) -> Classifier:
    return Classifier(network or small_network(), LABELS, **{"name": "small", "size_px": 24} | options)


class Told(nn.Module):
    """Puts out the logits that the first pixels of the image spell."""

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels[:, 0, 0, :3]


def told(logits: Tensor) -> tuple[Classifier, Tensor]:
    """The classifier above and the image that makes it say ``logits (B, 3)``."""
    images = torch.zeros(len(logits), 3, 4, 4)
    images[:, 0, 0, :3] = (logits + 100) / 200
    return made(Told(), size_px=4, mean=(0.5,) * 3, std=(1 / 200,) * 3), images


@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"shorter_px": 32, "bicubic": True, "bgr": True}], ids=["plain", "cropped"])
def test_a_small_network_passes_the_battery(options: dict[str, Any], check: VictimCheck) -> None:
    check(made(**options), sample_images())
    check(WholePicture(made(**options)), sample_images())


def test_it_says_logits_and_reports_the_best_class() -> None:
    victim, images = told(torch.tensor([[2.0, 0.0, 0.0], [0.1, 0.0, 0.3]]))
    outputs = victim.outputs(images)
    assert torch.allclose(outputs.logits, torch.tensor([[2.0, 0.0, 0.0], [0.1, 0.0, 0.3]]), atol=1e-4)
    found = victim.decide(outputs, 0.5)
    assert (found.labels.tolist(), found.reported.tolist()) == ([0, 2], [True, False])
    assert torch.allclose(found.scores, outputs.logits.softmax(1).amax(1))
    assert (victim.task, victim.access) == (Task.classification, AccessLevel.gradients)


def test_seen_as_a_detector_the_whole_image_is_the_one_candidate() -> None:
    victim, images = made(), sample_images(2, 48, 80)
    seen, logits = WholePicture(victim), victim.outputs(images).logits
    outputs = seen.outputs(images)
    assert outputs.boxes_xyxy_px.tolist() == [[[0, 0, 80, 48]]] * 2
    assert torch.allclose(outputs.scores[:, 0], logits.softmax(1), atol=3e-6)
    assert [one.labels.tolist() for one in seen.decide(outputs)] == [[int(i)] for i in logits.argmax(1)]
    assert (seen.name, seen.digest, seen.task) == (victim.name, victim.digest, Task.classification)


def test_what_is_unsure_is_not_reported_above_a_threshold() -> None:
    victim, images = told(torch.tensor([[2.0, 0.0, 0.0], [0.1, 0.0, 0.0]]))
    seen = WholePicture(victim)
    assert [len(found.scores) for found in seen.decide(seen.outputs(images), 0.5)] == [1, 0]


def test_a_saturated_softmax_still_has_a_gradient() -> None:
    victim, images = told(torch.tensor([[90.0, 0.0, -50.0]]))
    images.requires_grad_()
    scores = WholePicture(victim).outputs(images).scores
    assert scores.flatten().tolist() == pytest.approx([1, 0, 0], abs=3e-6)
    torch.logit(scores[0, 0, 1]).backward()  # lift the runner-up
    assert images.grad is not None
    assert images.grad[0, 0, 0, :3] / 200 == pytest.approx(torch.tensor([-1.0, 1.0, 0.0]), abs=0.01)


def test_the_gradient_is_that_of_the_log_odds() -> None:
    victim, images = told(torch.tensor([[1.0, -0.5, 0.3]]))
    images.requires_grad_()
    ours = torch.autograd.grad(torch.logit(WholePicture(victim).outputs(images).scores[0, 0, 1]), images)[0]
    theirs = torch.autograd.grad(torch.logit(victim.outputs(images).logits.softmax(1)[0, 1]), images)[0]
    assert torch.allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (231, 200), (20, 30)])
@pytest.mark.parametrize("way", [InterpolationMode.BILINEAR, InterpolationMode.BICUBIC])
def test_cropping_is_torchvisions_preset(size: tuple[int, int], way: InterpolationMode) -> None:
    preset = ImageClassification(crop_size=48, resize_size=61, interpolation=way)
    victim = made(
        nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 3)), size_px=48, shorter_px=61,
        mean=preset.mean, std=preset.std, bicubic=way is InterpolationMode.BICUBIC,
    )  # fmt: skip
    images = sample_images(2, *size) * 0.5 + 0.25  # bicubic stays within [0, 1]
    assert torch.allclose(victim.outputs(images).logits, victim.network(preset(images)), atol=1e-4)


def test_colours_can_be_turned_round_for_the_network() -> None:
    images = torch.tensor([0.2, 0.4, 0.6])[None, :, None, None].expand(1, 3, 4, 4)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    plain = made(network, size_px=4, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))
    turned = made(network, size_px=4, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0), bgr=True)
    assert torch.allclose(plain.outputs(images).logits.flip(1), turned.outputs(images).logits)


def test_goals_work_on_it() -> None:
    from physadv.parts.goals.detection import Alter, Hide
    from physadv.parts.goals.options import AlterConfig, HideConfig

    for goal in (Hide(HideConfig()), Alter(AlterConfig()), Alter(AlterConfig(to="ghost"))):
        check_goal(goal, WholePicture(made()), one_scene(2))


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(BadShape, match=r"small puts out \(2, 4\) for 2 images and 3 labels"):
        made(small_network(4)).outputs(sample_images())
    with pytest.raises(IncompatibleParts, match="two labels or more"):
        Classifier(small_network(1), ("board",), name="small", size_px=24)


def test_a_classifier_without_gradient_does_not_pass_as_one_with() -> None:
    class Detached(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return pixels.detach().mean((2, 3))

    with pytest.raises(BrokenPart, match="detached"):
        gradient_reaches_the_pixels(made(Detached()), sample_images())
    gradient_reaches_the_pixels(made(Detached(), access=AccessLevel.scores), sample_images())
