"""Augmentations of kornia, by class name: geometric ones lend their matrix, all others treat the finished images.

A matrix joins the one warp, so that the patch is still resampled once. What kornia draws is recorded and replays.
"""

from __future__ import annotations

import difflib
import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.seeding import fenced
from physadv.parts.render.options import KorniaStage

log = logging.getLogger(__name__)

CANVAS = 256
"""Pixels of the square on which kornia draws a geometric stage: the patch's longer side spans it."""

MATRICES = (
    "RandomAffine", "RandomHorizontalFlip", "RandomPerspective", "RandomRotation", "RandomRotation90", "RandomShear",
    "RandomTranslate", "RandomVerticalFlip",
)  # fmt: skip

REFUSED = {
    "RandomEqualize": "its gradient is zero",
    "RandomPosterize": "its gradient is zero for most pixels",
    "RandomClahe": "it cuts the gradient",
    "RandomThinPlateSpline": "it bends the image, which no matrix can, and the boxes would no longer fit",
    "RandomElasticTransform": "it bends the image, which no matrix can, and the boxes would no longer fit",
    "RandomFisheye": "it bends the image, which no matrix can, and the boxes would no longer fit",
    "RandomDissolving": "it needs a diffusion model",
}

SLOW = {
    "ColorJiggle": 12123, "ColorJitter": 8764, "RandomBoxBlur": 2410, "RandomHue": 9081, "RandomJPEG": 17914,
    "RandomMedianBlur": 22247, "RandomPlasmaBrightness": 24508, "RandomPlasmaContrast": 24508,
    "RandomPlasmaShadow": 6960, "RandomSaturation": 4441, "RandomSharpness": 5899, "RandomSnow": 11376,
}  # fmt: skip
"""Milliseconds forward and backward, 8 images of 640², kornia 0.9.0, one thread: the renderer takes less than 100."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One augmentation, built and tried."""

    key: str  # its name among the draws
    augmentation: Any  # kornia has no usable types here
    geometric: bool

    def draw(self, count: int, shape: tuple[int, ...], device: torch.device, seed: int) -> dict[str, Tensor]:
        """Let kornia draw for ``count`` images of ``shape`` (channels, height, width)."""
        if count == 0:
            return {}
        with fenced(seed):
            drawn = self.augmentation.forward_parameters((count, *shape))
        return {name: value.to(device) for name, value in drawn.items() if isinstance(value, Tensor)}

    def apply(self, images: Tensor, drawn: Mapping[str, Tensor]) -> Tensor:
        """The augmented images ``(B,3,H,W)``."""
        treated: Tensor = self.augmentation(images, params=dict(drawn))
        return treated

    def matrix(self, drawn: Mapping[str, Tensor], height: int, width: int) -> Tensor:
        """``(N,3,3)`` float64 on the texels of a raster of ``height`` × ``width``, edges at integers."""
        count, device = drawn["batch_prob"].shape[0], drawn["batch_prob"].device
        blank = torch.zeros(1, device=device).expand(count, 3, CANVAS, CANVAS)
        moved = self.augmentation.get_transformation_matrix(blank, params=dict(drawn)).double()
        # kornia counts pixel centres at integers; the raster lies in the middle of the square
        size = CANVAS / max(height, width)
        left, up = ((CANVAS - size * extent) / 2 - 0.5 for extent in (width, height))
        canvas_from_texel = moved.new_tensor([[size, 0, left], [0, size, up], [0, 0, 1]])
        on_texels: Tensor = torch.linalg.inv(canvas_from_texel) @ moved @ canvas_from_texel
        return on_texels


def build_stages(options: list[KorniaStage]) -> tuple[Stage, ...]:
    """Build and try each stage, or raise :class:`BadOption`. Slow ones are logged as warnings."""
    if not options:
        return ()
    import kornia.augmentation as library

    offered = {name: kind for name, kind in vars(library).items() if _is_stage(name, kind)}
    return tuple(_build(option, f"kornia/{index}/{option.name}", offered) for index, option in enumerate(options))


def _is_stage(name: str, kind: object) -> bool:
    from kornia.augmentation import IntensityAugmentationBase2D

    return inspect.isclass(kind) and (
        name in MATRICES
        or name in REFUSED
        or (issubclass(kind, IntensityAugmentationBase2D) and kind is not IntensityAugmentationBase2D)
    )


def _build(option: KorniaStage, key: str, offered: Mapping[str, Any]) -> Stage:
    if option.name in REFUSED:
        raise BadOption(f"eot.kornia stage {option.name} is refused: {REFUSED[option.name]}. Remove it.")
    if option.name not in offered:
        near = difflib.get_close_matches(option.name, offered, n=1, cutoff=0.0)[0]
        raise BadOption(
            f"eot.kornia has no stage {option.name!r} (one that keeps the image's size); the nearest is {near}."
        )
    geometric = option.name in MATRICES
    args = {name: _as_tuple(value) for name, value in option.args.items()}
    try:
        stage = Stage(key, offered[option.name](**args), geometric)
        _try(Stage(key, offered[option.name](**{**args, "p": 1.0}), geometric), option.name)
    except (TypeError, ValueError, RuntimeError, ImportError, KeyError, IndexError) as reason:
        raise BadOption(f"eot.kornia stage {option.name}({option.args}) cannot run: {_one_line(reason)}") from reason
    if option.name in SLOW:
        log.warning(
            "eot.kornia stage %s takes about %.0f s a step on 8 images of 640² on a CPU core, 50 to 250 times the "
            "renderer. Where eot.light can do the same, use that.", option.name, SLOW[option.name] / 1000,
        )  # fmt: skip
    return stage


def _try(stage: Stage, name: str) -> None:
    """Run once on a small image: arguments that kornia only checks in use fail now, and so does a lost gradient."""
    shape = (3, CANVAS, CANVAS) if stage.geometric else (3, 32, 32)
    drawn = stage.draw(2, shape, torch.device("cpu"), seed=0)
    if stage.geometric:
        stage.matrix(drawn, 8, 8)
        return
    with fenced(0):
        images = torch.rand(2, *shape).requires_grad_()
    treated = stage.apply(images, drawn)
    if treated.shape != images.shape:
        raise BadOption(f"eot.kornia stage {name} changes the image's size, and the boxes would no longer fit.")
    if not treated.requires_grad or not bool(torch.autograd.grad(treated.sum(), images)[0].any()):
        raise BadOption(f"eot.kornia stage {name} is refused: no gradient passes through it. Remove it.")


def _as_tuple(value: Any) -> Any:
    """Lists, the only sequences of YAML, as the tuples that kornia tells apart from them."""
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list | tuple) else value


def _one_line(reason: Exception) -> str:
    return " ".join(str(reason).split()) or type(reason).__name__
