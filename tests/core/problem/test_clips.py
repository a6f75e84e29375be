"""An attack on a defence that remembers frames is one on films, and its loop does not know it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.clip import FilmClip
from physadv.core.errors import BadShape
from physadv.core.problem.clips import ClipRenderer, ClipScenes, FrameByFrame, clip_budget, on_clips, standing_still
from physadv.core.problem.objective import Member, Objective
from physadv.core.problem.patch_problem import Budget
from physadv.library.runs.checkpoints import NoCheckpoints
from physadv.parts.attacks.patch.eot import Eot, adam
from physadv.parts.attacks.patch.options import EotAdamConfig
from physadv.parts.defenses.temporal.hold import Hold
from physadv.parts.defenses.temporal.options import HoldConfig, VoteConfig
from physadv.parts.defenses.temporal.vote import Vote
from physadv.testing import ToyGoal, ToyGridDetector, ToyPatch, ToyRenderer, ToyScenes, toy_problem
from physadv.testing.toys import ToyDetector
from tests.parts.defenses.temporal.filming import cells_of, frame, shown

VOTE = Vote(VoteConfig(2, 3))
CLIP = FilmClip(frames=4, drift=1.0)


def test_a_batch_holds_whole_films_frame_by_frame() -> None:
    scene = next(ClipScenes(ToyScenes(), 4).batches(6, torch.Generator()))
    assert len(scene.keys) == 8
    assert scene.keys[:2] == scene.keys[2:4] == scene.keys[6:]
    assert torch.equal(scene.srgb[1], scene.srgb[7])


def test_conditions_move_on_within_a_film_and_differ_between_films() -> None:
    scene = next(ClipScenes(ToyScenes(), 4).batches(8, torch.Generator()))
    renderer = ClipRenderer(ToyRenderer(), CLIP)
    draws = renderer.sample(scene, torch.Generator().manual_seed(1))
    gains = torch.cat([one.stages["light"]["gain"] for one in draws.pictures]).view(4, 2)
    assert torch.allclose(gains.diff(dim=0), (gains[3] - gains[0]).expand(3, 2) / 3)
    assert gains[0, 0] != gains[0, 1]
    patch = ToyPatch()()
    images = renderer.render(scene, patch, draws)
    assert torch.allclose(images[:, 0, 16, 16], 0.5 * gains.flatten())
    assert torch.autograd.grad(images.sum(), patch.srgb)[0].abs().min() > 0


def test_a_film_asked_at_once_is_answered_as_frame_by_frame() -> None:
    film = [frame(5), frame(), frame(5, 10), frame(10), frame(5)]
    other = [frame(3), frame(3), frame(), frame(), frame(3)]
    asked = FrameByFrame(VOTE.around(ToyGridDetector()), 5)
    for _ in range(2):  # whatever was shown before is forgotten
        told = asked.decide(
            asked.outputs(torch.stack([each for pair in zip(film, other, strict=True) for each in pair]))
        )
        for place, one in enumerate((film, other)):
            due = shown(VOTE, [one[0], one[0], *one])[2:]  # it stands still until the memory is full
            assert [cells_of(found) for found in told[place::2]] == due


def test_every_frame_has_its_gradient() -> None:
    film = torch.stack([frame(5, red=0.6), frame(5, red=0.4), frame(5, red=0.6)]).requires_grad_()
    outputs = FrameByFrame(VOTE.around(ToyGridDetector()), 3).outputs(film)
    (slope,) = torch.autograd.grad(outputs.scores.sum(), film)
    assert (slope[:, 0, 8:16, 8:16] > 0).all()


def test_half_a_film_is_refused() -> None:
    with pytest.raises(BadShape, match="films of 2 frames are due, and 3 pictures"):
        FrameByFrame(VOTE.around(ToyGridDetector()), 2).outputs(torch.zeros(3, 3, 32, 32))


def test_a_picture_that_stands_still_is_answered_as_without_a_memory() -> None:
    behind = VOTE.around(ToyGridDetector())
    for still in (standing_still(behind), standing_still(FrameByFrame(behind, 4))):
        assert cells_of(still.decide(still.outputs(frame(5)[None]))[0]) == {5}
    assert standing_still(bare := ToyGridDetector()) is bare


def test_a_memory_says_how_many_frames_fill_it() -> None:
    both = Hold(HoldConfig(seen=3)).around(VOTE.around(ToyGridDetector()))
    assert FrameByFrame(both, 1).name == both.name
    assert both.lead_in == 5  # type: ignore[attr-defined]


def test_a_problem_without_memories_stays_as_it_is() -> None:
    assert on_clips(problem := toy_problem(), CLIP) is problem


def test_no_fewer_pictures_are_shown_a_step() -> None:
    assert clip_budget(Budget(9, batch=4, draws=3, held_out=8), CLIP) == Budget(9, 12, 1, 16)
    assert clip_budget(Budget(9, batch=1, draws=1, held_out=1), CLIP) == Budget(9, 8, 1, 16)


def test_an_attack_on_a_vote_finds_the_patch_that_hides() -> None:
    objective = Objective((Member(VOTE.around(ToyDetector()), ToyGoal()),))
    problem = on_clips(replace(toy_problem(steps=8), objective=objective), CLIP)
    assert problem.objective.queries is objective.queries
    patch = Eot(adam, EotAdamConfig(lr=0.15)).run(problem, (), NoCheckpoints())
    assert patch.srgb[0].max() < 0.3
    assert patch.srgb[1].mean() == pytest.approx(0.5)
