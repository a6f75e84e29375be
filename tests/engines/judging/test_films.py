"""Defences that remember frames are judged on films: every arm has its own, and all victims see the same frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.clip import FilmClip
from physadv.core.errors import IncompatibleParts
from physadv.core.types import Draws, PatchImage, SceneBatch
from physadv.engines.judging.defenses.cells import judged_cell
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.trial import groups
from physadv.library.files.plain_json import plain
from physadv.library.report.arms import score_named
from physadv.parts.defenses.temporal.options import VoteConfig
from physadv.parts.defenses.temporal.vote import Vote
from tests.engines.judging.toy_trial import SeeThrough, quiet, trial
from tests.toys import ToyDetector


class Flickering(SeeThrough):
    """By chance a frame shows the red board under the patch: no quantity, so it is drawn anew for every frame."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        return Draws({"light": {"gain": torch.ones(1)}, "gone": {"is": torch.randint(2, (1,), generator=generator)}})

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        return super().render(scene, replace(patch, alpha=patch.alpha * (1 - draws.stages["gone"]["is"])), draws)


VOTE = Vote(VoteConfig(1, 2)).around(ToyDetector())
FILMED = trial(victims=[ToyDetector(), VOTE], clip=FilmClip(frames=4, drift=0.5, lead_in=1))


def value(arm: dict[str, Any], name: str) -> Any:
    found = score_named([*arm["scores"], *arm["films"]], name)
    assert found
    return found["value"]


def test_every_picture_is_a_film_and_a_wrong_memory_is_never_asked(tmp_path: Path) -> None:
    scores = plain(evaluate(FILMED, tmp_path, quiet))
    assert "a film of 4 frames after 1" in scores["protocol"]["film"]
    for victim in scores["victims"]:
        told = {arm["condition"]: arm for arm in victim["conditions"]}
        assert (value(told["clean"], "recall"), value(told["clean"], "blind run")) == (1, 0)
        assert (value(told["patch"], "success"), value(told["patch"], "blind run")) == (1, 4)
        assert score_named(told["patch"]["scores"], "success")["n"] == 6  # type: ignore[index]


def test_a_vote_bridges_what_flickers(tmp_path: Path) -> None:
    flickers = replace(FILMED, batch=1, renderer=Flickering())
    bare, voted = (judged_cell(replace(flickers, victims=[one]), "toy", tmp_path / one.name, quiet)
                   for one in FILMED.victims)  # fmt: skip
    patched = [next(arm for arm in cell["conditions"] if arm["condition"] == "patch") for cell in (bare, voted)]
    (often, long), (seldom, short) = ([value(arm, name) for name in ("success", "blind run")] for arm in patched)
    assert 0.3 < often < 0.7
    assert 0 < seldom < often
    assert short < long


def test_frames_are_the_same_whatever_batch_they_are_in() -> None:
    views = [list(groups(replace(FILMED, batch=size))[0].showing.views()) for size in (4, 2)]
    first, second = (
        {
            int(n): one.stages["light"]["gain"].item()
            for view in each
            for n, one in zip(view.numbers, view.draws, strict=True)
        }
        for each in views
    )
    assert first == second
    assert [len(view.before) for view in views[0][:4]] == [1, 0, 0, 0]


def test_a_memory_is_not_judged_on_pictures() -> None:
    with pytest.raises(IncompatibleParts, match="'toy behind vote-1-of-2' remembers frames, and here pictures"):
        groups(trial(victims=[VOTE]))
