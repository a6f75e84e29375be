"""The cost of each stage of the renderer beside a detector, and how it grows.

Task: 8 drawn road pictures of 640², 4 patches of 300² texels on each; forward, and backward from a fixed upstream
gradient. One thread, CPU time, median; the parts run interleaved. The detectors' own forward and backward are measured
in the same process: YOLOX-nano from an ONNX file, run on 640² pixels, and torchvision's Faster R-CNN with a ResNet-50
(untrained, which takes as long).

    OMP_NUM_THREADS=1 python benchmarks/stages.py [--onnx yolox_nano.onnx] [--resnet] [--rounds 5]
"""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from timing import timed
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import (
    CameraConfig,
    CoverConfig,
    EotConfig,
    JitterConfig,
    LightConfig,
    OpticsConfig,
    SensorConfig,
    SurfaceConfig,
)
from physadv.parts.scenes.entries import build_road
from physadv.parts.scenes.options import RoadConfig

BATCH, SIDE, BOXES, TEXELS = 8, 640, 4, 300
Job = Callable[[], object]

JITTER = JitterConfig(yaw_deg=[-30, 30], roll_deg=[-20, 20], shift_mm=[-20, 20], scale=[0.9, 1.1])
LIGHT = LightConfig(exposure_ev=[-1, 1], contrast=[0.8, 1.2], brightness=[0, 0.1], saturation=[0.8, 1.1])
KEY = replace(LIGHT, key_to_ambient=[0.2, 4], shadow=[0, 0.7], gloss=[0, 0.3], temperature_k=[4000, 8000])
SENSOR = SensorConfig(shot=[0, 4e-4], read=[0, 1e-4])
OPTICS = OpticsConfig(defocus_px=[0, 1.5])
CLOTH = SurfaceConfig(curvature_per_m=[1, 3], folds=[0, 0.05], stretch=[0.97, 1.03])
LENS = replace(OPTICS, motion_px=[0, 8], distortion=[-0.1, 0.05], vignetting=[0, 0.3])
CAMERA = CameraConfig(exposure_ev=[-1, 1], auto_exposure=[0, 1], tone=[0.8, 1.2])
DETAIL = replace(CAMERA, demosaic=True, sharpen=[0, 0.6])

STAGES = {
    "place alone": EotConfig(),
    "+ jitter, tint, defocus, noise": EotConfig(jitter=JITTER, light=LIGHT, optics=OPTICS, sensor=SENSOR),
    "+ key light, shadow, gloss": EotConfig(jitter=JITTER, light=KEY, optics=OPTICS, sensor=SENSOR),
    "+ arms": EotConfig(jitter=JITTER, light=KEY, optics=OPTICS, sensor=SENSOR, cover=CoverConfig(arms=[0, 0.25])),
    "+ cylinder and folds": EotConfig(
        jitter=JITTER, light=KEY, optics=OPTICS, sensor=SENSOR, cover=CoverConfig(arms=[0, 0.25]), surface=CLOTH
    ),
    "+ motion, lens": EotConfig(
        jitter=JITTER, light=KEY, optics=LENS, sensor=SENSOR, cover=CoverConfig(arms=[0, 0.25]), surface=CLOTH
    ),
}
LAST = STAGES["+ motion, lens"]
STAGES["+ exposure, tone"] = replace(LAST, camera=CAMERA)
STAGES["+ Bayer pattern, sharpening"] = replace(LAST, camera=DETAIL)
STAGES["+ JPEG: every stage"] = EVERY = replace(LAST, camera=replace(DETAIL, compression=[5, 50]))


