"""CPU time of one whole optimisation step, ours beside ART's AdversarialPatchPyTorch, and where ours goes.

    python benchmarks/step.py [--onnx DETECTOR]

Both attack the same SSDlite320 (random weights: speed does not care), a batch of 8 images, one thread, interleaved in
one process, process time, median. ART renders one patch an image, its design; we render one on every box (4 an image).
Goal: at most 0.5 of ART's time; everything but the detector at most 8 % of our step on a detector like YOLOv8n.
With ``--onnx`` ours attacks that file at 416 px as well.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from timing import timed

from physadv.core.types import SceneBatch
from physadv.parts.attacks.patch.eot import adam
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.goals.penalty_entries import physadv_penalties
from physadv.parts.patches.entries import physadv_patches
from physadv.parts.patches.options import RasterConfig
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig, SensorConfig
from physadv.parts.victims.entries import physadv_victims

BATCH, SIDE, BOXES = 8, 320, 4
VICTIMS = {entry.name: entry for entry in physadv_victims()}
Timed = Callable[[], None]


def scene(side: int = SIDE, batch: int = BATCH) -> SceneBatch:
    """Random images with person-like boxes."""
    random = torch.Generator().manual_seed(0)
    count = batch * BOXES
    height = torch.empty(count).uniform_(0.3 * side, 0.8 * side, generator=random)
    left, top = (torch.rand(count, generator=random) * (side - s) for s in (0.41 * height, height))
    boxes = torch.stack([left, top, left + 0.41 * height, top + height], 1)
    surface = torch.eye(3).repeat(count, 1, 1)
    surface[:, 0, 0] = surface[:, 1, 1] = height / 1700
    surface[:, :2, 2] = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5
    return SceneBatch(
        srgb=torch.rand(batch, 3, side, side, generator=random), sizes_px=torch.full((batch, 2), side),
        keys=tuple(map(str, range(batch))), image_of=torch.arange(batch).repeat_interleave(BOXES), boxes_xyxy_px=boxes,
        labels=torch.zeros(count, dtype=torch.int64), label_names=("person",),
        wears=torch.ones(count, dtype=torch.bool), image_from_surface=surface, light=torch.ones(count, 3),
    )  # fmt: skip


def ours(spent: dict[str, float], onnx: str = "") -> Timed:
    """Render, detect, loss, penalties, backward, step; adds the time up to and after the detector to ``spent``."""
    entry = VICTIMS["onnx" if onnx else "torchvision/ssdlite320_mobilenet_v3_large"]
    victim = entry.build(entry.config(path=onnx) if onnx else entry.config(weights="random"))
    patch = physadv_patches()[0].build(RasterConfig(width_mm=374, height_mm=374, px_per_100mm=80, init="random"))
    eot = EotConfig(
        jitter=JitterConfig(yaw_deg=[-20, 20], roll_deg=[-10, 10], scale=[0.9, 1.1]),
        light=LightConfig(exposure_ev=[-0.5, 0.5], contrast=[0.8, 1.2]), sensor=SensorConfig(read=[0, 4e-4]),
    )  # fmt: skip
    renderer, goal = build_renderer(eot), Hide(HideConfig()).bound(victim.labels)
    penalties = [e.build(e.config()) for e in physadv_penalties() if e.config().weight]
    optimizer, random, given = (
        adam(patch.parameters(), 0.03),
        torch.Generator().manual_seed(0),
        scene(416 if onnx else SIDE),
    )

    def step() -> None:
        begun = time.process_time()
        optimizer.zero_grad(set_to_none=True)
        images = renderer.render(given, patch(), renderer.sample(given, random))
        leaf = images.detach().requires_grad_()
        spent["render"] += time.process_time() - begun
        detecting = time.process_time()
        goal.loss(victim.outputs(leaf), given).mean().backward()  # type: ignore[no-untyped-call]
        spent["detector"] += time.process_time() - detecting
        rest = time.process_time()
        assert leaf.grad is not None
        images.backward(leaf.grad)  # type: ignore[no-untyped-call]
        spent["render"] += time.process_time() - rest
        rest = time.process_time()
        for penalty in penalties:
            penalty(patch()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        patch.project_()
        spent["patch"] += time.process_time() - rest

    return step


def arts() -> Timed | None:
    """One training step of ART's patch, or ``None`` when ART is not installed."""
    try:
        from art.attacks.evasion import AdversarialPatchPyTorch
        from art.estimators.object_detection import PyTorchObjectDetector
    except ImportError:
        return None
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    torch.manual_seed(0)
    model = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    detector = PyTorchObjectDetector(
        model, input_shape=(3, SIDE, SIDE), clip_values=(0, 1), attack_losses=("bbox_regression", "classification"),
        device_type="cpu",
    )  # fmt: skip
    attack = AdversarialPatchPyTorch(
        detector, rotation_max=20, scale_min=0.2, scale_max=0.3, learning_rate=0.03, max_iter=1, batch_size=BATCH,
        patch_shape=(3, 300, 300), patch_type="square", targeted=False, verbose=False,
    )  # fmt: skip
    given = scene()
    images = given.srgb.numpy()
    boxes = given.boxes_xyxy_px.reshape(BATCH, BOXES, 4).numpy()
    truth = [
        {"boxes": b, "labels": np.ones(BOXES, dtype=np.int64), "scores": np.ones(BOXES, dtype=np.float32)}
        for b in boxes
    ]
    return lambda: attack.generate(images, truth) and None


def main(rounds: int = 7) -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description="CPU time of one optimisation step")
    parser.add_argument("--onnx", default="", help="a detector to attack at 416 px as well")
    onnx = parser.parse_args().onnx
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    spent = {name: dict.fromkeys(("render", "detector", "patch"), 0.0) for name in ("ssdlite320", "onnx")}
    jobs = {"physadv": ours(spent["ssdlite320"]), "ART": arts()}
    if onnx:
        jobs["physadv, onnx"] = ours(spent["onnx"], onnx)
    medians = timed({name: job for name, job in jobs.items() if job}, rounds)
    for name, value in medians.items():
        print(f"{name:14s} {1e3 * value:8.1f} ms a step of {BATCH} images")
    if "ART" in medians:
        print(f"ratio          {medians['physadv'] / medians['ART']:8.2f}  (goal: at most 0.50)")
    for name, parts in spent.items():
        if total := sum(parts.values()):
            print(f"{name:14s} " + ", ".join(f"{part} {value / total:.1%}" for part, value in parts.items()))


if __name__ == "__main__":
    main()
