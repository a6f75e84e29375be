"""Options of ``physadv train adversarial`` for detectors. Importing this never imports torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.engines.training.options import TrainConfig

METHODS = ("free", "pgd")


@dataclass
class AdversarialTraining(TrainConfig):
    """How a detector goes on learning from signs that wear patches made against it."""

    epochs: int = 9  # one epoch sees every photo once, method=free ascents times over
    size_px: int = 288  # side of the training crops, a multiple of 32
    renders: int = 400  # drawn road pictures, made before the first epoch (some 20 ms each)
    learning_rate: float = 1e-3  # peak of the one-cycle schedule
    ascents: int = 3  # steps of the patches on every batch: replays of method=free, inner steps of method=pgd
    step: float = 0.05  # of a patch's colours, from 0 to 1, along the sign of the gradient
    kept: int = 6  # patches of every label that go on from batch to batch
    renewal: float = 0.02  # share of them that start anew whenever they are used
    texels: int = 32  # side of a patch
    clean: float = 0.3  # share of the pictures without patches
    controls: float = 0.3  # share of the patches that nobody optimised: plain, random, smooth
    sides: list[float] = field(default_factory=lambda: [0.25, 0.75])  # of a patch, over the sign's box

    def check(self) -> None:
        """Refuse what cannot work, before torch is imported."""
        super().check()
        for name in ("labels", "widths", "blocks", "begin"):
            if getattr(self, name) != getattr(TrainConfig(), name):
                raise BadOption(f"train.{name} is told by the weights that are trained on: leave it out.")
        for name in ("ascents", "kept"):
            if getattr(self, name) < 1:
                raise BadOption(f"train.{name} must be at least 1, got {getattr(self, name)}.")
        if not 4 <= self.texels <= 256:
            raise BadOption(f"train.texels must lie between 4 and 256, got {self.texels}.")
        if not 0 < self.step <= 1:
            raise BadOption(f"train.step must lie above 0 and be at most 1, got {self.step:g}.")
        for name in ("renewal", "clean", "controls"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadOption(f"train.{name} must lie in [0, 1], got {getattr(self, name):g}.")
        if self.clean == 1 or self.controls == 1:
            raise BadOption("train.clean and train.controls must be below 1: else no patch is optimised.")
        if len(self.sides) != 2 or not 0.05 <= self.sides[0] <= self.sides[1] <= 1:
            raise BadOption(f"train.sides must be [smallest, largest] with 0.05 <= both <= 1, got {self.sides}.")


def check_method(method: str) -> None:
    """Refuse a method that there is not."""
    if method not in METHODS:
        raise BadOption(f"method must be one of {', '.join(METHODS)}, got {method!r}.")


def check_name(name: str) -> None:
    """Refuse what is not the name of a file."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise BadOption(f"name must be letters, digits, dashes and dots, as it names the weights file; got {name!r}.")
