"""Options of ``physadv train detector``. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption


@dataclass
class TrainConfig:
    """How the reference sign detector is trained."""

    photos: str = ""  # COCO folder with annotations.json and images/ to train on; empty = renders only
    validate: str = ""  # COCO folder for the final figures; never used to choose anything; empty = renders only
    photos_licence: str = "not stated"  # goes into the model card
    epochs: int = 60  # one epoch sees every photo once
    batch: int = 16  # images a step
    size_px: int = 320  # side of the training crops, a multiple of 32
    learning_rate: float = 3e-3  # peak of the one-cycle schedule
    weight_decay: float = 0.02  # of convolution weights
    renders: int = 1200  # drawn road pictures, made before the first epoch (some 20 ms each)
    renders_an_epoch: int = 400  # at most so many of these, picked anew for every epoch
    held_out_renders: int = 240  # pictures of stop signs for the final figures; a quarter of it for each other sign
    distance_m: list[float] = field(default_factory=lambda: [3.5, 42.0])  # of rendered signs
    mosaic: float = 0.35  # share of photos shown as 2×2 mosaics, until the last 15 % of the epochs
    average: float = 0.998  # decay of the weight average that is shipped
    bf16: bool = True  # compute in bfloat16: three times as fast on CPUs with AMX, no slower elsewhere
    workers: int = 1  # processes that prepare batches
    seed: int = 0  # of weights, order and augmentation

    @property
    def drawn(self) -> int:
        """Drawn pictures in an epoch."""
        return min(self.renders, self.renders_an_epoch)

    def check(self) -> None:
        """Refuse what cannot work, before torch is imported."""
        if self.size_px % 32 or self.size_px < 64:
            raise BadOption(f"train.size_px must be a multiple of 32 from 64 on, got {self.size_px}.")
        for name in ("epochs", "batch", "held_out_renders"):
            if getattr(self, name) < 1:
                raise BadOption(f"train.{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("renders", "renders_an_epoch"):
            if getattr(self, name) < 0:
                raise BadOption(f"train.{name} must not be negative, got {getattr(self, name)}.")
        if not self.photos and not self.drawn:
            raise BadOption("train.photos is empty and nothing is drawn: there is nothing to train on.")
        if not 0 < self.learning_rate < 1:
            raise BadOption(f"train.learning_rate must lie between 0 and 1, got {self.learning_rate}.")
        if not 0 <= self.average < 1:
            raise BadOption(f"train.average must lie in [0, 1), got {self.average}.")
