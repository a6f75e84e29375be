"""An object is reported once k of the last n frames report it, and as long as they do."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.parts.defenses.temporal.options import VoteConfig
from physadv.parts.defenses.temporal.vote import Vote, VoteMemory
from physadv.parts.victims.classifier import Classifier
from physadv.testing import ToyGridDetector
from tests.parts.defenses.temporal.filming import frame, shown


def test_two_of_three_bridges_one_frame_and_forgets_after_two() -> None:
    film = [frame(5), frame(5), frame(), frame(5), frame(), frame()]
    assert shown(Vote(VoteConfig(2, 3)), film) == [set(), {5}, {5}, {5}, set(), set()]


def test_what_flashes_up_once_is_never_reported() -> None:
    film = [frame(5), frame(5, 10), frame(5), frame(5, 3), frame(5)]
    assert set().union(*shown(Vote(VoteConfig(2, 3)), film)) == {5}


def test_one_of_one_frame_more_only_bridges() -> None:
    assert shown(Vote(VoteConfig(1, 2)), [frame(5), frame(), frame()]) == [{5}, {5}, set()]


def test_the_score_is_the_k_th_best_of_the_last_n() -> None:
    film, place = VoteMemory(2, 3), torch.tensor([[0.0, 0, 10, 10]]).double().numpy()
    limits = [film.next(place, [0], [score]).limits for score in (0.8, 0.9, 0.7)]
    assert limits == [(0.0,), (0.8,), (0.8,)]
    recalled = film.next(place[:0], [], [])
    assert [(track.label, score) for track, score in recalled.added] == [(0, 0.7)]


def test_it_votes_as_counting_reports_does() -> None:
    generator = torch.Generator().manual_seed(2)
    there = (torch.rand(60, generator=generator) < 0.6).tolist()
    got = shown(Vote(VoteConfig(3, 5)), [frame(5) if yes else frame() for yes in there])
    assert [bool(cells) for cells in got] == [sum(there[max(0, t - 4) : t + 1]) >= 3 for t in range(60)]


def test_every_picture_of_a_batch_is_a_film_of_its_own() -> None:
    victim = Vote(VoteConfig(2, 3)).around(ToyGridDetector())
    told = []
    for batch in ([frame(5), frame()], [frame(), frame(5)], [frame(5), frame()]):
        told.append([len(found.scores) for found in victim.decide(victim.outputs(torch.stack(batch)))])
    assert told == [[0, 0], [0, 0], [1, 0]]


def test_what_is_voted_down_is_not_reported_as_the_next_best_label() -> None:
    both = frame(5)
    both[2] = both[0] * 0.9  # a ghost almost as much
    assert shown(Vote(VoteConfig(2, 3)), [both, both]) == [set(), {5}]


def test_the_gradient_is_the_present_frame_s_also_of_what_is_only_remembered() -> None:
    victim = Vote(VoteConfig(2, 3)).around(ToyGridDetector())
    victim.outputs(frame(5)[None])
    victim.outputs(frame(5)[None])
    image = frame(5, red=0.4)[None].requires_grad_()  # now it is missed
    outputs = victim.outputs(image)
    assert outputs.scores.shape[1] == 17
    assert outputs.scores[0, 16, 0] > 0.9
    (slope,) = torch.autograd.grad(outputs.scores[0, 16, 0], image)
    assert (slope[0, 0, 8:16, 8:16] > 0).all()


@pytest.mark.parametrize(("needed", "frames"), [(0, 3), (4, 3), (1, 1)])
def test_a_vote_that_is_none_is_refused(needed: int, frames: int) -> None:
    with pytest.raises(BadOption, match=r"defense\.(needed|frames) of vote"):
        Vote(VoteConfig(needed, frames))


def test_a_classifier_has_nothing_to_follow() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2))
    with pytest.raises(IncompatibleParts, match=r"vote-2-of-3.*needs a detector"):
        Vote(VoteConfig()).around(Classifier(network, ("a", "b"), name="two", size_px=2))
