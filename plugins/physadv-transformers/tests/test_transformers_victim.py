"""Boxes of every family, and the same decisions as the package's own post-processing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.api import Victim, generator
from physadv.testing import check_victim

CLASSES = ("detr", "yolos", "conditional_detr", "deformable_detr", "rt_detr", "rt_detr_v2", "d_fine")
TEXT = ("owlvit", "owlv2")
QUERIES = ["stop sign", "person", "kite"]


def build(model: str | Path, **options: Any) -> Victim:
    from physadv_transformers import TransformersConfig, _build

    queries = QUERIES if any(family in str(model) for family in TEXT) else []
    return _build(TransformersConfig(model=str(model), **{"queries": queries, **options}))


def stored(family: str, folder: Path) -> Path:
    """An untrained network in a folder, as the package stores a trained one."""
    from physadv_transformers.untrained import make

    network, processor, tokenizer = make(family, 3)
    for part in (network, processor, *([tokenizer] if tokenizer else [])):
        part.save_pretrained(folder)
    return folder


def pictures(height: int, width: int, count: int = 3) -> Tensor:
    """``(count, 3, height, width)`` in steps of 1/255, all different."""
    coarse = torch.rand(count, 3, 12, 12, generator=generator(5, "pictures"))
    smooth = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    return smooth.mul(255).round() / 255


def reported(family: str, folder: Path, images: Tensor, threshold: float) -> list[dict[str, Tensor]]:
    """The package's own answer to 8-bit pictures, with its Auto classes."""
    import transformers

    kind = (
        transformers.AutoModelForZeroShotObjectDetection if family in TEXT else transformers.AutoModelForObjectDetection
    )
    network, processor = kind.from_pretrained(folder), transformers.AutoImageProcessor.from_pretrained(folder)
    inputs = processor(images=[(image * 255).round().byte() for image in images], return_tensors="pt")
    if family in TEXT:
        texts = [f"a photo of a {query}" for query in QUERIES] * len(images)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        inputs.update(tokenizer(texts, padding="max_length", max_length=77, return_tensors="pt"))
    with torch.no_grad():
        outputs = network.eval()(**inputs)
    sizes = [tuple(images.shape[-2:])] * len(images)
    found: list[dict[str, Tensor]] = processor.post_process_object_detection(outputs, threshold, target_sizes=sizes)
    return found


@pytest.mark.parametrize("family", [*CLASSES, *TEXT])
def test_every_family_passes_the_battery(family: str) -> None:
    assert check_victim(build(f"random:{family}"))


@pytest.mark.parametrize("family", [*CLASSES, *TEXT])
def test_decisions_are_those_of_the_package(family: str, tmp_path: Path) -> None:
    folder, images = stored(family, tmp_path / family), pictures(96, 96)
    victim = build(folder)
    outputs = victim.outputs(images)
    threshold = float(outputs.scores.amax(dim=2).flatten().quantile(0.6)) + 1e-6
    wanted = reported(family, folder, images, threshold)
    assert sum(len(one["scores"]) for one in wanted) >= 5  # else there is nothing to agree on
    assert len({tuple(one["scores"].tolist()) for one in wanted}) == len(images)
    for ours, theirs in zip(victim.decide(outputs, threshold), wanted, strict=True):
        order = theirs["scores"].argsort(descending=True)
        assert ours.labels.tolist() == theirs["labels"][order].tolist()
        torch.testing.assert_close(ours.scores, theirs["scores"][order], rtol=0, atol=1e-5)
        cut = theirs["boxes"][order].clamp(0, 96)  # the package reports boxes beyond the edge
        torch.testing.assert_close(ours.boxes_xyxy_px, cut, rtol=0, atol=1e-2)


@pytest.mark.parametrize("family", ["detr", "rt_detr", "yolos", "owlvit", "owlv2"])
def test_scaled_pictures_are_scored_as_the_package_scores_them(family: str, tmp_path: Path) -> None:
    folder, images = stored(family, tmp_path / family), pictures(120, 200, count=1)
    victim = build(folder)
    (ours,) = victim.decide(victim.outputs(images), 0.0)
    (theirs,) = reported(family, folder, images, 0.0)
    best = int(theirs["scores"].argmax())
    assert float(ours.scores[0]) == pytest.approx(float(theirs["scores"][best]), abs=5e-3)  # they round to 8 bit
    limits = torch.tensor([200.0, 120, 200, 120])
    cut = torch.minimum(theirs["boxes"].clamp_min(0), limits)
    assert float(torch.cdist(ours.boxes_xyxy_px[:1], cut).min()) < 1.0


@pytest.mark.parametrize("family", ["detr", "rt_detr", "owlvit"])
def test_a_trained_network_keeps_its_weights_and_names(family: str, tmp_path: Path) -> None:
    folder = stored(family, tmp_path / family)
    assert build(folder).digest == build(folder).digest != build(f"random:{family}", seed=4).digest
    assert build(folder).labels == (tuple(QUERIES) if family == "owlvit" else build("random:detr").labels)


def test_other_queries_give_other_scores() -> None:
    images = pictures(96, 96)
    first, second = (build("random:owlv2", queries=[query]) for query in ("a cat", "a dog"))
    assert first.digest != second.digest
    assert not torch.equal(first.outputs(images).scores, second.outputs(images).scores)


@pytest.mark.parametrize("family", ["detr", "owlvit"])
def test_the_gradient_is_the_slope_of_the_scores(family: str) -> None:
    victim, images = build(f"random:{family}"), pictures(96, 96, count=1)
    leaf = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(victim, leaf), leaf)
    ahead = gradient / gradient.norm()  # the package prepares pictures in float32, so the slope must stand out
    slope = (total(victim, images + 1e-2 * ahead) - total(victim, images - 1e-2 * ahead)) / 2e-2
    assert float(slope) == pytest.approx(float(gradient.norm()), rel=0.1)


def total(victim: Victim, images: Tensor) -> Tensor:
    return victim.outputs(images).scores.square().sum()
