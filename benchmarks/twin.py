"""How well our renderer agrees with a path tracer: the same patch on the same scene, by distance, yaw and light.

RMSE and bias (twin minus ours) in sRGB codes of 0 to 1 over the pixels of the patch; time for one traced picture. The
patch is a coarse and a fine random pattern over each other. "white" is the same light from everywhere. Where a sun
shines, the last column is the RMSE when our renderer is told its direction and strength (``light.key_to_ambient``),
which only matters where the surface is bent.

    OMP_NUM_THREADS=1 python benchmarks/twin.py [--samples 576]
"""

from __future__ import annotations

import argparse
import logging
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.engines.judging.render_gap import Agreement, both, compared
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, LightConfig, SurfaceConfig
from physadv.parts.twin.layout import shot
from physadv.parts.twin.lights import DARK, LIGHTS
from physadv.parts.twin.options import TwinConfig
from physadv.parts.twin.scenes import TwinScenes
from physadv.parts.twin.tracing import PatchPlace

DISTANCES = {"sign": (4.0, 8.0, 16.0), "bottle": (0.5, 0.8, 1.6)}
WIDTH_MM = {"sign": 500.0, "bottle": 100.0}
YAWS = (0.0, 30.0, 60.0)


def pattern(width_mm: float) -> PatchImage:
    """Colours in squares of 1/4 and of 1/24 of the height."""
    generator = torch.Generator().manual_seed(1)

    def squares(rows: int) -> Tensor:
        small = torch.rand(1, 3, rows, rows * 5 // 3, generator=generator)
        return torch.nn.functional.interpolate(small, (192, 320), mode="nearest")[0]

    return PatchImage(0.6 * squares(4) + 0.4 * squares(24), torch.ones(1, 192, 320), width_mm)


def measured(
    story: str, distance_m: float, yaw_deg: float, light: str, samples: int
) -> tuple[Agreement, Agreement | None, float]:
    """One scene in both renderers, also with a sun that ours is told of, and the seconds that the twin took."""
    config = TwinConfig(
        story=story, images=1, distance_m=[distance_m] * 2, yaw_deg=[yaw_deg] * 2, lights=[light],
        exposure_ev=[0.0, 0.0], samples=16, surface_samples=samples,
    )  # fmt: skip
    scenes, patch = TwinScenes(config), pattern(WIDTH_MM[story])
    scene, twin = next(scenes.sweep(1)), scenes.renderer(PatchPlace(), None)
    begun = time.perf_counter()
    twin.render(scene, patch, twin.sample(scene, torch.Generator()))
    seconds = time.perf_counter() - begun
    curved = SurfaceConfig(curvature_per_m=[scenes.curvature_per_m] * 2)

    def against(lit: LightConfig) -> Agreement:
        ours = build_renderer(EotConfig(surface=curved, light=lit, quality="high"))
        traced, laid, covered = both(twin, ours, scene, patch)
        return compared(scene.keys[0], distance_m, traced[0], laid[0], covered[0])

    told = against(sunlit(config, scene)) if LIGHTS[light].sun != DARK else None
    return against(LightConfig()), told, seconds


def sunlit(config: TwinConfig, scene: SceneBatch) -> LightConfig:
    """The shot's sun in our renderer's words, its strength by the green channel."""
    taken, name = shot(config, 0), config.lights[0]
    toward, camera_mm = taken.surface.axes @ taken.sun, taken.surface.camera_mm()
    azimuth = np.degrees(np.arctan2(toward[0], -toward[2]) - np.arctan2(camera_mm[0], -camera_mm[2]))
    height = np.degrees(np.arcsin(-toward[1]))
    direct = LIGHTS[name].sun[1] / np.pi
    ambient = float(scene.light[0, 1]) / taken.exposure - direct * max(0.0, -toward[2])
    azimuth = (azimuth + 180) % 360 - 180
    return LightConfig(
        key_to_ambient=[direct / ambient] * 2, key_azimuth_deg=[azimuth] * 2, key_height_deg=[height] * 2
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=576, help="light paths a pixel")
    parser.add_argument("--stories", nargs="+", default=list(DISTANCES), choices=list(DISTANCES))
    parser.add_argument("--lights", nargs="+", default=list(LIGHTS), choices=list(LIGHTS))
    options = parser.parse_args()
    samples = options.samples
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for story in options.stories:
        distances = DISTANCES[story]
        print(f"\n{story}: distance m, yaw deg, light, px of patch, RMSE, bias, s, RMSE with the sun told")
        cases = [(d, y, "white") for d in distances for y in YAWS if "white" in options.lights]
        cases += [(distances[1], 30.0, light) for light in options.lights if light != "white"]
        for distance, yaw, light in cases:
            found, told, seconds = measured(story, distance, yaw, light, samples)
            where = f"{distance:6.1f} {yaw:5.0f}  {light:9s} {found.pixels:6d}"
            known = f"{told.rmse:7.4f}" if told else ""
            print(f"{where} {found.rmse:7.4f} {found.bias:+8.4f} {seconds:6.1f} {known}", flush=True)


if __name__ == "__main__":
    main()