def scene(batch: int = BATCH, boxes: int = BOXES, side: int = SIDE) -> SceneBatch:
    """Road pictures in which ``boxes`` patches of 0.2 of a person-like box's diagonal are worn."""
    random = torch.Generator().manual_seed(0)
    road = build_road(RoadConfig(images=batch, width_px=side, height_px=side))
    photos = torch.cat([part.srgb for part in road.sweep(batch)])
    count = batch * boxes
    tall = torch.empty(count).uniform_(-1.6, -0.22, generator=random).exp() * side
    x, y = (torch.rand(count, generator=random) * side * 0.8 + side * 0.1 for _ in range(2))
    surface = torch.zeros(count, 3, 3)
    surface[:, 0, 0] = surface[:, 1, 1] = 0.2 * tall * (1 + 0.41**2) ** 0.5 / 1000
    surface[:, 0, 2], surface[:, 1, 2], surface[:, 2, 2] = x, y, 1
    return SceneBatch(
        srgb=photos,
        sizes_px=torch.full((batch, 2), side),
        keys=tuple(map(str, range(batch))),
        image_of=torch.arange(batch).repeat_interleave(boxes),
        boxes_xyxy_px=torch.stack((x - 0.2 * tall, y - tall / 2, x + 0.2 * tall, y + tall / 2), 1),
        labels=torch.zeros(count, dtype=torch.int64),
        label_names=("person",),
        wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=surface,
        light=torch.ones(count, 3),
    )


def step(config: EotConfig, given: SceneBatch, texels: int = TEXELS) -> Job:
    """Render and go back to the patch."""
    random, renderer = torch.Generator().manual_seed(0), build_renderer(config)
    srgb = torch.rand(3, texels, texels, generator=random).requires_grad_()
    patch, upstream = PatchImage(srgb, torch.ones(1, texels, texels), 1000.0), torch.rand_like(given.srgb)

    def once() -> None:
        srgb.grad = None
        renderer.render(given, patch, renderer.sample(given, random)).backward(upstream)  # type: ignore[no-untyped-call]

    return once


def yolox(path: str, images: Tensor) -> Job:
    """Forward and backward of the network itself on these pixels."""
    from physadv.parts.victims.entries import physadv_victims

    entry = next(entry for entry in physadv_victims() if entry.name == "onnx")
    network = entry.build(entry.config(path=path)).network
    leaf = images.clone().requires_grad_()

    def once() -> None:
        leaf.grad = None
        sum(output.sum() for output in network(leaf * 255)).backward()  # type: ignore[union-attr]

    return once


def faster_rcnn(images: Tensor) -> Job:
    """Forward and backward of the victim as attacks use it."""
    from physadv.parts.victims.entries import physadv_victims

    entry = next(entry for entry in physadv_victims() if entry.name == "torchvision/fasterrcnn_resnet50_fpn")
    victim = entry.build(entry.config(weights="random"))
    leaf = images.clone().requires_grad_()

    def once() -> None:
        leaf.grad = None
        victim.outputs(leaf).scores.sum().backward()

    return once


def main() -> None:
    """Print the cost by stage, its share of the detectors', and its slopes."""
    parser = argparse.ArgumentParser(description="CPU time of the renderer by stage")
    parser.add_argument("--onnx", default="", help="YOLOX-nano, to compare with")
    parser.add_argument("--resnet", action="store_true", help="compare with Faster R-CNN, ResNet-50 (slow)")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    given = scene()
    by_stage = timed({name: step(config, given) for name, config in STAGES.items()}, args.rounds)
    for name, seconds in by_stage.items():
        print(f"{name:34s} {1e3 * seconds:8.1f} ms")
    every = by_stage["+ JPEG: every stage"]
    if args.onnx:
        share("YOLOX-nano", timed({"x": yolox(args.onnx, given.srgb)}, args.rounds)["x"], every, 0.15)
    if args.resnet:
        share("Faster R-CNN, ResNet-50", timed({"x": faster_rcnn(given.srgb)}, 1)["x"], every, 0.05)
    slopes = {f"{count} images": step(EVERY, scene(batch=count)) for count in (2, 4, 8)}
    slopes |= {f"{count} patches an image": step(EVERY, scene(boxes=count)) for count in (1, 4, 14)}
    slopes |= {f"{count} draws": step(EVERY, given.repeat(count)) for count in (1, 2)}
    slopes |= {f"{side}² texels": step(EVERY, given, side) for side in (150, 300, 600)}
    for name, seconds in timed(slopes, max(2, args.rounds // 2)).items():
        print(f"{name:34s} {1e3 * seconds:8.1f} ms")


def share(name: str, detector: float, renderer: float, goal: float) -> None:
    """How much of a step the renderer takes beside the detector."""
    ratio = renderer / detector
    print(f"{name:34s} {1e3 * detector:8.1f} ms; every stage is {ratio:.1%} of it (goal: at most {goal:.0%})")


if __name__ == "__main__":
    main()
