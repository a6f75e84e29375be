"""Losses point where success lies, and success is judged on what the detector reports."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import IncompatibleParts
from physadv.core.types import Candidates, Detections
from physadv.parts.goals.detection import Alter, Conjure, Hide
from physadv.parts.goals.options import AlterConfig, ConjureConfig, HideConfig
from tests.toys import BOX, LABELS, ToyDetector, one_scene

GOALS = {
    "hide": (Hide(HideConfig()), "board"),
    "alter": (Alter(AlterConfig(to="ghost")), "board"),
    "alter-any": (Alter(AlterConfig()), "board"),
    "conjure": (Conjure(ConjureConfig(to="ghost")), "ghost"),
}


def seen(board: float, ghost: float) -> Candidates:
    scores = torch.tensor([[[board, ghost]]], requires_grad=True)
    return Candidates(torch.tensor([[BOX]]), scores)


@pytest.mark.parametrize("name", list(GOALS))
def test_the_loss_falls_towards_success_and_has_gradient(name: str) -> None:
    goal = GOALS[name][0].bound(LABELS)
    bad, good = seen(0.9, 0.05), seen(0.05, 0.9)
    worse, better = goal.loss(bad, one_scene()), goal.loss(good, one_scene())
    assert better < worse
    worse.sum().backward()
    assert bad.scores.grad is not None
    assert bad.scores.grad.abs().sum() > 0


@pytest.mark.parametrize("name", list(GOALS))
def test_success_is_judged_on_decisions(name: str) -> None:
    goal, victim = GOALS[name][0].bound(LABELS), ToyDetector()
    assert not goal.achieved(victim.decide(seen(0.9, 0.05)), one_scene()).any()
    assert goal.achieved(victim.decide(seen(0.05, 0.9)), one_scene()).all()


def test_a_detection_elsewhere_does_not_find_the_object() -> None:
    far = Detections(torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([0.9]), torch.tensor([0]))
    assert Hide(HideConfig()).bound(LABELS).achieved((far,), one_scene()).all()


def test_what_is_seen_in_one_image_says_nothing_about_another() -> None:
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    board = Detections(torch.tensor([BOX]), torch.tensor([0.9]), torch.tensor([0]))
    goal = Hide(HideConfig()).bound(LABELS)
    assert goal.achieved((nothing, board), one_scene(2)).tolist() == [True, False]


def test_the_surest_report_decides_what_an_object_is_taken_for() -> None:
    both = Detections(torch.tensor([BOX, BOX]), torch.tensor([0.6, 0.9]), torch.tensor([0, 1]))
    goal = Alter(AlterConfig(to="ghost")).bound(LABELS)
    assert goal.achieved((both,), one_scene()).tolist() == [True]


def test_nothing_reported_hides_but_does_not_alter() -> None:
    nothing = (Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64)),)
    assert Hide(HideConfig()).bound(LABELS).achieved(nothing, one_scene()).all()
    assert not Alter(AlterConfig()).bound(LABELS).achieved(nothing, one_scene()).any()


def test_an_image_without_wearers_has_no_loss() -> None:
    from dataclasses import replace

    scene = replace(one_scene(2), wears=torch.tensor([True, False]))
    outputs = Candidates(torch.tensor([[BOX], [BOX]]), torch.full((2, 1, 2), 0.9))
    for goal, _ in GOALS.values():
        assert goal.bound(LABELS).loss(outputs, scene)[1] == 0


def test_a_label_the_victim_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(IncompatibleParts, match="does not know the label 'zebra'"):
        Conjure(ConjureConfig(to="zebra")).bound(LABELS)
    with pytest.raises(IncompatibleParts, match="does not know the label 'board'"):
        Hide(HideConfig()).bound(("cat",)).achieved(ToyDetector().decide(seen(0.9, 0.1)), one_scene())
