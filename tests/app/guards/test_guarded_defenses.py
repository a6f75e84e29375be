"""What a stranger's defence does wrong is said in one line, and what it does right stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.app.guards.door import built
from physadv.core.defended import Defended, RandomlyDefended, defended_in, lead_in, remembers
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BrokenPart
from physadv.core.protocols import Defense, Victim
from physadv.parts.defenses.temporal.options import VoteConfig
from physadv.parts.defenses.temporal.vote import Vote
from physadv.testing import ToyDefense, ToyGridDetector, check_defense, one_scene, sample_images
from tests.core.test_defended import Noise, Watchman


def guarded(part: Any) -> Defense:
    made: Defense = built("defenses", "acme/veil", "acme_veil", lambda _: part, None)
    return made


def test_a_memory_behind_its_guard_says_what_fills_it() -> None:
    for vote, due in ((Vote(VoteConfig(2, 3)), 2), (guarded(Vote(VoteConfig(2, 5))), 4)):
        assert (lead_in(vote.around(ToyGridDetector())), remembers(vote.around(ToyGridDetector()))) == (due, True)


def veil(change: Callable[[Tensor], Any]) -> Defense:
    class Veiled(Defended):
        def passed_on(self, images: Tensor) -> Tensor:
            return change(images)

        def to(self, device: torch.device | str) -> Veiled:
            return self

    class Veil:
        name, kind = "veil", DefenseKind.smooth

        def around(self, victim: Victim) -> Victim:
            return Veiled(victim, self, {})

    return guarded(Veil())


class Renamed(Defended):
    """One that lies about what the test names."""

    lie: dict[str, Any] = {}  # noqa: RUF012

    def __getattribute__(self, name: str) -> Any:
        lie = object.__getattribute__(self, "lie")
        return lie[name] if name in lie else object.__getattribute__(self, name)

    def to(self, device: torch.device | str) -> Renamed:
        return self


@pytest.mark.parametrize("part", [ToyDefense(), Watchman(), Noise()])
def test_a_sound_defence_passes_the_battery_behind_its_guard(part: Defense) -> None:
    check_defense(guarded(part))


def test_evasion_alarm_and_draws_reach_through_the_guard() -> None:
    inner, images = guarded(Watchman()).around(ToyGridDetector()), sample_images()
    behind = defended_in(guarded(ToyDefense()).around(inner))
    assert behind is not None
    assert [defense.name for defense in behind.defenses] == ["blur-3", "watchman"]
    assert behind.name == "toy-grid behind blur-3+watchman"
    assert behind.alarm(images) is not None
    assert behind.evasion is not None
    assert behind.evasion.loss(images, one_scene(2)).shape == (2,)
    assert isinstance(Noise().around(ToyGridDetector()), RandomlyDefended)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda images: images[:, :1], r"shape \(2, 1, 96, 128\) where \(B, 3, H, W\) is due"),
        (lambda images: images.double(), "shows the victim torch.float64 where float32 is due"),
        (lambda images: images * 255, "gives the victim pictures from .* where 0 to 1 is due"),
        (lambda images: images[:1], "where .* is due"),
        (lambda images: images.detach().numpy(), "shows the victim ndarray, not pictures"),
        (lambda images: images.detach(), "detached from the images"),
        (lambda images: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_pictures_that_are_none_are_refused(change: Callable[[Tensor], Any], said: str) -> None:
    made = veil(change).around(ToyGridDetector())
    with pytest.raises(BrokenPart, match=rf"defense 'acme/veil' \(plugin acme_veil\): outputs .*{said}"):
        made.outputs(sample_images().requires_grad_())


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"labels": ("a",)}, "changes the victim's labels"),
        ({"confidence": 0.9}, "changes the victim's confidence from 0.5 to 0.9"),
        ({"digest": "toy-grid"}, "leaves the victim's digest"),
        ({"name": "toy-grid"}, "leaves the victim's name"),
    ],
)
def test_a_defence_that_makes_another_victim_is_refused(lie: dict[str, Any], said: str) -> None:
    class Liar:
        name, kind = "liar", DefenseKind.smooth

        def around(self, victim: Victim) -> Victim:
            made = Renamed(victim, self, {})
            made.lie = lie
            return made

    with pytest.raises(BrokenPart, match=said):
        guarded(Liar()).around(ToyGridDetector())


def test_what_is_no_defence_is_refused() -> None:
    with pytest.raises(BrokenPart, match="around is missing"):
        guarded(type("Half", (), {"name": "half", "kind": DefenseKind.smooth})())
    with pytest.raises(BrokenPart, match="kind must be a DefenseKind, got smooth"):
        guarded(type("Text", (), {"name": "text", "kind": "smooth", "around": None})())
    with pytest.raises(BrokenPart, match="around gives None"):
        guarded(type("Void", (), {"name": "void", "kind": DefenseKind.smooth, "around": lambda *_: None})()).around(
            ToyGridDetector()
        )


class Proven(Defended):
    made: Any = None

    def certified(self, images: Tensor, scene: Any) -> Any:
        return self.made

    def to(self, device: torch.device | str) -> Proven:
        return self


class Prover:
    name, kind = "prover", DefenseKind.certified

    def __init__(self, made: Any) -> None:
        self.made = made

    def around(self, victim: Victim) -> Victim:
        proven = Proven(victim, self, {})
        proven.made = self.made
        return proven


def test_a_proof_reaches_through_the_guard_if_it_is_one_word_an_object() -> None:
    scene, images = one_scene(2), sample_images()
    for made, told in (
        (torch.tensor([True, False]), None),
        (None, None),
        (torch.tensor([True]), r"must be \(2,\) bool, one an object, got \(1,\)"),
        (torch.ones(2), "got .*float32"),
        (True, "must be a tensor, got bool"),
    ):
        behind = defended_in(guarded(Prover(made)).around(ToyGridDetector()))
        assert behind is not None
        if told is None:
            assert behind.certified(images, scene) is made
        else:
            with pytest.raises(BrokenPart, match=told):
                behind.certified(images, scene)
