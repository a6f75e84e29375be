"""Rendering a patch onto every object: this renderer against the textbook recipe and against ART.

Task: one 300 × 300 patch on 14 objects in each of 8 images, turned by up to 20°, with contrast, brightness and noise;
forward, and backward to the patch from a fixed upstream gradient. "Into kept images" is ``render_into``, which asks for
no fresh memory. All methods run interleaved in one process, one thread; times are medians of process time, memory is
the growth of the peak in a fresh process (Linux).

    OMP_NUM_THREADS=1 python benchmarks/render.py [--sizes 416 640] [--rounds 3] [--skip-memory]

ART is optional: ``pip install "physadv[bench]"``. It places patches where it likes, resamples each twice and puts
one on each image; "one an object" calls it once for each of the 14.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig, SensorConfig

BATCH, OBJECTS, TEXELS = 8, 14, 300
Method = Callable[[], Tensor]


def persons(size: int, generator: torch.Generator) -> SceneBatch:
    """Boxes shaped like persons, heights log-uniform from 0.2 to 0.8 of the image, a patch of 0.2 of the diagonal."""
    count = BATCH * OBJECTS
    tall = torch.empty(count).uniform_(math.log(0.2), math.log(0.8), generator=generator).exp() * size
    wide = 0.41 * tall
    x = wide / 2 + torch.rand(count, generator=generator) * (size - wide)
    y = tall / 2 + torch.rand(count, generator=generator) * (size - tall)
    px_per_mm = 0.2 * torch.hypot(wide, tall) / 1000
    surface = torch.zeros(count, 3, 3)
    surface[:, 0, 0] = surface[:, 1, 1] = px_per_mm
    surface[:, 0, 2], surface[:, 1, 2], surface[:, 2, 2] = x, y - 0.05 * size, 1
    return SceneBatch(
        srgb=torch.rand(BATCH, 3, size, size, generator=generator),
        sizes_px=torch.full((BATCH, 2), size),
        keys=tuple(str(index) for index in range(BATCH)),
        image_of=torch.arange(BATCH).repeat_interleave(OBJECTS),
        boxes_xyxy_px=torch.stack((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), 1),
        labels=torch.zeros(count, dtype=torch.int64),
        label_names=("person",),
        wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=surface,
        light=torch.ones(count, 3),
    )


def ours(scene: SceneBatch, srgb: Tensor, generator: torch.Generator, quality: str, *, keep: bool = False) -> Method:
    """This renderer, with the same jitter, in linear light; into images that are kept from render to render, or not."""
    config = EotConfig(
        jitter=JitterConfig(roll_deg=[-20, 20]),
        light=LightConfig(contrast=[0.8, 1.2], brightness=[-0.1, 0.1]),
        sensor=SensorConfig(shot=[0, 0.01], read=[0, 0.01]),
        quality=quality,
    )
    renderer, alpha = build_renderer(config), torch.ones(1, TEXELS, TEXELS)
    kept = torch.zeros_like(scene.srgb) if keep else None

    def render() -> Tensor:
        out = torch.empty_like(scene.srgb) if kept is None else kept
        return renderer.render_into(out, scene, PatchImage(srgb, alpha, 1000.0), renderer.sample(scene, generator))

    return render


def full_canvas(scene: SceneBatch, srgb: Tensor, generator: torch.Generator) -> Method:
    """The textbook recipe: expand the patch, jitter it, warp each copy to the whole canvas, lay them over in turn."""
    import kornia

    count, size = BATCH * OBJECTS, scene.srgb.shape[-1]

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator) * (high - low) + low

    def render() -> Tensor:
        angle = draw(-20, 20, count).deg2rad()
        turn = torch.zeros(count, 3, 3)
        turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = angle.cos(), angle.sin(), -angle.sin(), angle.cos()
        turn[:, 2, 2] = 1
        mm = 1000 / TEXELS
        centre = torch.tensor([[mm, 0, -500.0], [0, mm, -500.0], [0, 0, 1]])
        copies = srgb[None] * draw(0.8, 1.2, count, 1, 1, 1) + draw(-0.1, 0.1, count, 1, 1, 1)
        copies = (copies + draw(-0.1, 0.1, count, 3, TEXELS, TEXELS)).clamp(0, 1)
        copies = torch.cat((copies, torch.ones(count, 1, TEXELS, TEXELS)), 1)
        warped = kornia.geometry.warp_perspective(copies, scene.image_from_surface @ turn @ centre, (size, size))
        images = scene.srgb
        for layer in warped.view(BATCH, OBJECTS, 4, size, size).unbind(1):
            images = images * (1 - layer[:, 3:]) + layer[:, :3] * layer[:, 3:]
        return images

    return render


def art(scene: SceneBatch, srgb: Tensor, times: int) -> Method:
    """The Adversarial Robustness Toolbox's AdversarialPatchPyTorch, ``times`` patches on each image."""
    from art.attacks.evasion import AdversarialPatchPyTorch
    from art.estimators.classification import PyTorchClassifier

    shape = tuple(scene.srgb.shape[1:])
    net = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 2))
    estimator = PyTorchClassifier(
        net, loss=torch.nn.CrossEntropyLoss(), input_shape=shape, nb_classes=2, clip_values=(0, 1), device_type="cpu"
    )
    attack = AdversarialPatchPyTorch(
        estimator, rotation_max=20, scale_min=0.05, scale_max=0.2, batch_size=BATCH,
        patch_shape=(3, TEXELS, TEXELS), patch_type="square", verbose=False,
    )  # fmt: skip

    def render() -> Tensor:
        images = scene.srgb
        for _ in range(times):
            images = attack._random_overlay(images, srgb).clamp(0, 1)
        return images

    return render


