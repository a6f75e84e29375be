"""The battery for defences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel
from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Defense, Victim
from physadv.core.wrapped import Wrapped
from physadv.parts.victims.classifier import Classifier
from physadv.testing.answers import evidence, pull
from physadv.testing.base import reasoned, require, sample_images
from physadv.testing.toys import ToyGridDetector, one_scene
from physadv.testing.victims import AnyVictim, check_victim

STEP = 2e-3
"""Of the finite differences, in sRGB."""

DIRECTIONS = 4
"""In which the gradient is compared with them."""

NEAR = 0.05
"""By which share of its length the gradient may miss them."""


def check_defense(
    defense: Defense, victims: Sequence[AnyVictim] | None = None, images: Tensor | None = None
) -> tuple[str, ...]:
    """Run every defence check round toy victims, or round these; return the names of the checks.

    A defence may refuse victims of a task with :class:`IncompatibleParts`, but not all of them. ``images``
    ``(B >= 2, 3, H, W)`` default to made-up ones.
    """
    shown = sample_images() if images is None else images
    require(len(shown) >= 2, f"check_defense needs at least two images, got {len(shown)}")
    reasoned(defense, says_what_it_is, defense)
    fitting = [victim for victim in victims or _toys() if reasoned(defense, _takes, defense, victim)]
    require(bool(fitting), f"{defense.name}: refuses every victim it is tried on")
    for victim in fitting:
        for check in DEFENSE_CHECKS:
            reasoned(defense, check, defense, victim, shown.clone())
    return tuple(check.__name__ for check in DEFENSE_CHECKS)


def says_what_it_is(defense: Defense) -> None:
    """Name and kind are there."""
    require(isinstance(defense.name, str) and bool(defense.name.strip()), f"defense.name is empty: {defense.name!r}")
    kind = defense.kind
    require(isinstance(kind, DefenseKind), f"{defense.name}: kind must be a DefenseKind, got {kind!r}")


def the_victim_stays_who_it_is(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """Labels, task and operating point are the victim's; name and digest hold the defence's, access is no more."""
    made = defense.around(victim)
    if made is victim:
        return
    for what in ("task", "labels", "confidence"):
        got, due = getattr(made, what), getattr(victim, what)
        require(got == due, f"{made.name}: the victim's {what} is {due!r}, behind the defence {got!r}")
    told = f"{defense.name}: the defended victim must be called {victim.name!r} behind {defense.name!r}"
    require(made.name == f"{victim.name} behind {defense.name}", f"{told}, got {made.name!r}")
    require(made.digest != victim.digest, f"{made.name}: its digest is the bare victim's")
    again = defense.around(victim).digest
    require(made.digest == again, f"{made.name}: the digest changes from one to the next")
    require(
        made.access <= victim.access, f"{made.name}: gives {made.access.name}, the victim only {victim.access.name}"
    )
    kept = all(any(network is own for own in made.networks) for network in victim.networks)
    require(kept, f"{made.name}: its networks lack the victim's")


def the_defended_victim_is_a_victim(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """Require what every victim must do: shapes, ranges, any size, batch equal to its images, gradient, decisions."""
    made = defense.around(victim)
    if made is victim:
        return
    check_victim(FirstFrames(made), images)


def the_gradient_agrees_with_finite_differences(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """A smooth defence has the very gradient of what it does."""
    made = defense.around(victim)
    if not defense.kind.exact or made.access < AccessLevel.gradients:
        return
    shown = (images * 0.8 + 0.1).requires_grad_()  # so that a step stays within [0, 1]
    (slope,) = torch.autograd.grad(pull(made, made.outputs(shown)), shown)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for _ in range(DIRECTIONS):
            coarse = torch.rand(len(shown), 3, 12, 16, generator=generator) - 0.5
            way = nn.functional.interpolate(coarse, size=shown.shape[-2:], mode="bilinear").sign()
            forth, back = (pull(made, made.outputs(shown + sign * STEP * way)) for sign in (1, -1))
            due, got = float((forth - back) / (2 * STEP)), float((slope * way).sum())
            length = max(abs(due), float(slope.norm()) * float(way.norm()) / 20)
            require(
                abs(due - got) <= NEAR * length,
                f"{made.name}: the gradient says {got:.4g} where finite differences say {due:.4g}. A defence of kind "
                f"{defense.kind} has the exact gradient; one with a surrogate is of another kind",
            )


def its_draws_follow_the_generator(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """The same generator, the same answers; other ones where the defence is random, and none of it stays."""
    made = defense.around(victim)
    behind = defended_in(made)

    def answered(seed: int | None) -> Tensor:
        if behind:
            behind.reset()
        drawing = behind.drawing(torch.Generator().manual_seed(seed)) if behind and seed is not None else nullcontext()
        with drawing, torch.no_grad():
            return torch.cat([values.flatten() for values in evidence(made.outputs(images))])

    before, first, second = answered(None), answered(1), answered(1)
    require(torch.equal(first, second), f"{made.name}: the same generator gives other answers")
    require(
        torch.equal(before, answered(None)), f"{made.name}: after an attack's draws it answers otherwise than before"
    )
    if defense.kind is DefenseKind.random:
        differ = any(not torch.equal(first, answered(seed)) for seed in range(2, 6))
        require(differ, f"{made.name}: is random, yet five generators give the same answers")


def a_reset_forgets(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """After a reset, the same film gives the same answers."""
    made = defense.around(victim)
    if behind := defended_in(made):
        before = behind.lead_in
        require(
            isinstance(before, int) and before >= 0, f"{made.name}: lead_in must be frames, 0 or more, got {before}"
        )
        films = []
        for _ in range(2):
            behind.reset()
            films.append(_one_by_one(made, images))
        require(films[0] == films[1], f"{made.name}: after reset() the same film gives other reports")
        behind.reset()


def evasion_and_alarm_are_one_number_a_picture(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """Both are ``(B,)`` and finite, and the evasion's gradient reaches the pictures."""
    made = defense.around(victim)
    if (behind := defended_in(made)) is None:
        return
    scene = one_scene(len(images))
    if (evasion := behind.evasion) is not None:
        leaf = images.clone().requires_grad_()
        loss = evasion.loss(leaf, scene)
        require(tuple(loss.shape) == (len(images),), f"{made.name}: evasion.loss must be (B,), got {tuple(loss.shape)}")
        (slope,) = torch.autograd.grad(loss.sum(), leaf)
        finite = bool(torch.isfinite(loss).all() & torch.isfinite(slope).all())
        require(finite, f"{made.name}: the evasion's loss or gradient is not finite")
    alarms = behind.alarm(images)
    if alarms is not None:
        fine = tuple(alarms.shape) == (len(images),) and bool(torch.isfinite(alarms).all())
        require(fine, f"{made.name}: alarm must be finite and (B,), got {tuple(alarms.shape)}")
    expected = defense.kind is not DefenseKind.alarm or alarms is not None
    require(expected, f"{made.name}: is of kind alarm, but alarm() gives None")


