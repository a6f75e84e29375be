"""The way from the screen to the street as a row of worlds, each with some of the stages that stand between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from physadv.core.errors import BadOption
from physadv.core.scene_protocols import Renderer
from physadv.core.types import PatchImage
from physadv.parts.render.options import EotConfig, JitterConfig

Ink = Callable[[PatchImage], PatchImage]
Build = Callable[[EotConfig, Ink | None], Renderer]

RELIGHT, INK = "relight", "ink"
GROUPS = {
    "turn": ("jitter",), "cloth": ("surface",), "arms": ("cover",), "light": ("light",), "optics": ("optics",),
    "camera": ("sensor", "camera", "kornia"),
}  # fmt: skip
"""Stage → groups of ``eot`` that make it."""
ORDER = (RELIGHT, INK, *GROUPS)


@dataclass(frozen=True)
class Rung:
    """One world: the screen, and those of the stages that are named."""

    stages: tuple[str, ...]  # () is the screen
    renderer: Renderer

    @property
    def relit(self) -> bool:
        """Whether the patch takes on the light, blur and noise of the picture it lies in."""
        return RELIGHT in self.stages


def rungs(eot: EotConfig, ink: Ink | None, build: Build) -> tuple[Rung, ...]:
    """The screen; one stage more each; then all but one each. A world that comes up twice is there once.

    Stages of which ``eot`` varies nothing, and ink that changes nothing, are left out. The numbers that a renderer
    draws do not depend on the ranges, so all of them share their draws.
    """
    there = present(eot, ink)
    wanted = [there[:count] for count in range(len(there) + 1)]
    wanted += [tuple(other for other in there if other != one) for one in there]
    return tuple(
        Rung(stages, build(only(eot, stages), ink if INK in stages else None)) for stages in dict.fromkeys(wanted)
    )


def present(eot: EotConfig, ink: Ink | None) -> tuple[str, ...]:
    """The stages that change something, in their order. Raises :class:`BadOption` where only the light does."""
    screen = only(eot, ())
    varied = [stage for stage, groups in GROUPS.items() if any(getattr(eot, g) != getattr(screen, g) for g in groups)]
    if not varied and ink is None:
        raise BadOption(
            "stages=true shows which stage of the conditions takes the effect, and here nothing varies. "
            "Choose an eot= preset and ink=, such as eot=tshirt_indoor ink=coated-offset."
        )
    return (RELIGHT, *([INK] if ink else []), *varied)


def only(eot: EotConfig, stages: tuple[str, ...]) -> EotConfig:
    """``eot`` with nothing but these stages: place, quality and the camera's distance stay."""
    still = EotConfig(
        place=eot.place, jitter=JitterConfig(viewing_distance_mm=eot.jitter.viewing_distance_mm), quality=eot.quality
    )
    return replace(still, **{g: getattr(eot, g) for stage in stages for g in GROUPS.get(stage, ())})
