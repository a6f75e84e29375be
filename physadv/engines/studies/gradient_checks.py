"""Checks of the gradient itself: whether it is there, is that of the loss, and comes out the same twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.core.seeding import generator
from physadv.core.types import SceneBatch
from physadv.engines.studies.audit_check import AuditCheck, CheckVerdict
from physadv.engines.studies.subject import Subject

CODE = 1 / 255
"""One 8-bit code, in sRGB."""

STEPS = (0.0002, 0.001, CODE, 4 * CODE)
"""Of the finite differences, in sRGB."""

EXACT, SURROGATE = 0.9, 0.3
"""Least agreement with finite differences: of a gradient that is said to be exact, and of a surrogate's."""

SAME = 1e-3
"""Largest difference of two answers, as a share of the answer."""

ALIKE = 0.1
"""Least cosine between the gradients of two sets of draws."""


def gradient_is_there(subject: Subject, scenes: Sequence[SceneBatch]) -> AuditCheck:
    """Share of pictures whose gradient is zero everywhere, or not finite anywhere."""
    void, zero, pixels, pictures = 0, 0, 0, 0
    for scene in scenes:
        gradient = subject.slope(scene.srgb, scene, "share").gradient
        finite = torch.isfinite(gradient).flatten(1).all(1)
        moves = (gradient.nan_to_num(0.0, 0.0, 0.0) != 0).flatten(1)
        void += int((~finite | ~moves.any(1)).sum())
        zero += int((~moves).sum())
        pixels, pictures = pixels + moves.numel(), pictures + len(gradient)
    share = void / pictures
    words = (
        "every picture has a gradient"
        if not void
        else f"{void} of {pictures} pictures have a gradient that is zero everywhere or not finite: something rounds, "
        "is detached or saturates on the way. Give it a straight-through or soft surrogate"
    )
    return AuditCheck(
        "gradient", "Does a gradient reach the pictures?", "share of pictures without one", share, 0.0, False,
        _verdict(not void), words, {"share of zero values": zero / pixels},
    )  # fmt: skip


@dataclass(frozen=True)
class Differences:
    """The slopes that the gradient says beside those that are measured, over all pictures and directions."""

    cosines: tuple[float, ...]  # one a step of STEPS
    flat: bool  # the loss never changed
    exact: bool  # the gradient is said to be that of what the victim does

    def agrees(self) -> AuditCheck:
        """Cosine at the step that suits it best."""
        best, due = max(self.cosines), EXACT if self.exact else SURROGATE
        return AuditCheck(
            "differences", "Does the loss change as the gradient says?", "cosine with finite differences", best, due,
            True, _verdict(best >= due), self._words(best >= due), self._details(),
        )  # fmt: skip

    def reaches(self) -> AuditCheck:
        """Cosine with steps that a picture's file can hold."""
        far = max(cosine for step, cosine in zip(STEPS, self.cosines, strict=True) if step >= CODE)
        words = (
            "the gradient tells what steps of one code and more do"
            if far >= SURROGATE
            else "the gradient says nothing of steps as large as one code: it is shattered into tiny waves, or "
            "missing. Put a straight-through gradient in the place of the waves"
        )
        return AuditCheck(
            "reach", "Does the gradient hold as far as colours can be told apart?",
            "cosine with finite differences of 1/255 or more", far, SURROGATE, True, _verdict(far >= SURROGATE),
            words, self._details(),
        )  # fmt: skip

    def _details(self) -> dict[str, float]:
        return {f"step {step:.4f}": cosine for step, cosine in zip(STEPS, self.cosines, strict=True)}

    def _words(self, agree: bool) -> str:
        if self.flat:
            return (
                f"the loss is flat around every picture, up to steps of {STEPS[-1]:.3f}: it saturates or is rounded. "
                "Attack what comes before, as log-odds"
            )
        if agree:
            return "steps do to the loss what the gradient says" + (
                "" if self.exact else ", as far as a surrogate can tell"
            )
        return (
            "steps do to the loss something else than the gradient says: a part of the way is missing from it"
            if self.exact
            else "the surrogate's gradient has little to do with what the defense does. Choose a closer one"
        )


