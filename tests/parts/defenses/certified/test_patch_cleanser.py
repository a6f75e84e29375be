"""No patch of the certified size changes a certified label."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.parts.defenses.certified.options import PatchCleanserConfig
from physadv.parts.defenses.certified.patch_cleanser import Cleansed, PatchCleanser
from physadv.parts.victims.classifier import Classifier
from physadv.testing import ToyGridDetector, one_scene

SIDE, PATCH = 6, 2


def tiny(seed: int, confidence: float = 0.0) -> Classifier:
    """A network of three classes for pictures of 6 × 6, most of which depends on few pixels."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, 8), nn.ReLU(), nn.Linear(8, 3))
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return Classifier(network, ("a", "b", "c"), name="tiny", size_px=SIDE, confidence=confidence)


def cleansed(victim: Classifier, windows: int = 3, area: float = PATCH**2 / SIDE**2) -> Cleansed:
    made = PatchCleanser(PatchCleanserConfig(area, windows)).around(victim)
    assert isinstance(made, Cleansed)
    return made


def every_patch(image: Tensor) -> Tensor:
    """``(n,3,6,6)``: the picture with every patch of 2 × 2 px whose pixels are black, white, red or green."""
    colours = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0]])
    paints = torch.stack([torch.stack(four, 1) for four in itertools.product(colours, repeat=PATCH**2)])
    shown = []
    for y, x in itertools.product(range(SIDE - PATCH + 1), repeat=2):
        attacked = image.repeat(len(paints), 1, 1, 1)
        attacked[:, :, y : y + PATCH, x : x + PATCH] = paints.reshape(-1, 3, PATCH, PATCH)
        shown.append(attacked)
    return torch.cat(shown)


@pytest.mark.slow
def test_no_patch_anywhere_flips_a_certified_label_or_silences_it() -> None:
    proven = flipped_bare = flipped_unproven = 0
    for seed in range(6):
        images = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        for confidence in (0.0, 0.5):
            victim = cleansed(tiny(seed, confidence))
            certificate = victim.certificate(images)
            attacked = every_patch(images[0])[seed::47]
            answers = victim.decide(victim.outputs(attacked))
            same = (answers.labels == certificate.labels) & answers.reported
            if certificate.radii > 0:
                proven += 1
                assert certificate.radii == PATCH
                assert same.all()
                bare = victim.victim.decide(victim.victim.outputs(attacked)).labels
                flipped_bare += int((bare != certificate.labels).any())
            else:
                flipped_unproven += int(not same.all())
    assert proven >= 4, "too few certificates to test anything"
    assert flipped_unproven >= 2, "the attack is too weak to test anything"
    assert flipped_bare >= 1, "the bare classifier needs no defence here"


def test_the_majority_is_outvoted_by_the_one_window_that_hides_the_patch() -> None:
    """A classifier that says "b" where it sees a white pixel: only the window over that one shows what is there."""

    class Eye(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            white = (images.amin(1) > 0.95).flatten(1).any(1).float()
            return torch.stack([1 - white, white], 1) * 8

    victim = cleansed(Classifier(Eye(), ("a", "b"), name="eye", size_px=SIDE))
    image = torch.full((1, 3, SIDE, SIDE), 0.2)
    assert victim.certificate(image).radii.tolist() == [PATCH]
    attacked = image.clone()
    attacked[:, :, 1, 4] = 1.0
    assert victim.victim.outputs(attacked).logits.argmax(1).tolist() == [1]
    assert victim.outputs(attacked).logits.argmax(1).tolist() == [0]


def test_the_certificate_of_objects_asks_for_their_own_label() -> None:
    victim = cleansed(tiny(0))
    scene = one_scene(2)  # of boards, which the classifier does not know
    assert victim.certified(torch.rand(2, 3, SIDE, SIDE), scene).tolist() == [False, False]


def test_a_detector_is_refused() -> None:
    with pytest.raises(IncompatibleParts, match="needs a classifier"):
        PatchCleanser(PatchCleanserConfig()).around(ToyGridDetector())


@pytest.mark.parametrize("config", [PatchCleanserConfig(0), PatchCleanserConfig(1), PatchCleanserConfig(0.02, 1)])
def test_windows_that_are_none_are_refused(config: PatchCleanserConfig) -> None:
    with pytest.raises(BadOption, match="of patch-cleanser"):
        PatchCleanser(config)


class LisaCnn(nn.Module):
    """The road sign classifier of Eykholt et al. 2018; pictures of 32 × 32."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.c1, self.c2, self.c3 = nn.Conv2d(3, 64, 8, 2, 3), nn.Conv2d(64, 128, 6, 2), nn.Conv2d(128, 128, 5)
        self.fc = nn.Linear(512, 18)
        self.load_state_dict(load_file(weights))

    def forward(self, images: Tensor) -> Tensor:
        for layer in (self.c1, self.c2, self.c3):
            images = layer(images).relu()
        logits: Tensor = self.fc(images.permute(0, 2, 3, 1).flatten(1))
        return logits


@pytest.mark.slow
def test_a_thousand_steps_flip_no_certified_picture(shared: Path) -> None:
    """Projected gradient on the patch through one window after another, on the real classifier and real photos."""
    network = LisaCnn(shared / "weights" / "lisa_cnn_rp2_18.safetensors")
    victim = cleansed(Classifier(network, [str(i) for i in range(18)], name="lisa", size_px=32), 4, 0.02)
    photos = torch.from_numpy(np.load(shared / "data" / "rp2_stop" / "lisa_victims_32.npz")["x"]).permute(0, 3, 1, 2)
    certificate = victim.certificate(photos.float() / 255)
    proven = (certificate.radii > 0).nonzero().flatten()[:2]
    assert len(proven) == 2
    side, generator = int(certificate.radii.max()), torch.Generator().manual_seed(0)
    images, labels = (photos[proven].float() / 255).repeat(2, 1, 1, 1), certificate.labels[proven].repeat(2)
    corners = torch.randint(8, 24 - side, (len(images), 2), generator=generator).tolist()  # on the sign
    mask = torch.zeros(len(images), 1, 32, 32)
    for row, (y, x) in enumerate(corners):
        mask[row, :, y : y + side, x : x + side] = 1
    patch, windows, fooled = torch.rand(images.shape, generator=generator), victim._windows(images), 0
    for step in range(1000):
        attacked = (images * (1 - mask) + patch * mask).requires_grad_()
        shown = attacked if step % 2 else windows.masked(attacked, step // 2 % len(windows))
        loss = nn.functional.cross_entropy(victim.victim.outputs(shown).logits, labels)
        (slope,) = torch.autograd.grad(loss, attacked)
        patch = (patch + (0.1 if step < 500 else 0.02) * slope.sign()).clamp(0, 1)
        if step % 100 == 99:
            with torch.no_grad():
                assert (victim.outputs(attacked).logits.argmax(1) == labels).all()
                fooled += int((victim.victim.outputs(attacked).logits.argmax(1) != labels).sum())
    assert fooled, "the attack does not even fool the bare classifier"
