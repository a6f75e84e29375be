"""Several victims make one loss, with the gradient of the plain sum, and one victim in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.ensemble import Ensemble
from physadv.core.problem.objective import Member, Objective
from physadv.core.types import SceneBatch
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import ToyDetector, one_scene

VICTIMS = (ToyDetector(), ToyDetector(name="steep", steepness=30), ToyDetector(name="flat", steepness=3))
WEIGHTS = (1.0, 2.5, 0.5)
SCENE = one_scene(images=4)


def members(*victims: ToyDetector, weights: tuple[float, ...] = ()) -> tuple[Member, ...]:
    pairs = zip(victims, weights or [1.0] * len(victims), strict=True)
    return tuple(Member(v, Hide(HideConfig()).bound(v.labels), w) for v, w in pairs)


def summed_graph(ensemble: Ensemble, images: Tensor) -> Tensor:
    """The loss with all victims in one graph, as the textbook has it."""
    losses = torch.stack([m.goal.loss(m.victim.outputs(images), SCENE) for m in members(*VICTIMS)])
    weighted = losses * torch.tensor(WEIGHTS)[:, None]
    return weighted.amax(0) if ensemble is Ensemble.worst else weighted.sum(0) / sum(WEIGHTS)


@pytest.mark.parametrize("ensemble", [Ensemble.weighted, Ensemble.worst])
def test_loss_and_gradient_equal_those_of_one_graph_over_all_victims(ensemble: Ensemble) -> None:
    texels = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    images = SCENE.srgb * 0.3 + texels * 0.7  # stands for the renderer
    loss = Objective(members(*VICTIMS, weights=WEIGHTS), ensemble).measure(images, SCENE).loss
    plain = summed_graph(ensemble, images)
    ours, theirs = (torch.autograd.grad(v.mean(), texels, retain_graph=True)[0] for v in (loss, plain))
    torch.testing.assert_close(loss, plain, rtol=1e-6, atol=1e-6)
    assert theirs.abs().max() > 1e-4
    assert (ours - theirs).abs().max() <= 1e-6 * theirs.abs().max()


def test_balanced_gradients_are_as_long_for_each_victim_and_on_average() -> None:
    images = [SCENE.srgb.clone().requires_grad_() for _ in range(4)]
    alone = [
        torch.autograd.grad(Objective((member,)).measure(mine, SCENE).loss.sum(), mine)[0]
        for member, mine in zip(members(*VICTIMS), images[:3], strict=True)
    ]
    loss = Objective(members(*VICTIMS), Ensemble.balanced).measure(images[3], SCENE).loss
    together = torch.autograd.grad(loss.sum(), images[3])[0]
    lengths = torch.stack([gradient.norm() for gradient in alone])
    assert lengths.max() > 2 * lengths.min()
    units = torch.stack([gradient / length for gradient, length in zip(alone, lengths, strict=True)])
    torch.testing.assert_close(together, units.mean(0) * lengths.mean())
    torch.testing.assert_close(loss, Objective(members(*VICTIMS)).measure(SCENE.srgb, SCENE).loss)


def test_the_worst_victim_is_chosen_image_by_image() -> None:
    rows = SCENE.srgb.clone()
    rows[0, 0], rows[1, 0] = 0.9, 0.1  # red is above, then below the point where the detectors agree
    verdict = Objective(members(*VICTIMS), Ensemble.worst).measure(rows, SCENE)
    largest = torch.stack(list(verdict.losses.values())).argmax(0)
    assert largest[0] != largest[1]
    assert torch.equal(verdict.loss, torch.stack(list(verdict.losses.values())).amax(0))


def test_victims_take_turns_and_all_are_asked_without_a_step() -> None:
    objective = Objective(members(*VICTIMS), Ensemble.rotate)
    turns = [list(objective.measure(SCENE.srgb, SCENE, step=step).losses) for step in range(4)]
    assert turns == [["toy"], ["steep"], ["flat"], ["toy"]]
    assert list(objective.measure(SCENE.srgb, SCENE).losses) == ["toy", "steep", "flat"]


def test_the_mean_over_the_turns_is_the_weighted_mean() -> None:
    turning = Objective(members(*VICTIMS, weights=WEIGHTS), Ensemble.rotate)
    weighted = Objective(members(*VICTIMS, weights=WEIGHTS), Ensemble.weighted)
    turns = torch.stack([turning.measure(SCENE.srgb, SCENE, step=step).loss for step in range(3)])
    torch.testing.assert_close(turns.mean(0), weighted.measure(SCENE.srgb, SCENE).loss)


def test_one_victim_is_in_memory_at_a_time() -> None:
    alive: list[int] = []

    class Kept(torch.autograd.Function):
        """Counts the graphs that wait for their backward."""

        @staticmethod
        def forward(ctx: object, images: Tensor) -> Tensor:
            alive.append(1)
            return images.clone()

        @staticmethod
        def backward(ctx: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
            alive.pop()
            return gradient

    @dataclass(frozen=True)
    class Watched(ToyDetector):
        def outputs(self, images: Tensor):  # type: ignore[no-untyped-def]
            assert not alive, "another victim's graph is still there"
            return ToyDetector.outputs(self, Kept.apply(images))

    images = SCENE.srgb.clone().requires_grad_()
    victims = (Watched(), Watched(name="two"), Watched(name="three"))
    Objective(members(*victims)).measure(images, SCENE).loss.sum().backward()
    assert images.grad is not None


def test_victims_of_one_name_are_told_apart() -> None:
    assert [m.name for m in Objective(members(*VICTIMS, ToyDetector())).members] == [
        "toy #1",
        "steep",
        "flat",
        "toy #2",
    ]


def test_victims_with_other_labels_in_another_order_share_a_goal() -> None:
    @dataclass(frozen=True)
    class Turned(ToyDetector):
        """The same detector whose classes are listed the other way round."""

        def outputs(self, images: Tensor):  # type: ignore[no-untyped-def]
            found = ToyDetector.outputs(self, images)
            return type(found)(found.boxes_xyxy_px, found.scores.flip(2))

    both = Objective(members(ToyDetector(), Turned(name="turned", labels=("ghost", "board"))))
    losses = both.measure(SCENE.srgb, SCENE).losses
    torch.testing.assert_close(losses["toy"], losses["turned"])


def test_a_victim_that_lacks_a_label_is_named() -> None:
    stranger = ToyDetector(name="stranger", labels=("kettle", "spoon"))
    with pytest.raises(IncompatibleParts, match=r"'stranger' does not fit.*'board'"):
        Objective(members(ToyDetector(), stranger)).check(SCENE)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_is_not_positive_is_refused(weight: float) -> None:
    with pytest.raises(BadOption, match="weight of victim 'toy' must be positive"):
        Objective(members(ToyDetector(), weights=(weight,)))


class Paleness:
    """Stands for a defence that notices blue."""

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return images[:, 2].mean((1, 2))


def test_the_evasion_of_a_defence_is_added_to_the_goal_with_its_gradient() -> None:
    (bare,) = members(ToyDetector())
    images, evasion = SCENE.srgb.clone().requires_grad_(), Paleness()
    losses, slopes = [], []
    for member in (bare, replace(bare, evasion=evasion, evasion_weight=0.5)):
        loss = Objective((member,)).measure(images, SCENE).loss
        losses.append(loss)
        slopes.append(torch.autograd.grad(loss.sum(), images)[0])
    torch.testing.assert_close(losses[1] - losses[0], 0.5 * evasion.loss(images, SCENE))
    (due,) = torch.autograd.grad(0.5 * evasion.loss(images, SCENE).sum(), images)
    torch.testing.assert_close(slopes[1] - slopes[0], due)


def test_an_evasion_of_no_weight_is_not_asked() -> None:
    class Never(Paleness):
        def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
            raise AssertionError

    (bare,) = members(ToyDetector())
    verdict = Objective((replace(bare, evasion=Never(), evasion_weight=0.0),)).measure(SCENE.srgb, SCENE)
    assert torch.equal(verdict.loss, Objective((bare,)).measure(SCENE.srgb, SCENE).loss)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_of_an_evasion_that_cannot_be_is_refused(weight: float) -> None:
    with pytest.raises(BadOption, match="evading the defense of 'toy' must be a number from 0"):
        Objective((replace(members(ToyDetector())[0], evasion=Paleness(), evasion_weight=weight),))
