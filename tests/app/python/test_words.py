from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.python.surroundings import visiting
from physadv.app.python.words import words_of
from physadv.app.registry import Registry
from physadv.core.errors import BadOption

TEXTS = ["3", "1_10", "1.10", "true", "null", "", " ", "a, b", "[a, b]", "{a: b}", "it's", "'quoted'", '"both"', "a=b",
         "${oc.env:HOME}", "#1", "C:\\photos\\new", "Größe", "-m", "nan"]  # fmt: skip


def composed(options: dict[str, Any]) -> Any:
    with visiting(messages=False):
        composer = Composer(COMMANDS["generate"], Registry())
        return composer.composed(composer.prepared(words_of(options)))


@pytest.mark.slow
def test_texts_are_texts_whatever_they_look_like() -> None:
    made = composed({"victims": [{"part": "onnx", "path": text} for text in TEXTS]})
    assert [victim.path for victim in made.victims] == TEXTS


@pytest.mark.slow
@pytest.mark.parametrize("at", range(0, len(TEXTS), 5))
def test_a_text_alone_is_one_as_well(at: int) -> None:
    names = ("name", "out", "device", "judge.root", "judge.cache")
    options = dict(zip(names, TEXTS[at : at + 5], strict=False))
    made = composed(options)
    assert {name: OmegaConf.select(made, name) for name in options} == options


@pytest.mark.slow
def test_values_arrive_as_they_are() -> None:
    made = composed({
        "seed": np.int64(7), "budget": {"steps": 3, "batch": 2}, "scenes.distance_m": (4, np.float32(12.5)),
        "scenes": {"blur_px": [0.25, 1e-5]}, "dry_run": True, "out": Path("runs") / "a b", "size": "smoke",
        "patch.seed": None, "attack": {"lr": 1e-7},
    })  # fmt: skip
    assert (made.seed, made.budget.steps, made.budget.batch) == (7, 3, 2)
    assert list(made.scenes.distance_m) == [4, 12.5]
    assert list(made.scenes.blur_px) == [0.25, 1e-5]
    assert made.dry_run is True
    assert made.out == str(Path("runs") / "a b")
    assert made.patch.seed is None
    assert made.attack.lr == 1e-7
    assert made.judge.images == 8  # of size=smoke


def test_an_enumeration_is_its_name() -> None:
    class Way(Enum):
        rotate = 1

    assert words_of({"ensemble": Way.rotate}) == ["ensemble=rotate"]


def test_what_no_option_can_be_is_refused_by_name() -> None:
    with pytest.raises(BadOption, match="option 'seed' cannot be of type object"):
        words_of({"seed": object()})
