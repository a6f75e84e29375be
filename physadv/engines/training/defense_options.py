"""Options of ``physadv train defense``. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption

TRAINABLE = ("reconstruct", "segment")


@dataclass
class DefenseTraining:
    """How a localiser of patches is trained."""

    photos: str = ""  # folder of photos without patches, to train on and to set thresholds on
    validate: str = ""  # folder of further photos, for the card's figures alone; empty: no figures
    photos_licence: str = "not stated"  # goes into the model card
    patches: str = ""  # folder of optimised patches for segment to learn from; reconstruct learns from none
    held_out_patches: str = ""  # folder of optimised patches for the figures alone, each a family of its own
    renders: int = 60  # drawn road pictures beside the photos
    thresholds: float = 0.4  # share of photos and roads kept apart, to set the thresholds on
    size_px: int = 416  # to which the longer side of photos is shrunk at most
    steps: int | None = None  # of the optimiser; empty: as many as the defence needs
    batch: int | None = None  # crops a step; empty: as many as the defence needs
    learning_rate: float | None = None  # peak of the one-cycle schedule; empty: the defence's own
    save_every: int = 100  # steps, after which a stopped training goes on
    seed: int = 0  # of weights, order and patches

    def check(self, name: str) -> None:
        """Refuse what cannot work, before torch is imported."""
        if name not in TRAINABLE:
            raise BadOption(f"name must be one of {', '.join(TRAINABLE)}: those defences learn, got {name!r}")
        if not self.photos:
            raise BadOption("train.photos is empty: name a folder with photos without patches, 100 or more")
        if self.renders < 0:
            raise BadOption(f"train.renders must not be negative, got {self.renders}")
        for option, minimum in (("size_px", 64), ("save_every", 1), ("steps", 1), ("batch", 1)):
            value = getattr(self, option)
            if value is not None and value < minimum:
                raise BadOption(f"train.{option} must be at least {minimum}, got {value}")
        if not 0 < self.thresholds < 1:
            raise BadOption(
                f"train.thresholds must lie between 0 and 1, as both parts need photos, got {self.thresholds:g}"
            )
        if self.learning_rate is not None and not 0 < self.learning_rate < 1:
            raise BadOption(f"train.learning_rate must lie between 0 and 1, got {self.learning_rate:g}")
