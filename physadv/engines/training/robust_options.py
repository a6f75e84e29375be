"""Options of ``physadv train adversarial`` for classifiers. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption

ROBUST_METHODS = ("fgsm", "pgd", "free", "trades")

_PICTURES = 56_000  # seen in all: 14 epochs of 4,000


@dataclass
class RobustTraining:
    """How a classifier learns from pictures that are changed against it, each value by at most eps."""

    eps: float = 0.3  # the largest change of a value, of pictures in [0, 1]: 0.3, not 76
    ramp: float = 0.5  # share of the training over which the change grows from 0 to eps; 0 = eps from the start
    epochs: int = 0  # one sees every picture once, method=free replays times over; 0 = enough for 56,000 pictures
    batch: int = 100  # pictures a step
    learning_rate: float = 2e-3  # of Adam; it falls to 0 over the second half
    steps: int = 5  # of method=pgd and trades, on every batch
    step: float = 0.0  # how far each goes, in eps; 0 = the method's own: fgsm 1.25, pgd and trades 2.5 / steps, free 1
    start: bool = True  # begin anywhere in the allowed change (fgsm: Wong et al. 2020), else at the picture
    replays: int = 4  # of method=free: how often every batch is used, with the change it has by then
    beta: float = 6.0  # of method=trades: what steadiness is worth beside being right
    judged: int = 500  # pictures of the final figures, as many of each class as of any other
    judged_steps: int = 40  # of PGD in the final figures
    judged_eps: list[float] = field(default_factory=lambda: [0.1, 0.2, 0.3])  # of the final figures

    def epochs_of(self, pictures: int) -> int:
        """How many there are, of a set of so many pictures."""
        return self.epochs or max(1, round(_PICTURES / pictures))

    def check(self) -> None:
        """Refuse what cannot work, before torch is imported."""
        for name, value in (("eps", self.eps), *(("judged_eps", eps) for eps in self.judged_eps)):
            if not 0 < value <= 1:
                raise BadOption(
                    f"robust.{name} is a change of values from 0 to 1: above 0 and at most 1, got {value:g}."
                    + (f" Do you mean {value:g}/255 = {value / 255:.4f}?" if 1 < value <= 255 else "")
                )
        for name in ("batch", "steps", "replays", "judged", "judged_steps"):
            if getattr(self, name) < 1:
                raise BadOption(f"robust.{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("epochs", "step", "beta"):
            if getattr(self, name) < 0:
                raise BadOption(f"robust.{name} must not be negative, got {getattr(self, name):g}.")
        if not 0 <= self.ramp < 1:
            raise BadOption(f"robust.ramp is a share of the training, from 0 to below 1, got {self.ramp:g}.")
        if not 0 < self.learning_rate < 1:
            raise BadOption(f"robust.learning_rate must lie between 0 and 1, got {self.learning_rate:g}.")


def check_robust_method(method: str) -> None:
    """Refuse a method that there is not."""
    if method not in ROBUST_METHODS:
        raise BadOption(f"method must be one of {', '.join(ROBUST_METHODS)} for a classifier, got {method!r}.")