def methods(size: int, srgb: Tensor) -> dict[str, tuple[Method, int]]:
    """Every method that can run here, and how many patches it renders."""
    generator = torch.Generator().manual_seed(0)
    scene, every = persons(size, generator), BATCH * OBJECTS
    found: dict[str, tuple[Method, int]] = {
        "physadv, quality=fast": (ours(scene, srgb, generator, "fast"), every),
        "physadv, fast, into kept images": (ours(scene, srgb, generator, "fast", keep=True), every),
        "physadv, quality=high": (ours(scene, srgb, generator, "high"), every),
        "kornia, full canvas": (full_canvas(scene, srgb, generator), every),
    }
    try:
        found["ART, one an image (its design)"] = (art(scene, srgb, 1), BATCH)
        found["ART, one an object"] = (art(scene, srgb, OBJECTS), every)
    except ImportError:
        print("ART is not installed; its rows are left out")
    return found


def timed(method: Method, srgb: Tensor, upstream: Tensor) -> float:
    """Milliseconds of process time, forward and backward."""
    srgb.grad = None
    start = time.process_time()
    method().backward(upstream)
    return (time.process_time() - start) * 1000


def peak_growth_mb(name: str, size: int) -> float:
    """How much the peak of resident memory grows in one render, in a fresh process."""
    command = [sys.executable, __file__, "--memory-of", name, "--sizes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else math.nan


def report_memory(name: str, size: int) -> None:
    """Print the growth of the peak, in MB, for :func:`peak_growth_mb`."""
    import torch._dynamo  # torch's optimisers load it, and so does the first render

    srgb = torch.rand(3, TEXELS, TEXELS, requires_grad=True)
    method, upstream = methods(size, srgb)[name][0], torch.randn(BATCH, 3, size, size)

    def status(key: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(key))

    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    timed(method, srgb, upstream)
    print((status("VmHWM") - before) / 1024)


def compare(size: int, rounds: int, memory: bool) -> None:
    """Print one table for images of ``size``²."""
    srgb = torch.rand(3, TEXELS, TEXELS, requires_grad=True)
    offered, upstream = methods(size, srgb), torch.randn(BATCH, 3, size, size)
    times: dict[str, list[float]] = {name: [timed(method, srgb, upstream)] for name, (method, _) in offered.items()}
    for _ in range(rounds):
        for name, (method, _) in offered.items():
            times[name] += [timed(method, srgb, upstream) for _ in range(5 if name.startswith("physadv") else 1)]
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    best, images_mb = medians["physadv, quality=fast"], upstream.numel() * 4 / 2**20
    print(f"\n{BATCH} images of {size}², {OBJECTS} objects each; the images are {images_mb:.0f} MB")
    print(
        f"{'method':32s} {'ms':>8s} {'ms/patch':>9s} {'x fast':>7s} {'x fast/patch':>12s} {'MB':>6s} {'x images':>8s}"
    )
    for name, value in medians.items():
        patches = offered[name][1]
        mb = peak_growth_mb(name, size) if memory else math.nan
        ratio = value / patches / (best / (BATCH * OBJECTS))
        print(
            f"{name:32s} {value:8.1f} {value / patches:9.3f} {value / best:7.1f} {ratio:12.1f} "
            f"{mb:6.0f} {mb / images_mb:8.1f}"
        )


def main() -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=[416, 640])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-memory", action="store_true")
    parser.add_argument("--memory-of", default="")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for size in options.sizes:
        if options.memory_of:
            report_memory(options.memory_of, size)
        else:
            compare(size, options.rounds, not options.skip_memory)


if __name__ == "__main__":
    main()
