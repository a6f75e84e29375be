"""A survey of the scenes before any time is spent: pictures, objects, and how large the patch is on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from physadv.core.errors import BadInput
from physadv.core.labels import plural
from physadv.core.scene_protocols import Photographs, SceneSource
from physadv.core.types import SceneBatch, Wearer
from physadv.engines.judging.options import ProtocolConfig

LOOKED_AT = 8  # pictures of a source that has to draw or trace them


@dataclass(frozen=True)
class Survey:
    """How many, and how large. Photographs are all looked at; of drawn or traced pictures the first few."""

    pictures: int
    wearing: int  # pictures in which something wears the patch, of those looked at
    objects: int  # that wear it, in those looked at
    looked_at: int  # pictures; fewer than all where they must be made first
    covers: float  # median share of an object's box that the patch would cover, seen from the front
    max_covers: float
    smallest_px: float  # height of the smallest object

    @property
    def whole(self) -> bool:
        """Whether every picture was looked at."""
        return self.looked_at == self.pictures

    def words(self, label: str) -> str:
        """ "20 pictures, 13 of them with 14 stop signs; …"."""
        if self.whole:
            begin = f"{_counted(self.pictures, 'picture')}, {self.wearing} of them with {_counted(self.objects, label)}"
        else:
            begin = (
                f"{_counted(self.pictures, 'picture')}, {_counted(self.objects, label)} in the first {self.looked_at}"
            )
        if not self.objects:
            return begin
        return (
            f"{begin}; the patch covers {self.covers:.2g} of one's box (at most {self.max_covers:.2g}); the smallest "
            f"is {self.smallest_px:.0f} px high"
        )

    def doubt(self, patch_mm: tuple[float, float], label: str) -> str:
        """A sentence where the patch is larger than what wears it; else nothing."""
        if not self.objects or self.max_covers <= 1:
            return ""
        which = f"most {plural(label)}" if self.covers > 1 else f"some {plural(label)}"
        return (
            f"the patch, {patch_mm[0]:.0f} × {patch_mm[1]:.0f} mm, is larger than {which}: it covers {self.covers:.2g} "
            f"of one's box, at most {self.max_covers:.2g}. Set patch.width_mm or scenes.object_height_mm"
        )


def _counted(count: int, name: str) -> str:
    return f"{count} {name if count == 1 else plural(name)}"


def survey(scenes: SceneSource, patch_mm: tuple[float, float], protocol: ProtocolConfig, images: int = 0) -> Survey:
    """Look at the scenes as the protocol will; ``images`` is the most that are judged on, 0 all."""
    count = min(len(scenes), images or len(scenes))
    if isinstance(scenes, Photographs):
        worn, looked_at = scenes.wearers(), count
    else:
        looked_at = min(count, LOOKED_AT)
        worn = [one for scene in islice(scenes.sweep(1), looked_at) for one in _wearers(scene)]
    worn = [one for one in worn if one.height_px >= protocol.min_height_px]
    shares = [_covers(one, patch_mm, protocol) for one in worn]
    return Survey(
        count, len({one.key for one in worn}), len(worn), looked_at, median(shares) if shares else 0.0,
        max(shares, default=0.0), min((one.height_px for one in worn), default=0.0),
    )  # fmt: skip


def expect_wearers(found: Survey, label: str, remedy: str) -> None:
    """Refuse pictures on which nothing could be judged."""
    if found.whole and not found.objects:
        raise BadInput(
            f"nothing to judge on: {_counted(found.pictures, 'picture')}, and no {label} that wears the patch. {remedy}"
        )


def _covers(one: Wearer, patch_mm: tuple[float, float], protocol: ProtocolConfig) -> float:
    if protocol.placement == "box":
        sides = {"diagonal": (one.width_px**2 + one.height_px**2) ** 0.5, "height": one.height_px,
                 "width": one.width_px, "longer": max(one.width_px, one.height_px)}  # fmt: skip
        side: float = protocol.side * sides[protocol.side_of]
        return side * side / one.area_px
    return patch_mm[0] * patch_mm[1] * one.px2_per_mm2 / one.area_px


def _wearers(scene: SceneBatch) -> Sequence[Wearer]:
    rows = scene.wears.nonzero().squeeze(1).tolist()
    return [
        Wearer.of(scene.keys[int(scene.image_of[row])], scene.boxes_xyxy_px[row], scene.image_from_surface[row])
        for row in rows
    ]
