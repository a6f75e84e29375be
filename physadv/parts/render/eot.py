"""Expectation over transformation: sample conditions, then render the patch under them (Athalye et al., 2018).

The order is that of the light: ink → surface and pose → irradiance → over the background → noise → sRGB → camera. The
patch is resampled once, and only the pixels it covers are computed. The background photo has its own blur, noise and
light, so these act on the patch alone; the camera and kornia's photometric stages act on the finished images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.types import CUTOUT, ERASE, Draws, PatchImage, SceneBatch
from physadv.parts.render import atlas, dropout, facets, pose, sampler, surface, surface_maps
from physadv.parts.render.camera_pipeline import CameraPipeline
from physadv.parts.render.cloth import FOLDS
from physadv.parts.render.composite import Noise, Paste, Shade
from physadv.parts.render.facets import Facets
from physadv.parts.render.footprint import Footprint, scan, see_through, stack, transmittance
from physadv.parts.render.light import tint
from physadv.parts.render.mesh import load_mesh
from physadv.parts.render.options import EotConfig, ranges
from physadv.parts.render.random_draws import Spans, seeds, table, together
from physadv.parts.render.sampler import FAST, HIGH, Blur
from physadv.parts.render.stages import CANVAS, build_stages
from physadv.parts.render.surface import Lay

TRUNK = ("breadth_mm", "depth_mm")
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
        self.quality = HIGH if config.quality == "high" else FAST
        self.camera = CameraPipeline(config.camera)
        self.mesh, self.solid = None, None
        if config.surface.mesh:
            if any(stage.geometric for stage in self.stages):
                raise BadOption(
                    "eot.surface.mesh says where every texel lies: leave out the geometric stages of eot.kornia"
                )
            self.mesh, self.solid = load_mesh(config.surface.mesh, config.surface.cells)
        self._distorts = list(config.optics.distortion) != [0, 0]
        spread = math.radians(config.optics.motion_spread_deg)
        self._spans: dict[str, Spans] = {
            "jitter": ranges(config.jitter),
            "surface": {name: span for name, span in ranges(config.surface).items() if name not in TRUNK},
            "cover": ranges(config.cover) | {"arms_lie": (0.0, 1.0)},
            "light": ranges(config.light) | {"shadow_lies": (0.0, 1.0)},
            "optics": ranges(config.optics) | {"motion_turn": (-spread, spread)},
            "sensor": ranges(config.sensor),
        }
        self._trunk: dict[str, Spans] = {"surface": {name: ranges(config.surface)[name] for name in TRUNK}}

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        """Draw a condition for every object, and for every image where whole images are treated."""
        count, batch, device = scene.image_of.shape[0], scene.srgb.shape[0], scene.srgb.device
        drawn = table(self._spans, count, generator, device)
        drawn |= table({"camera": ranges(self.config.camera)}, batch, generator, device)
        folds = torch.randn(count, FOLDS, 3, generator=generator, device=generator.device)
        drawn["surface"]["fold"] = folds.to(device)
        crop = torch.rand(2, generator=generator, device=generator.device)
        drawn["surface"]["crop"] = crop.cpu()  # read there without waiting for a device
        seed = drawn["sensor"]["seed"] = seeds(1, generator)
        later = torch.Generator().manual_seed(int(seed) + 1)  # what came later takes no number from what was there
        drawn["surface"] |= table(self._trunk, count, later, device)["surface"]
        for stage, seed in zip(self.stages, seeds(len(self.stages), generator).tolist(), strict=True):
            rows, shape = (count, (3, CANVAS, CANVAS)) if stage.geometric else (batch, tuple(scene.srgb.shape[1:]))
            drawn[stage.key] = stage.draw(rows, shape, device, seed)
        return Draws(drawn)

    # How much there is to do depends on the draws: compiling gains nothing and takes minutes. As in torch's optimisers;
    # torch.compiler.disable does the same, but loads the compiler now.
    @torch._disable_dynamo  # type: ignore[attr-defined]
    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the patch on every wearer, ``(B,3,H,W)`` sRGB. Gradient flows to ``patch.srgb``."""
        return self.render_into(torch.empty_like(scene.srgb), scene, patch, draws)

    def render_into(self, out: Tensor, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """:meth:`render` into the caller's ``out`` ``(B,3,H,W)``, which saves fresh memory on large batches.

        The caller must be done with what ``out`` held, and have called backward through it.
        """
        wearers = scene.wears.nonzero().squeeze(1)
        pose.check_scene(scene, wearers, self.config.place)
        patch = _shifted(self.ink(patch) if self.ink else patch, draws)
        view = self._view(scene, patch, draws, wearers)
        pyramid = atlas.build(patch, self.quality.gutter)
        codes = self._look(scene, draws, view, sampler.locate(pyramid, view.rows, self.quality))
        out = out.detach()
        if self.camera.curves:
            curve = self.camera.curve(scene, draws.stages["camera"])
            self.camera.background(scene.srgb, curve, out)
            codes = self.camera.expose(codes, view.image(), curve)
        else:
            out.copy_(scene.srgb)
        images: Tensor = Paste.apply(out, view.footprint.place, codes)
        for stage in self.stages:
            if not stage.geometric:
                images = stage.apply(images, draws.stages[stage.key])
        if self.camera.processes:
            if any(not stage.geometric for stage in self.stages):
                images = images.clamp(0, 1)  # a copy, for a stage may still need what it made
            images = self.camera.process(images, draws.stages["camera"], view.covered(scene))
        return images

    def joined(self, scene: SceneBatch, patch: PatchImage, draws: Sequence[Draws]) -> Draws | None:
        """One :class:`Draws` from those of the pictures; what kornia draws, and cloth cut anew, is for one alone."""
        if self.stages or patch.repeats:
            return None
        return together(draws, scene.image_of)

    def homographies(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """``(N,3,3)`` float64 for every object, worn or not: texels (edges at integers) → pixels (centres there).

        For what is flat; a bent surface has none.
        """
        return surface.homography(self._lay(scene, patch, draws))

    def outline(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """``(N,k,2)`` float64: where points all over the print are seen, px; for what has to find it in the picture."""
        lay = self._lay(scene, patch, draws)
        objects = torch.arange(lay.camera_mm.shape[0], device=lay.camera_mm.device)
        seen = surface.pixels(lay, surface.points(lay, surface.nodes(lay.size, 9, 9, lay.camera_mm)), objects)
        return (seen[..., :2] / seen[..., 2:]).flatten(1, 2)

    def _lay(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Lay:
        moves = [s for s in self.stages if s.geometric and draws.stages[s.key]]
        height, width = patch.srgb.shape[1:]
        moved = None
        for stage in moves:
            matrix = stage.matrix(draws.stages[stage.key], height, width)
            moved = matrix if moved is None else moved @ matrix
        return surface.lay(self.config, scene, patch, draws.stages, moved, self.mesh)

    def _view(self, scene: SceneBatch, patch: PatchImage, draws: Draws, wearers: Tensor) -> PrintView:
        """The covered pixels, and where their scan lines lie on the print."""
        image_of = scene.image_of.index_select(0, wearers)
        sizes_px = scene.sizes_px.index_select(0, image_of)
        lay = self._lay(scene, patch, draws)
        facets = self._facets(lay, draws, wearers, sizes_px)
        blur = self._blur(scene, draws, wearers, image_of, lay)
        lines = scan(facets, facets.reach(blur.reach), sizes_px, image_of)
        rows = sampler.follow(facets, blur, lines, self.quality)
        solid = sampler.solid(rows, patch, blur, lines, self.quality)
        footprint = stack(lines, solid, image_of, scene.srgb.shape, patch.srgb.dtype, layered=self._in_one_piece(lay))
        return PrintView(lay, wearers, image_of, sizes_px, footprint, rows)

    def _in_one_piece(self, lay: Lay) -> bool:
        """Whether one homography a wearer says where the print is."""
        return lay.flat and not self._distorts

    def _facets(self, lay: Lay, draws: Draws, wearers: Tensor, sizes_px: Tensor) -> Facets:
        height, width = lay.size
        if self._in_one_piece(lay):
            return facets.whole(surface.homography(lay).index_select(0, wearers), height, width)
        cells = self.config.surface.cells * (1 if self.quality is FAST or lay.mesh is not None else 2)
        longer = max(height, width)
        rows, columns = (max(2, round(cells * extent / longer)) + 1 for extent in (height, width))
        if lay.mesh is not None:
            rows = columns = cells + 1
        texels = surface.nodes(lay.size, rows, columns, lay.camera_mm)
        places = surface.points(lay, texels).index_select(0, wearers)
        seen = surface.pixels(lay, places, wearers)
        if self._distorts:
            strength = draws.stages["optics"]["distortion"].to(seen).index_select(0, wearers)
            seen = surface.distorted(seen, strength, sizes_px)
        away = torch.linalg.vector_norm(places - lay.camera_mm.index_select(0, wearers)[:, None, None], dim=-1)
        return facets.pieces(texels, seen, away, self.solid)

    def _blur(self, scene: SceneBatch, draws: Draws, wearers: Tensor, image_of: Tensor, lay: Lay) -> Blur:
        optics = {name: value.index_select(0, wearers) for name, value in draws.stages["optics"].items()}
        sigma = optics["defocus_px"]
        if scene.blur_px is not None:
            sigma = torch.hypot(sigma, scene.blur_px.to(sigma).index_select(0, image_of))
        if self.config.optics.motion_px[1] == 0:
            return Blur(sigma, None)
        middle = scene.sizes_px.flip(1).to(lay.camera_mm).index_select(0, image_of) / 2
        away = surface.middle_px(lay).index_select(0, wearers) - middle
        direction = torch.atan2(away[:, 1], away[:, 0]).to(sigma) + optics["motion_turn"]
        return Blur(sigma, torch.stack((direction.cos(), direction.sin()), 1) * optics["motion_px"][:, None])

    def _look(self, scene: SceneBatch, draws: Draws, view: PrintView, where: sampler.Lookup) -> Tensor:
        """``(3,n)`` sRGB codes, one an entry."""
        footprint, wearers, varied = view.footprint, view.wearers, None
        if surface_maps.varies(self.config):
            over = surface_maps.maps(self.config, view.lay, draws.stages, wearers, view.sizes_px)
            varied = surface_maps.read(over, where, footprint, view.lay.size)
        if scene.visible is not None:
            varied = surface_maps.behind(varied, scene.visible, footprint, view.image(), where.atlas.alpha)
        if not draws.stages.keys().isdisjoint((CUTOUT, ERASE)):
            varied = dropout.over(varied, draws.stages, where, footprint, wearers, view.lay.size)
        if varied is not None:
            footprint = see_through(footprint, varied.hide)
        alpha = sampler.opacity(where, footprint)
        if varied is not None:
            alpha.mul_(varied.hide)
        through = transmittance(alpha, footprint)
        drawn = {name: value.to(alpha).index_select(0, wearers) for name, value in draws.stages["light"].items()}
        irradiance = scene.light.to(alpha).index_select(0, wearers)
        lit = tint(drawn, irradiance, saturates=list(self.config.light.saturation) != [1.0, 1.0])
        noise = self._noise(scene, draws, view, alpha.dtype)
        light, images = where.atlas.light, scene.srgb
        codes: Tensor = Shade.apply(light, where, alpha, through, footprint, lit, varied, noise, images)
        return codes

    def _noise(self, scene: SceneBatch, draws: Draws, view: PrintView, dtype: torch.dtype) -> Noise | None:
        """The noise that the draws' seed stands for, beside the picture's own; nothing where there is none."""
        if self.config.sensor.shot[1] == 0 and self.config.sensor.read[1] == 0 and scene.noise is None:
            return None
        drawn, device = draws.stages["sensor"], view.wearers.device
        shot, read = (drawn[name].to(dtype).index_select(0, view.wearers) for name in ("shot", "read"))
        if scene.noise is not None:
            own = scene.noise.to(dtype).index_select(0, view.image_of)
            shot, read = shot + own[:, 0], read + own[:, 1]
        parts = [_channels(seed, count, device, dtype) for seed, count in view.shares(drawn["seed"].tolist())]
        channels = parts[0] if len(parts) == 1 else tuple(torch.cat(each) for each in zip(*parts, strict=True))
        return Noise(channels, shot, read)


@dataclass(frozen=True, slots=True)
class PrintView:
    """Which pixels show the print of which wearer."""

    lay: Lay
    wearers: Tensor  # (W,) of the scene's objects
    image_of: Tensor  # (W,)
    sizes_px: Tensor  # (W,2) of the image: height, width
    footprint: Footprint
    rows: sampler.ScanRows

    def image(self) -> Tensor:
        """``(n,)``: the image of every entry."""
        return self.image_of.index_select(0, self.footprint.lines.wearer).index_select(0, self.footprint.line)

    def shares(self, seeds: list[int]) -> list[tuple[int, int]]:
        """Each seed of the noise and how many entries are its: all of them, or with several those of its picture.

        Entries are sorted by picture: the scan lines are.
        """
        if len(seeds) == 1:
            return [(seeds[0], self.footprint.line.shape[0])]
        counts = torch.bincount(self.image(), minlength=len(seeds)).tolist()
        return list(zip(seeds, counts, strict=True))

    def covered(self, scene: SceneBatch) -> Tensor:
        """``(B,1,H,W)`` bool: the pixels that a print covers."""
        batch, _, height, width = scene.srgb.shape
        found = torch.zeros(batch, 3, height, width, dtype=torch.bool, device=scene.srgb.device)
        found.view(-1).index_fill_(0, self.footprint.place, True)
        return found[:, :1]


def _channels(seed: int, count: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Three channels of standard normal noise, ``(count,)`` each."""
    generator = torch.Generator(device=device).manual_seed(seed)
    # one run of numbers for all channels, which read it some lines apart: drawing them is most of the work
    run = torch.randn(count + 2 * APART, generator=generator, device=device, dtype=dtype)
    return tuple(run[start : start + count] for start in (0, APART, 2 * APART))


def _shifted(patch: PatchImage, draws: Draws) -> PatchImage:
    """Another piece of the same cloth, where the print repeats."""
    if not patch.repeats:
        return patch
    down, across = (draws.stages["surface"]["crop"] * torch.tensor(patch.srgb.shape[1:])).long().tolist()
    return replace(patch, srgb=patch.srgb.roll((down, across), (1, 2)), alpha=patch.alpha.roll((down, across), (1, 2)))
