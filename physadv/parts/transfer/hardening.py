"""Optimising under harder conditions than the world's, so that a patch carries over: all of it is off while judging."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import CUTOUT, ERASE, Draws, SceneBatch
from physadv.parts.transfer.options import CurriculumConfig, CutoutConfig, EraseConfig, check

TURNS_FROM_DEG = 10.0  # a narrower range of eot.jitter.yaw_deg is no viewpoint
WIDEST_DEG = 80.0  # of the yaw that a camera sees


@dataclass
class Bins:
    """The mean loss of each bin, in which what is older counts less (Hu et al. 2023, AdvCaT)."""

    count: int
    total: Tensor = field(init=False)  # (count,) float64: sum of the losses
    seen: Tensor = field(init=False)  # (count,) how many

    def __post_init__(self) -> None:
        self.total, self.seen = torch.zeros(2, self.count, dtype=torch.float64)

    def note(self, bins: Tensor, losses: Tensor) -> None:
        """Count ``losses`` ``(n,)`` for their ``bins`` ``(n,)``."""
        self.total.index_add_(0, bins, losses.double())
        self.seen.index_add_(0, bins, torch.ones_like(losses, dtype=torch.float64))

    def halve(self) -> None:
        """Let all that was seen so far count half."""
        self.total, self.seen = self.total / 2, self.seen / 2

    def chances(self, sharpness: float) -> Tensor:
        """``(count,)``, adding up to 1. A bin never seen counts as the worst one.

        AdvCaT's losses are confidences from 0 to 1; ours have no such limit, so they are divided by the worst bin's.
        """
        mean = torch.where(self.seen > 0, self.total / self.seen.clamp_min(1e-12), torch.inf)
        worst = mean[self.seen > 0].max() if bool((self.seen > 0).any()) else mean.new_ones(())
        return torch.softmax(sharpness * mean.minimum(worst) / worst.clamp_min(1e-12), 0)

    def state(self) -> dict[str, Tensor]:
        """The state that a resumed run needs: losses and counts, ``(count,)`` each."""
        return {"total": self.total.clone(), "seen": self.seen.clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from :meth:`state`."""
        self.total, self.seen = state["total"].double().cpu(), state["seen"].double().cpu()


