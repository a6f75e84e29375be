"""How well our renderer agrees with a path tracer: the same patch on the same scene, by distance, yaw and light.

RMSE and bias (twin minus ours) in sRGB codes of 0 to 1 over the pixels of the patch; time for one traced picture. The
patch is a coarse and a fine random pattern over each other. "white" is the same light from everywhere.

    OMP_NUM_THREADS=1 python benchmarks/twin.py [--samples 576]
"""

from __future__ import annotations

import argparse
import logging
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor

from physadv.pipelines.gap import Agreement, both, compared
from physadv.render.entries import EotConfig, SurfaceConfig, build_renderer
from physadv.twin.entries import TwinConfig, build_twin
from physadv.twin.tracing import Place
from physadv.types import PatchImage

DISTANCES = {"sign": (4.0, 8.0, 16.0), "bottle": (0.5, 0.8, 1.6)}
WIDTH_MM = {"sign": 500.0, "bottle": 100.0}
YAWS = (0.0, 30.0, 60.0)
LIGHTS = ("white", "overcast", "noon", "low-sun", "evening", "lamp")


def pattern(width_mm: float) -> PatchImage:
    """Colours in squares of 1/4 and of 1/24 of the height."""
    generator = torch.Generator().manual_seed(1)

    def squares(rows: int) -> Tensor:
        small = torch.rand(1, 3, rows, rows * 5 // 3, generator=generator)
        return torch.nn.functional.interpolate(small, (192, 320), mode="nearest")[0]

    return PatchImage(0.6 * squares(4) + 0.4 * squares(24), torch.ones(1, 192, 320), width_mm)


def measured(story: str, distance_m: float, yaw_deg: float, light: str, samples: int) -> tuple[Agreement, float]:
    """One scene in both renderers, and the seconds that the twin took for its picture with the patch."""
    scenes = build_twin(
        TwinConfig(
            story=story, images=1, distance_m=[distance_m] * 2, yaw_deg=[yaw_deg] * 2, lights=[light],
            exposure_ev=[0.0, 0.0], samples=16, surface_samples=samples,
        )
    )  # fmt: skip
    scene = next(scenes.sweep(1))
    twin, patch = scenes.renderer(Place(), None), pattern(WIDTH_MM[story])
    ours = build_renderer(
        EotConfig(surface=SurfaceConfig(curvature_per_m=[scenes.curvature_per_m] * 2), quality="high")
    )
    begun = time.perf_counter()
    twin.render(scene, patch, twin.sample(scene, torch.Generator()))
    seconds = time.perf_counter() - begun
    traced, laid, covered = both(twin, ours, scene, patch)
    return compared(scene.keys[0], distance_m, traced[0], laid[0], covered[0]), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=576, help="light paths a pixel")
    samples = parser.parse_args().samples
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for story, distances in DISTANCES.items():
        print(f"\n{story}: distance m, yaw deg, light, px of patch, RMSE, bias, s")
        cases = [(d, y, "white") for d in distances for y in YAWS] + [(distances[1], 30.0, li) for li in LIGHTS[1:]]
        for distance, yaw, light in cases:
            found, seconds = measured(story, distance, yaw, light, samples)
            where = f"{distance:6.1f} {yaw:5.0f}  {light:9s} {found.pixels:6d}"
            print(f"{where} {found.rmse:7.4f} {found.bias:+8.4f} {seconds:6.1f}", flush=True)


if __name__ == "__main__":
    main()
