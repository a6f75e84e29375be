"""Every victim stands behind every defence, as listed; what cannot be is refused by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn

from physadv.app.assembly import parts
from physadv.app.assembly.defenses import defenses_of, undefended, victims_of
from physadv.app.registry import Registry
from physadv.core.access import Task
from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.protocols import Victim
from physadv.parts.defenses.options import JpegConfig, NoDefenseConfig
from physadv.parts.defenses.purification.jpeg import Jpeg
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.whole_picture import WholePicture
from tests.toys import ToyDetector

CPU = torch.device("cpu")


@pytest.fixture
def registry() -> Registry:
    return Registry(discover=False)


@dataclass
class Asked:
    victim: Any = field(default_factory=SignNanoConfig)
    victims: list[Any] = field(default_factory=list)
    defense: Any = field(default_factory=NoDefenseConfig)
    defenses: list[Any] = field(default_factory=list)
    seed: int = 0


def names(registry: Registry, asked: Asked, defense: str = "none") -> list[str]:
    return [one.name for one in victims_of(registry, asked, {"victim": "sign-nano", "defense": defense}, CPU)]


def test_without_a_list_the_chosen_defence_stands_before_the_chosen_victim(registry: Registry) -> None:
    assert names(registry, Asked()) == ["sign-nano"]
    assert names(registry, Asked(defense=JpegConfig(30)), "jpeg") == ["sign-nano behind jpeg-30"]


def test_a_list_holds_names_options_and_chains(registry: Registry) -> None:
    listed = ["none", "jpeg", {"part": "jpeg", "quality": 20}, "jpeg+jpeg", ["jpeg", {"part": "jpeg", "quality": 20}]]
    assert [defense.name for defense in defenses_of(registry, listed, "none", NoDefenseConfig(), 0)] == [
        "none", "jpeg-50", "jpeg-20", "jpeg-50+jpeg-50", "jpeg-50+jpeg-20",
    ]  # fmt: skip
    assert names(registry, Asked(defenses=["none", "jpeg"])) == ["sign-nano", "sign-nano behind jpeg-50"]


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (["jpeg", "jpeg"], "names 'jpeg' twice"),
        (["jpeg+mist"], "no defenses named 'mist'"),
        ([{"part": "jpeg", "qualty": 3}], "has no option 'qualty'. Did you mean 'quality'"),
        ([{"quality": 3}], r"got \{'quality': 3\}"),
        ([[]], "a chain of defenses needs at least one"),
        ([7], "got 7"),
        (["jpeg+"], "no defenses named ''"),
    ],
)
def test_a_list_of_what_is_none_is_refused(registry: Registry, listed: list[Any], said: str) -> None:
    with pytest.raises(BadOption, match=said):
        defenses_of(registry, listed, "none", NoDefenseConfig(), 0)


class Memory:
    name, kind = "memory", DefenseKind.temporal

    def around(self, victim: Victim) -> Victim:
        return victim


def test_a_memory_of_frames_needs_a_film(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = {"victim": ToyDetector(), "defense": Memory()}
    monkeypatch.setattr(parts, "part", lambda _, group, *__: offered[group])
    chosen = {"victim": "toy", "defense": "memory"}
    assert len(victims_of(registry, Asked(), chosen, CPU, film=True)) == 1
    with pytest.raises(IncompatibleParts, match=r"'memory' remembers frames, .* physadv evaluate"):
        victims_of(registry, Asked(), chosen, CPU)


def test_a_classifier_is_defended_as_it_is_and_then_seen_as_a_detector(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    bare = Classifier(network, ("red", "green", "blue"), name="toy", size_px=4)
    offered = {"victim": bare, "defense": Jpeg(JpegConfig())}
    monkeypatch.setattr(parts, "part", lambda _, group, *__: offered[group])
    (made,) = victims_of(registry, Asked(), {"victim": "toy", "defense": "jpeg"}, CPU)
    assert made.name == "toy behind jpeg-50"
    behind = defended_in(made)
    assert behind is not None
    assert behind.bare.task is Task.classification
    assert isinstance(made, WholePicture)
    assert undefended(made).name == "toy"
    assert isinstance(undefended(made), WholePicture)
