"""A box that vanishes while its neighbours stay is held for some frames."""

from __future__ import annotations

import pytest
import torch

from physadv.core.defended import Defended
from physadv.core.errors import BadOption
from physadv.parts.defenses.temporal.hold import Hold, HoldMemory
from physadv.parts.defenses.temporal.options import HoldConfig
from physadv.testing import ToyGridDetector
from tests.parts.defenses.temporal.filming import SIDE, ScriptedDetector, frame, shown


def test_what_vanishes_alone_is_held_and_then_let_go() -> None:
    film = [frame(5, 10)] * 3 + [frame(10)] * 4
    assert shown(Hold(HoldConfig(frames=2, seen=3)), film) == [{5, 10}] * 5 + [{10}] * 2


def test_what_vanishes_together_is_gone() -> None:
    assert shown(Hold(HoldConfig(2, 3)), [frame(5, 10)] * 3 + [frame()] * 2)[3:] == [set(), set()]


def test_half_of_the_neighbours_are_enough() -> None:
    film = [frame(0, 5, 10)] * 3
    assert shown(Hold(HoldConfig(2, 3)), [*film, frame(10)])[3] == {0, 5, 10}
    assert shown(Hold(HoldConfig(2, 3)), [*film, frame()])[3] == set()


def test_without_neighbours_it_is_held_only_when_asked() -> None:
    film = [frame(5)] * 3 + [frame()]
    assert shown(Hold(HoldConfig(2, 3)), film)[3] == set()
    assert shown(Hold(HoldConfig(2, 3, alone=True)), film)[3] == {5}


def test_what_was_there_too_short_is_not_held() -> None:
    assert shown(Hold(HoldConfig(2, 3)), [frame(10)] + [frame(5, 10)] * 2 + [frame(10)])[3] == {10}


def test_a_held_box_moves_on_at_its_speed() -> None:
    film = HoldMemory(5, 2, alone=True)
    for t in range(4):
        film.next(torch.tensor([[4.0 * t, 0, 4.0 * t + 8, 8]]).double().numpy(), [0], [0.9])
    ((track, score),) = film.next(torch.zeros(0, 4).numpy(), [], []).added
    assert track.box_xyxy_px[0] == pytest.approx(16.0, abs=1.0)
    assert score == 0.9


def test_a_held_box_is_cut_at_the_edge_and_let_go_once_its_middle_is_out() -> None:
    detector = ScriptedDetector(script=[[(x, 8.0, x + 8, 16.0)] for x in (8.0, 12.0, 16.0, 20.0)] + [[]] * 3)
    victim = Hold(HoldConfig(5, 2, alone=True)).around(detector)
    film = [victim.decide(victim.outputs(frame()[None]))[0].boxes_xyxy_px.tolist() for _ in range(7)]
    assert film[4] == [[24.0, 8.0, 32.0, 16.0]]
    assert 26 < film[5][0][0] < 28
    assert film[5][0][2] == SIDE
    assert film[6] == []


def test_reset_lets_everything_go() -> None:
    victim = Hold(HoldConfig(2, 1, alone=True)).around(ToyGridDetector())
    assert isinstance(victim, Defended)
    victim.outputs(frame(5)[None])
    victim.reset()
    assert not len(victim.decide(victim.outputs(frame()[None]))[0].scores)


@pytest.mark.parametrize(("frames", "seen"), [(0, 3), (5, 0)])
def test_holding_for_no_time_is_refused(frames: int, seen: int) -> None:
    with pytest.raises(BadOption, match=r"of hold must be at least 1, got 0"):
        Hold(HoldConfig(frames, seen))