class TransferHardening:
    """Cutout, erased blocks and a curriculum of viewpoints, each where it is switched on."""

    def __init__(
        self, cutout: CutoutConfig, erase: EraseConfig, curriculum: CurriculumConfig, yaw_deg: tuple[float, float]
    ) -> None:
        """``yaw_deg`` is the renderer's own range, over which the curriculum has its bins."""
        check(cutout, erase, curriculum)
        self._cutout, self._erase, self._curriculum = cutout, erase, curriculum
        self._yaw_deg, self._turns = yaw_deg, yaw_deg[1] - yaw_deg[0] >= TURNS_FROM_DEG
        self._yaws = Bins(curriculum.yaw_bins)
        self._places = Bins(curriculum.yaw_bins * curriculum.distance_bins)
        self._reach = (math.inf, -math.inf)  # logarithm of the nearest and of the furthest distance seen

    def scene(self, source: SceneSource, size: int, generator: torch.Generator) -> SceneBatch:
        """``size`` images; where their distances are known, those at hard places among some candidates.

        Raises :class:`BadOption` where the curriculum has nothing to choose.
        """
        if not self._curriculum.sharpness:
            return next(source.batches(size, generator))
        batch = next(source.batches(size, generator))
        if batch.distance_m is None:
            if not self._turns:
                raise BadOption(
                    "transfer.curriculum has nothing to choose: eot.jitter.yaw_deg spans "
                    f"{self._yaw_deg[1] - self._yaw_deg[0]:g}° and the scenes do not know distances. "
                    f"Widen it to {TURNS_FROM_DEG:g}° or more, or set transfer.curriculum.sharpness=0"
                )
            return batch
        more = [next(source.batches(size, generator)) for _ in range(self._curriculum.candidates - 1)]
        return self._hard(SceneBatch.joined([batch, *more]), size, generator)

    def draws(self, scene: SceneBatch, draws: Draws, progress: float, generator: torch.Generator) -> Draws:
        """The same conditions, harder. ``progress`` goes from 0 at the first step to 1 at the last."""
        count, stages = scene.image_of.shape[0], dict(draws.stages)
        if self._cutout.probability:
            stages[CUTOUT] = draw_cutout(count, self._cutout.probability, self._cutout.side, generator)
        if any(self._erase.share):
            share, blocks = (a + (b - a) * progress for a, b in (self._erase.share, self._erase.blocks))
            stages[ERASE] = draw_erase(count, share, round(blocks), generator)
        if self._curriculum.sharpness and self._turns and scene.distance_m is None:
            yaw = self._drawn_yaws(count, generator)
            stages["jitter"] = {**stages["jitter"], "yaw_deg": yaw.to(stages["jitter"]["yaw_deg"])}
        return Draws(stages)

    def learn(self, scene: SceneBatch, draws: Draws, losses: Tensor) -> None:
        """Note the losses ``(B,)`` of images for the poses that were seen in them."""
        if not self._curriculum.sharpness:
            return
        row = scene.wears.nonzero().squeeze(1)
        found = losses.detach()[scene.image_of[row]].cpu()
        if scene.distance_m is not None:
            self._note_reach(scene)
            self._places.note(self._place_of(scene)[row.cpu()], found)
        elif self._turns:
            self._yaws.note(self._yaw_bin(draws.stages["jitter"]["yaw_deg"].cpu())[row.cpu()], found)

    def stepped(self, index: int) -> None:
        """Called after step ``index``: what is old counts half from time to time."""
        if (index + 1) % self._curriculum.halve_every == 0:
            self._yaws.halve()
            self._places.halve()

    def state_dict(self) -> dict[str, Any]:
        """The state that a resumed run needs."""
        return {"yaws": self._yaws.state(), "places": self._places.state(), "reach": list(self._reach)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self._yaws.load(state["yaws"])
        self._places.load(state["places"])
        self._reach = (float(state["reach"][0]), float(state["reach"][1]))

    def _drawn_yaws(self, count: int, generator: torch.Generator) -> Tensor:
        """A bin by its chance, a yaw evenly within the bin."""
        chances = self._yaws.chances(self._curriculum.sharpness).float()
        bins = torch.multinomial(chances, max(count, 1), replacement=True, generator=generator)[:count]
        within = torch.rand(count, generator=generator)
        low, high = self._yaw_deg
        return low + (bins + within) / self._curriculum.yaw_bins * (high - low)

    def _yaw_bin(self, yaw_deg: Tensor) -> Tensor:
        low, high = self._yaw_deg
        return _bin((yaw_deg - low) / (high - low), self._curriculum.yaw_bins)

    def _hard(self, batch: SceneBatch, size: int, generator: torch.Generator) -> SceneBatch:
        """``size`` of the images, drawn without replacement by the chances of where their wearers stand."""
        self._note_reach(batch)
        chances = self._places.chances(self._curriculum.sharpness)[self._place_of(batch)] * batch.wears.cpu()
        image, images = batch.image_of.cpu(), len(batch.keys)
        total = torch.zeros(images, dtype=torch.float64).index_add_(0, image, chances)
        worn = torch.zeros(images, dtype=torch.float64).index_add_(0, image, batch.wears.cpu().double())
        weight = (total / worn.clamp_min(1)).float().clamp_min(1e-12)
        return batch.pick(torch.multinomial(weight, size, generator=generator).sort().values)

    def _note_reach(self, scene: SceneBatch) -> None:
        assert scene.distance_m is not None
        if len(far := scene.distance_m[scene.wears].clamp_min(1e-3).log()):
            self._reach = (min(self._reach[0], float(far.min())), max(self._reach[1], float(far.max())))

    def _place_of(self, scene: SceneBatch) -> Tensor:
        """``(N,)`` the bin of each object: distance by its logarithm, and the yaw under which the camera sees it."""
        assert scene.distance_m is not None
        near, span = self._reach[0], max(self._reach[1] - self._reach[0], 1e-6)
        far = _bin((scene.distance_m.cpu().clamp_min(1e-3).log() - near) / span, self._curriculum.distance_bins)
        if scene.camera_mm is None:
            return far * self._curriculum.yaw_bins
        camera_mm = scene.camera_mm.cpu()
        yaw_deg = torch.atan2(camera_mm[:, 0], -camera_mm[:, 2]).rad2deg()
        turned = _bin((yaw_deg + WIDEST_DEG) / (2 * WIDEST_DEG), self._curriculum.yaw_bins)
        return far * self._curriculum.yaw_bins + turned


def _bin(share: Tensor, count: int) -> Tensor:
    return (share * count).long().clamp(0, count - 1)


def draw_cutout(count: int, probability: float, side: float, generator: torch.Generator) -> dict[str, Tensor]:
    """``rectangle`` ``(count,4)``, left top right bottom in shares of the print: wholly on it for this share of the
    objects, empty for the others.
    """
    unit = torch.rand(count, 3, generator=generator, device=generator.device)
    corner = unit[:, :2] * (1 - side)
    extent = torch.where(unit[:, 2:] < probability, side, -1.0)
    return {"rectangle": torch.cat((corner, corner + extent), 1)}


def draw_erase(count: int, share: float, blocks: int, generator: torch.Generator) -> dict[str, Tensor]:
    """``gone`` ``(count,blocks,blocks)`` bool: each of the blocks is gone with this probability."""
    return {"gone": torch.rand(count, blocks, blocks, generator=generator, device=generator.device) < share}