def differences(subject: Subject, scenes: Sequence[SceneBatch], directions: int) -> Differences:
    """Measure the loss a step forth and back, in several directions and at several steps."""
    said, measured = [list[Tensor]() for _ in STEPS], [list[Tensor]() for _ in STEPS]
    for scene in scenes:
        shown = scene.srgb * (1 - 2 * STEPS[-1]) + STEPS[-1]  # so that every step stays within [0, 1]
        gradient = subject.slope(shown, scene, "differences").gradient.nan_to_num(0.0, 0.0, 0.0)
        for way in _ways(subject, scene, gradient, directions):
            due = (gradient * way).flatten(1).sum(1)
            for place, step in enumerate(STEPS):
                forth, back = (subject.losses(shown + sign * step * way, scene, "differences") for sign in (1, -1))
                said[place].append(due)
                measured[place].append((forth - back) / (2 * step))
    cosines = tuple(_cosine(torch.cat(one), torch.cat(other)) for one, other in zip(said, measured, strict=True))
    flat = not any(bool(one.any()) for rows in measured for one in rows)
    return Differences(cosines, flat, subject.is_exact)


def repeats(subject: Subject, scenes: Sequence[SceneBatch]) -> AuditCheck:
    """Largest difference between two answers to the same question, as a share of the answer."""
    worst = 0.0
    for scene in scenes:
        first, second = (subject.slope(scene.srgb, scene, "twice") for _ in range(2))
        worst = max(worst, _apart(first.loss, second.loss), _apart(first.gradient, second.gradient))
    words = (
        "the same question gets the same answer"
        if worst <= SAME
        else "the same question gets another answer: there is randomness that no seed reaches. Let the defense draw "
        "from the generator it is given, so that an attack can average over its draws"
    )
    return AuditCheck(
        "repeats", "Does the same picture get the same answer twice?", "largest difference, of the answer", worst,
        SAME, False, _verdict(worst <= SAME), words,
    )  # fmt: skip


def draws_suffice(subject: Subject, scenes: Sequence[SceneBatch]) -> AuditCheck:
    """Mean cosine between the gradients of two sets of draws."""
    name, asks, measured = "draws", "Is the gradient averaged over enough draws?", "cosine between two sets of draws"
    if not subject.is_random:
        words = "nothing is drawn: no defense is random"
        return AuditCheck(name, asks, measured, None, ALIKE, True, CheckVerdict.untold, words)
    cosines = []
    for scene in scenes:
        one, other = (
            subject.slope(scene.srgb, scene, purpose).gradient.nan_to_num(0.0, 0.0, 0.0) for purpose in ("one", "other")
        )
        cosines += [_cosine(here, there) for here, there in zip(one.flatten(1), other.flatten(1), strict=True)]
    mean = sum(cosines) / len(cosines)
    enough = mean >= ALIKE
    words = (
        f"{subject.draws} draws give about the same gradient as {subject.draws} others"
        if enough
        else f"{subject.draws} draws and {subject.draws} others give gradients that have little in common, so steps go "
        "astray. Raise audit.draws="
    )
    return AuditCheck(name, asks, measured, mean, ALIKE, True, _verdict(enough), words)


def _ways(subject: Subject, scene: SceneBatch, gradient: Tensor, count: int) -> list[Tensor]:
    """Down the gradient's own signs, and coarse random patterns, to which any part of a picture matters."""
    random, ways = generator(subject.seed, f"ways/{scene.keys[0]}"), [gradient.sign()]
    for _ in range(count - 1):
        coarse = torch.rand(len(gradient), 3, 12, 16, generator=random).to(gradient) - 0.5
        ways.append(nn.functional.interpolate(coarse, size=gradient.shape[-2:], mode="bilinear").sign())
    return ways


def _verdict(sound: bool) -> CheckVerdict:
    return CheckVerdict.sound if sound else CheckVerdict.flagged


def _cosine(one: Tensor, other: Tensor) -> float:
    """0 where either is zero."""
    one, other = one.double(), other.double()
    length = float(one.norm() * other.norm())
    return float(one @ other) / length if length > 0 else 0.0


def _apart(one: Tensor, other: Tensor) -> float:
    if not bool(torch.isfinite(one).all() & torch.isfinite(other).all()):
        return 0.0  # the check of the gradient's presence says so
    return float((one - other).abs().max()) / max(float(one.abs().max()), 1e-12)
