"""Square Attack on a patch: random search by squares of one colour, on scores alone.

Andriushchenko et al. 2020 (arXiv:1912.00049); for patches Croce et al. 2022 (Sparse-RS, arXiv:2006.12834).

    stripes of random corner colours → a square of one corner colour at a random place → loss lower? keep : put back
    the square's area: p · (area of the patch), p halved at 10, 50, 200, 1000, 2000, 4000, 6000 and 8000 of 10,000 steps

Ours prints: a step compares two patches on the same pictures under the same drawn conditions, which are renewed every
``fresh_every`` steps, so that the patch does not fit a few of them alone; stripes are an eighth of the patch wide,
since finer ones are lost on the way to the camera.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import IncompatibleParts
from physadv.core.problem.objective import Verdict
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.protocols import Checkpoints, Observer
from physadv.core.seeding import generator
from physadv.core.types import Draws, PatchImage, SceneBatch, Step
from physadv.library.runs.iteration import Schedule, iterate
from physadv.parts.attacks.patch.options import SquareConfig

_HALVED_AT = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)  # of 10,000 steps: the paper's schedule
_STRIPES = 8


@dataclass(frozen=True)
class Square:
    """The search; how large its squares are is given."""

    config: SquareConfig

    @property
    def needs_gradient(self) -> bool:
        """Scores are enough."""
        return False

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """Search from ``problem.patch`` on and return the iterate that did best on the held-out draws.

        Raises :class:`IncompatibleParts` where the conditions are to be made harder while optimising: a search
        compares patches under the same ones.
        """
        if problem.hardening:
            raise IncompatibleParts(
                "attack=square compares patches under the same conditions, so nothing of transfer.cutout, "
                "transfer.erase and transfer.curriculum fits it. Leave these out"
            )
        looks = Schedule(self.config.check_every)
        return iterate(problem, _Search(self.config), looks, observers, checkpoints)

    def steps_within(self, queries: int, budget: Budget) -> int:
        """The most steps of this budget's batches that ask about no more than so many pictures; 0: not even one."""
        a_step = budget.batch * budget.draws
        steps = queries // a_step
        while steps and self._queries(steps, a_step, budget.held_out) > queries:
            steps -= 1
        return steps

    def _queries(self, steps: int, a_step: int, held_out: int) -> int:
        """Of every step, at the beginning of every round, and of the looks at the held-out draws."""
        rounds, looks = (math.ceil(steps / every) for every in (self.config.fresh_every, self.config.check_every))
        return (steps + rounds) * a_step + looks * held_out


@dataclass
class _Search:
    """Proposes one change a step."""

    config: SquareConfig
    loss: float = math.inf  # of the patch as it stands, on the pictures of this round
    round: int = -1  # of the pictures
    _pictures: tuple[SceneBatch, list[Draws]] | None = field(default=None, repr=False)

    @torch.no_grad()
    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        begun = time.perf_counter()
        scene, draws = self._shown(problem, index // self.config.fresh_every)
        before = {name: value.clone() for name, value in problem.patch.state_dict().items()}
        if index:
            area = self.config.area * halved(index / problem.budget.steps)
            _paint_square_(problem.patch.parameters(), area, random)
        else:
            _paint_stripes_(problem.patch.parameters(), random)
        problem.patch.project_()
        loss, verdicts = _measured(problem, scene, draws)
        if loss < self.loss:
            self.loss = loss
        else:
            problem.patch.load_state_dict(before)
        success = torch.stack([_success(verdict, scene) for verdict in verdicts]).mean().item()
        seconds = time.perf_counter() - begun
        return Step(index, problem.budget.steps, self.loss, success, seconds, {"goal": self.loss})

    def exhausted(self) -> bool:
        return False

    def stalled(self) -> None:
        """Squares shrink by their own schedule."""

    def state_dict(self) -> dict[str, Any]:
        return {"loss": self.loss, "round": self.round}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.loss, self.round = float(state["loss"]), int(state["round"])

    def _shown(self, problem: PatchProblem, round: int) -> tuple[SceneBatch, list[Draws]]:
        """Pictures and draws of the round; at its beginning the patch is measured on them."""
        if self._pictures is None or round != self.round:
            random = generator(problem.seed, f"square {round}")
            scene = next(problem.scenes.batches(problem.budget.batch, random)).to(problem.engine.device)
            self._pictures = scene, [problem.renderer.sample(scene, random) for _ in range(problem.budget.draws)]
        if round != self.round:
            self.round, (self.loss, _) = round, _measured(problem, *self._pictures)
        return self._pictures


def halved(progress: float) -> float:
    """The factor of the squares' area after a share of the steps."""
    return 0.5 ** sum(progress * 10_000 > at for at in _HALVED_AT)


def _measured(problem: PatchProblem, scene: SceneBatch, draws: list[Draws]) -> tuple[float, list[Verdict]]:
    """The mean loss over the pictures under every draw; the victims answer as they do for everybody."""
    patch = problem.patch()
    images = (problem.renderer.render(scene, patch, draw) for draw in draws)
    verdicts = [problem.objective.measure(image, scene) for image in images]
    goal = torch.stack([verdict.loss.mean() for verdict in verdicts]).mean()
    return float(goal + sum(penalty(patch) for penalty in problem.penalties)), verdicts


def _success(verdict: Verdict, scene: SceneBatch) -> Tensor:
    return torch.stack([achieved[scene.wears].float().mean() for achieved in verdict.achieved.values()]).mean()


def _paint_square_(parameters: Iterable[torch.nn.Parameter], area: float, random: torch.Generator) -> None:
    """Give a square of the grid one random colour; where there are several grids, of one by their sizes."""
    grids = [_as_grid(parameter) for parameter in parameters]
    sizes = torch.tensor([float(grid.numel()) for grid in grids])
    grid = grids[int(torch.multinomial(sizes, 1, generator=random))]
    _, height, width = grid.shape
    side = max(1, round(math.sqrt(area * height * width)))
    down, across = min(side, height), min(side, width)
    top = int(torch.randint(height - down + 1, (), generator=random))
    left = int(torch.randint(width - across + 1, (), generator=random))
    grid[:, top : top + down, left : left + across] = _colours(grid, 1, random)


def _paint_stripes_(parameters: Iterable[torch.nn.Parameter], random: torch.Generator) -> None:
    """Vertical stripes, each of one random colour, on every grid."""
    for parameter in parameters:
        grid = _as_grid(parameter)
        width = grid.shape[2]
        stripe = torch.arange(width, device=grid.device) * min(_STRIPES, width) // width
        grid.copy_(_colours(grid, _STRIPES, random)[:, :, stripe].expand_as(grid))


def _as_grid(parameter: torch.nn.Parameter) -> Tensor:
    """A view ``(channels, h, w)`` of a parameter of whatever shape."""
    grid = parameter.data
    return grid.view(-1, *(1, 1, *grid.shape)[-2:])


def _colours(grid: Tensor, count: int, random: torch.Generator) -> Tensor:
    """``(channels, 1, count)``: corners of the colour cube, ±1, which a patch takes for 0 and 1.

    Parameters that are no colours, as the scores of inks, are anything between.
    """
    drawn = torch.rand(len(grid), 1, count, generator=random) * 2 - 1
    return (drawn.sign() if len(grid) == 3 else drawn).to(grid)
