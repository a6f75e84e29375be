"""Adversarial training of the sign detector: it learns from signs that wear patches optimised against it.

    min over weights  E[ max over patches  loss(net(picture with the patch), truth) ]  (Madry et al. 2018, eq. 2.1)

``free`` replays every batch ``m`` times and takes both steps from one backward pass, the weights down and the patches
up (Shafahi et al. 2019, algorithm 1). ``pgd`` first takes ``m`` steps with the patches alone, then one with the
weights. Unlike there, patches are not a noise of bounded size on a whole picture but prints in a part of it, as in
Rao et al. 2020; and they are shared by many pictures and go on from batch to batch, as printed ones have to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.core import seeding
from physadv.core.errors import BadInput
from physadv.engines.training.adversarial_options import AdversarialTraining, check_method, check_name
from physadv.engines.training.assign import Targets, detection_loss
from physadv.engines.training.batches import Batch, EpochBatches, TrainingData, loader
from physadv.engines.training.detector import TrainProgress, gather, split
from physadv.engines.training.detector_state import (
    cpu_s,
    descend_,
    fingerprint,
    make_folder,
    resume,
    save,
    start,
)
from physadv.engines.training.laid_patches import Laid, Place, lay, places_on
from physadv.engines.training.model_card import About, Judges, ship
from physadv.engines.training.patch_pool import PatchPool, control
from physadv.engines.training.photos import read_photos
from physadv.library.roads.signs import LABELS
from physadv.parts.victims.sign_nano_net import grid
from physadv.parts.victims.sign_nano_weights import SignNanoWeights

_CONTROLS = 8  # sheets of every batch that nobody optimised


def train_adversarially(
    method: str, name: str, config: AdversarialTraining, weights: SignNanoWeights, device: torch.device, out: Path,
    progress: Callable[[TrainProgress], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Train on from ``weights``, evaluate and write ``NAME.safetensors`` and ``NAME.md`` into ``out``.

    Returns the figures. ``out/last.pt`` is written after every epoch; a run that was stopped goes on from it.
    """
    check_method(method)
    check_name(name)
    config.check()
    check_weights(weights)
    make_folder(out)
    validation = read_photos(Path(config.validate), LABELS) if config.validate else None
    photos, _ = split(config)
    contest = Contest(method, config, gather(config, photos), weights.state, device)
    state, last = contest.state, out / "last.pt"
    settings = fingerprint(config, method, weights.digest)
    resume(state, settings, last, device, sheets=contest.pool.sheets)
    for epoch in range(state.epoch, config.epochs):
        wall, cpu = time.monotonic(), cpu_s()
        _train_epoch(contest, epoch, progress)
        state.epoch = epoch + 1
        state.wall_s += time.monotonic() - wall
        state.cpu_s += cpu_s() - cpu
        save(state, settings, last, sheets=contest.pool.sheets)
    times = {"wall_s": state.wall_s, "cpu_s": state.cpu_s, "steps": float(contest.steps * config.epochs)}
    return ship(state.average, about(method, name, weights.digest), config, Judges(validation), times, out)


def check_weights(weights: SignNanoWeights) -> None:
    """Raises :class:`BadInput` where they are of a detector of other signs."""
    if weights.labels != LABELS:
        raise BadInput(
            f"the weights tell {', '.join(weights.labels)}; training on needs a detector of {', '.join(LABELS)}. "
            "Leave victim.weights empty to begin with the built-in ones."
        )


def about(method: str, name: str, begun_from: str) -> About:
    """How the card begins."""
    says = (
        "The sign detector, trained on with patches that were optimised against it. That makes such patches weaker and",
        "proves nothing. No figure below is of an attack: `physadv generate` with these weights tells.",
    )
    options = "train.photos=PHOTOS train.validate=VALIDATION out=FOLDER"
    return About(
        name, says, f"physadv train adversarial victim=sign-nano method={method} name={name} {options}", begun_from,
        "CC0 1.0",
    )  # fmt: skip


def _train_epoch(contest: Contest, epoch: int, progress: Callable[[TrainProgress], None]) -> None:
    epochs, count, total, began = contest.config.epochs, contest.steps, 0.0, time.monotonic()
    before = epoch * count
    for index, loss in enumerate(contest.steps_of(epoch), start=1):
        total += float(loss)
        rest = epochs * count - before - index
        remaining_s = (time.monotonic() - began) / index * rest
        progress(TrainProgress(epoch + 1, epochs, before + index, before + index + rest, total / index, remaining_s))


