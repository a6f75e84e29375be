"""Expectation over transformation: sample conditions, then render the patch under them (Athalye et al., 2018).

The order is that of the light: print → place and pose → irradiance → over the background → noise → sRGB. The patch is
resampled once, and only the pixels it covers are computed. The background photo has its own blur, noise and exposure,
so these act on the patch alone; kornia's photometric stages act on the finished images.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from physadv.render import atlas, pose
from physadv.render.composite import Noise, Paste, Shade
from physadv.render.entries import EotConfig, ranges
from physadv.render.footprint import Footprint, scan, stack, transmittance
from physadv.render.light import tint
from physadv.render.stages import CANVAS, build_stages
from physadv.types import Draws, PatchImage, SceneBatch

PAIRS = ("shift_mm", "white_balance")  # these are drawn twice: x and y, red and blue
APART = 9973  # entries between a channel's noise and the next one's


class EotRenderer:
    """Renders one patch onto all wearers of a batch. Stateless: the draws say everything.

    Gradient flows to ``patch.srgb``; ``patch.alpha`` is a given. Defocus widens the one texture filter (it raises the
    mip level) instead of blurring the image, so it costs nothing and reaches the soft edge as well.
    """

    def __init__(self, config: EotConfig, ink: Callable[[PatchImage], PatchImage] | None = None) -> None:
        self.config = config
        self.ink = ink
        self.stages = build_stages(config.kornia)
        self.quality = atlas.HIGH if config.quality == "high" else atlas.FAST

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        """Draw a condition for every object, and for every image where a stage treats whole images."""
        count, device = scene.image_of.shape[0], scene.srgb.device
        drawn: dict[str, dict[str, Tensor]] = {}
        for name in ("jitter", "light", "optics", "sensor"):
            drawn[name] = {
                option: _uniform((count, 2) if option in PAIRS else (count,), span, generator).to(device)
                for option, span in ranges(getattr(self.config, name)).items()
            }
        drawn["sensor"]["seed"] = _seeds(1, generator)
        for stage, seed in zip(self.stages, _seeds(len(self.stages), generator).tolist(), strict=True):
            objects = (count, (3, CANVAS, CANVAS))
            rows, shape = objects if stage.geometric else (scene.srgb.shape[0], tuple(scene.srgb.shape[1:]))
            drawn[stage.key] = stage.draw(rows, shape, device, seed)
        return Draws(drawn)

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the patch on every wearer, ``(B,3,H,W)`` sRGB. Gradient flows to ``patch.srgb``."""
        return self.render_into(torch.empty_like(scene.srgb), scene, patch, draws)

    def render_into(self, out: Tensor, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """:meth:`render` into the caller's ``out`` ``(B,3,H,W)``, which saves fresh memory on large batches.

        The caller must be done with what ``out`` held, and have called backward through it.
        """
        patch = self.ink(patch) if self.ink else patch
        wearers = scene.wears.nonzero().squeeze(1)
        pose.check_scene(scene, wearers, self.config.place)
        blur_px = draws.stages["optics"]["defocus_px"].index_select(0, wearers)
        pyramid = atlas.build(patch)
        footprint, rows = self._cover(scene, patch, wearers, self.homographies(scene, patch, draws), blur_px)
        codes = self._look(scene, draws, wearers, pyramid, footprint, rows)
        images: Tensor = Paste.apply(out.detach().copy_(scene.srgb), footprint.place, codes)
        for stage in self.stages:
            if not stage.geometric:
                images = stage.apply(images, draws.stages[stage.key])
        return images

    def homographies(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """``(N,3,3)`` float64 for every object, worn or not: texels (edges at integers) → pixels (centres there)."""
        jitter = self.config.jitter
        surface_from_texel = pose.surface_from_texel(
            self.config.place, draws.stages["jitter"], jitter.viewing_distance_mm, patch
        )
        height, width = patch.srgb.shape[1:]
        for stage in self.stages:
            if stage.geometric and draws.stages[stage.key]:
                surface_from_texel = surface_from_texel @ stage.matrix(draws.stages[stage.key], height, width)
        return scene.image_from_surface.double() @ surface_from_texel

    def _cover(
        self, scene: SceneBatch, patch: PatchImage, wearers: Tensor, homographies: Tensor, blur_px: Tensor
    ) -> tuple[Footprint, atlas.Rows]:  # fmt: skip
        """The covered pixels, and where their scan lines lie in the atlas."""
        height, width = patch.srgb.shape[1:]
        image_from_texel, corners = pose.facing(homographies.index_select(0, wearers), height, width)
        image_of = scene.image_of.index_select(0, wearers)
        lines = scan(corners, 1 + 2 * blur_px, scene.sizes_px.index_select(0, image_of), image_of)
        widening = (1 + blur_px.double() ** 2 / self.quality.spread).sqrt()
        rows = atlas.follow(torch.linalg.inv(image_from_texel), widening, lines, self.quality)
        solid = atlas.solid(rows, patch, self.quality)
        return stack(lines, solid, image_of, scene.srgb.shape, patch.srgb.dtype), rows

    def _look(
        self, scene: SceneBatch, draws: Draws, wearers: Tensor, pyramid: atlas.Atlas, footprint: Footprint,
        rows: atlas.Rows,
    ) -> Tensor:  # fmt: skip
        """``(3,n)`` sRGB codes, one an entry."""
        lookup = atlas.locate(pyramid, rows, self.quality)
        alpha = atlas.opacity(lookup, footprint)
        through = transmittance(alpha, footprint)
        drawn = {name: value.to(alpha).index_select(0, wearers) for name, value in draws.stages["light"].items()}
        irradiance = scene.light.to(alpha).index_select(0, wearers)
        lit = tint(drawn, irradiance, saturates=list(self.config.light.saturation) != [1.0, 1.0])
        noise = self._noise(draws, wearers, footprint.line.shape[0], alpha.dtype)
        codes: Tensor = Shade.apply(pyramid.light, lookup, alpha, through, footprint, lit, noise, scene.srgb)
        return codes

    def _noise(self, draws: Draws, wearers: Tensor, count: int, dtype: torch.dtype) -> Noise | None:
        """The noise that the draws' seed stands for; nothing where no noise is asked for."""
        if self.config.sensor.shot[1] == 0 and self.config.sensor.read[1] == 0:
            return None
        drawn = draws.stages["sensor"]
        generator = torch.Generator(device=wearers.device).manual_seed(int(drawn["seed"]))
        shot, read = (drawn[name].to(dtype).index_select(0, wearers) for name in ("shot", "read"))
        # one run of numbers for all channels, which read it some lines apart: drawing them is most of the work
        run = torch.randn(count + 2 * APART, generator=generator, device=wearers.device, dtype=dtype)
        return Noise(tuple(run[start : start + count] for start in (0, APART, 2 * APART)), shot, read)


def _uniform(shape: tuple[int, ...], span: tuple[float, float], generator: torch.Generator) -> Tensor:
    unit = torch.rand(shape, generator=generator, device=generator.device)
    return unit * (span[1] - span[0]) + span[0]


def _seeds(count: int, generator: torch.Generator) -> Tensor:
    """``(count,)`` int64 on the CPU, where reading them waits for no device."""
    return torch.randint(2**62, (count,), generator=generator, device=generator.device).cpu()
