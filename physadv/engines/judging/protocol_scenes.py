"""Scenes in which a protocol says what the objects are, where the patch sits and how large it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.labels import index_of
from physadv.core.protocols import Victim
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import SceneBatch
from physadv.engines.judging.options import ProtocolConfig

_SIDES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "diagonal": torch.hypot,
    "height": lambda width, height: height,
    "width": lambda width, height: width,
    "longer": torch.maximum,
}


@dataclass(frozen=True)
class ByProtocol:
    """A :class:`~physadv.core.scene_protocols.SceneSource` whose sweep shows what the protocol asks for.

    With ``truth=detections`` the objects are what ``victim`` reports in the picture as it is, and those called
    ``worn_by`` wear the patch. With ``placement=box`` the patch, of ``patch_mm``, is scaled and placed by
    the box; such a surface has neither a true size nor a direction from which it is seen.
    """

    scenes: SceneSource
    protocol: ProtocolConfig
    patch_mm: tuple[float, float]
    victim: Victim | None
    worn_by: str
    device: torch.device

    def __len__(self) -> int:
        return len(self.scenes)

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The scenes' own sweep, changed batch by batch."""
        for scene in self.scenes.sweep(size, skip):
            yield self._changed(scene)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random batches, changed in the same way."""
        for scene in self.scenes.batches(size, generator):
            yield self._changed(scene)

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        """Disjoint parts, both judged by the protocol."""
        first, second = self.scenes.split(share, seed)
        return replace(self, scenes=first), replace(self, scenes=second)

    def _changed(self, scene: SceneBatch) -> SceneBatch:
        protocol = self.protocol
        if protocol.truth == "detections":
            scene = self._as_detected(scene)
        boxes = scene.boxes_xyxy_px
        scene = replace(scene, wears=scene.wears & (boxes[:, 3] - boxes[:, 1] >= protocol.min_height_px))
        if protocol.placement == "box":
            scene = self._by_box(scene)
        if protocol.digital:
            scene = replace(scene, light=torch.ones_like(scene.light), blur_px=None, noise=None)
        return scene

    def _by_box(self, scene: SceneBatch) -> SceneBatch:
        boxes = scene.boxes_xyxy_px
        width, height = (boxes[:, 2:] - boxes[:, :2]).clamp_min(1.0).unbind(1)
        side_px = self.protocol.side * _SIDES[self.protocol.side_of](width, height)
        px_per_mm = side_px / (self.patch_mm[0] * self.patch_mm[1]) ** 0.5
        surface = torch.eye(3).to(boxes).repeat(len(boxes), 1, 1)
        surface[:, 0, 0] = surface[:, 1, 1] = px_per_mm
        # boxes are edges, points are centres: half a pixel between them
        surface[:, 0, 2] = (boxes[:, 0] + boxes[:, 2]) / 2 - 0.5
        surface[:, 1, 2] = (boxes[:, 1] + boxes[:, 3]) / 2 - 0.5 - self.protocol.up * height
        return replace(scene, image_from_surface=surface, camera_mm=None)

    @torch.no_grad()
    def _as_detected(self, scene: SceneBatch) -> SceneBatch:
        assert self.victim is not None
        outputs = self.victim.outputs(scene.srgb.to(self.device))
        found = self.victim.decide(outputs, self.protocol.truth_confidence)
        known = index_of(self.worn_by, self.victim.labels)
        boxes = torch.cat([one.boxes_xyxy_px for one in found]).to(scene.boxes_xyxy_px)
        labels = torch.cat([one.labels for one in found]).to(scene.labels)
        counts = torch.tensor([len(one.scores) for one in found])
        n = len(labels)
        return replace(
            scene, image_of=torch.arange(len(found)).repeat_interleave(counts).to(scene.image_of),
            boxes_xyxy_px=boxes, labels=labels, label_names=self.victim.labels,
            wears=labels.eq(known if known is not None else -1),
            image_from_surface=torch.eye(3).to(boxes).repeat(n, 1, 1), light=torch.ones(n, 3).to(boxes),
            distance_m=None, crowds=None, camera_mm=None,
        )  # fmt: skip