def a_proof_is_one_word_an_object(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """What is certified is ``(N,)`` bool, one an object of the scene."""
    made = defense.around(victim)
    if (behind := defended_in(made)) is None:
        return
    scene = one_scene(len(images))
    proven = behind.certified(images, scene)
    if proven is not None:
        fine = proven.shape == scene.labels.shape and proven.dtype == torch.bool
        told = f"got {tuple(proven.shape)} {proven.dtype}"
        require(fine, f"{made.name}: certified must be {tuple(scene.labels.shape)} bool, one an object, {told}")


def the_bare_victim_is_as_before(defense: Defense, victim: AnyVictim, images: Tensor) -> None:
    """The victim itself answers as if it had never been defended, and the pictures are as they were."""
    shown = images.clone()
    with torch.no_grad():
        before = evidence(victim.outputs(images))
        defense.around(victim).outputs(shown)
        after = evidence(victim.outputs(images))
    require(torch.equal(shown, images), f"{defense.name}: changes the pictures that it is given in place")
    same = all(torch.equal(here, there) for here, there in zip(before, after, strict=True))
    require(same, f"{defense.name}: {victim.name} itself answers otherwise once it was defended")


DefenseCheck = Callable[[Defense, AnyVictim, Tensor], None]

DEFENSE_CHECKS: tuple[DefenseCheck, ...] = (
    the_victim_stays_who_it_is,
    the_defended_victim_is_a_victim,
    the_gradient_agrees_with_finite_differences,
    a_reset_forgets,
    its_draws_follow_the_generator,
    evasion_and_alarm_are_one_number_a_picture,
    a_proof_is_one_word_an_object,
    the_bare_victim_is_as_before,
)


class FirstFrames(Wrapped[Any, Any]):
    """The defended victim, to which all that it is shown is the beginning of a film."""

    def outputs(self, images: Tensor) -> Any:
        if behind := defended_in(self.victim):
            behind.reset()
        return self.victim.outputs(images)

    def decide(self, outputs: Any, confidence: float | None = None) -> Any:
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> FirstFrames:
        return FirstFrames(self.victim.to(device))


def _toys() -> list[Victim[Any, Any]]:
    generator = torch.Generator().manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return [ToyGridDetector(), Classifier(network, tuple(f"class {i}" for i in range(16)), name="toy", size_px=32)]


def _takes(defense: Defense, victim: AnyVictim) -> bool:
    try:
        defense.around(victim)
    except IncompatibleParts:
        return False
    return True


def _one_by_one(made: AnyVictim, images: Tensor) -> list[Any]:
    """The reports on the frames of a film."""
    told = []
    with torch.no_grad():
        for image in images:
            (reports,) = _listed(made.decide(made.outputs(image[None])))
            told.append(reports)
    return told


def _listed(decisions: Any) -> list[Any]:
    if isinstance(decisions, tuple | list):
        return [(found.boxes_xyxy_px.tolist(), found.scores.tolist(), found.labels.tolist()) for found in decisions]
    return [decisions.labels.tolist()]