@dataclass(frozen=True, eq=False)
class _Worn:
    """A batch as the network sees it now."""

    laid: Laid
    sheets: Tensor  # (S,3,t,t), the pool's first
    kept: int

    def at_pool(self, gradient: Tensor) -> Tensor:
        """The gradient at the pool's sheets, from that at the pictures."""
        return self.laid.to_sheets(self.sheets, gradient)[: self.kept]


@dataclass(frozen=True, eq=False)
class _Dressed:
    """A batch, and where its patches are."""

    pool: PatchPool
    images: Tensor  # (B,3,H,W) without patches
    controls: Tensor  # (C,3,t,t)
    places: list[Place]
    targets: Targets

    def worn(self) -> _Worn:
        """With the pool's patches as they are now."""
        sheets = torch.cat([self.pool.sheets, self.controls]).requires_grad_()
        return _Worn(lay(self.images, sheets, self.places), sheets, len(self.pool.sheets))


class Contest:
    """Pictures, patches and network of one training."""

    def __init__(
        self, method: str, config: AdversarialTraining, data: TrainingData, weights: Mapping[str, Tensor],
        device: torch.device,
    ) -> None:  # fmt: skip
        self.config, self._data, self._device = config, data, device
        self.pool = PatchPool(config, device)
        self.steps_a_batch = config.ascents if method == "free" else 1  # of the optimiser
        self.steps = len(EpochBatches(config, data, 0)) * self.steps_a_batch  # an epoch
        self.state = start(config, device, self.steps, weights)
        self._steps_on = self._free if method == "free" else self._pgd
        self._points, self._strides = grid(config.size_px, config.size_px, device)

    def steps_of(self, epoch: int) -> Iterator[Tensor]:
        """The optimiser's steps of one epoch; yields the losses."""
        self.state.net.train()
        for index, batch in enumerate(loader(EpochBatches(self.config, self._data, epoch))):
            draws = seeding.generator(self.config.seed, f"patches/{epoch}/{index}")
            rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
            yield from self._steps_on(self._dressed(batch, rng))

    def _dressed(self, batch: Batch, rng: np.random.Generator) -> _Dressed:
        images_u8, targets = batch
        images = images_u8.to(self._device).float().div_(255)
        controls = torch.stack([control(self.config.texels, rng) for _ in range(_CONTROLS)]).to(self._device)
        count = len(self.pool.sheets) + _CONTROLS
        places = places_on(targets, self.config, rng, count, self.config.size_px)
        self.pool.renew_({place.sheet for place in places if place.optimised}, rng)
        return _Dressed(self.pool, images, controls, places, targets.to(self._device))

    def _free(self, dressed: _Dressed) -> Iterator[Tensor]:
        """``m`` times: one backward pass, from which weights and patches both take their step."""
        for _ in range(self.config.ascents):
            worn = dressed.worn()
            loss = self._loss(worn.laid, dressed.targets)
            self._descend_(loss)
            assert worn.laid.images.grad is not None
            self.pool.ascend_(worn.at_pool(worn.laid.images.grad))
            yield loss.detach()

    def _pgd(self, dressed: _Dressed) -> Iterator[Tensor]:
        """``m`` steps of the patches against the network as it answers, then one of the weights."""
        self.state.net.eval()
        for _ in range(self.config.ascents):
            worn = dressed.worn()
            (gradient,) = torch.autograd.grad(self._loss(worn.laid, dressed.targets), worn.laid.images)
            self.pool.ascend_(worn.at_pool(gradient))
        self.state.net.train()
        loss = self._loss(dressed.worn().laid, dressed.targets)
        self._descend_(loss)
        yield loss.detach()

    def _loss(self, laid: Laid, targets: Targets) -> Tensor:
        images = laid.images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.config.bf16):
            boxes, logits = self.state.net(images)
        return detection_loss(boxes, logits, self._points, self._strides, targets)

    def _descend_(self, loss: Tensor) -> None:
        self.state.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        descend_(self.state, self.config.average)
