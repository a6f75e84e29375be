"""CMA-ES on a patch: a population of coarse patches, whose mean and spread follow the better half, on scores alone.

Hansen and Ostermeier 2001; with a diagonal covariance (Ros and Hansen 2008), which grows only linearly with the cells.
The search itself is the library cmaes (Nomura and Shibata 2024, arXiv:2402.01373).

    cells × cells colours ~ N(mean, σ² C) → enlarged onto the texels → loss of each on the same pictures → tell → …

So it needs far fewer questions than a search over texels, and finds only what is coarse.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from cmaes import SepCMA
from torch import Tensor
from torch.nn import functional

from physadv.core.errors import IncompatibleParts
from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.protocols import Checkpoints, Observer
from physadv.core.types import PatchImage, Step
from physadv.library.runs.iteration import Schedule, iterate
from physadv.parts.attacks.patch.options import CmaEsConfig

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CmaEs:
    """The search; how coarse and how large its population is, is given."""

    config: CmaEsConfig

    @property
    def needs_gradient(self) -> bool:
        """Scores are enough."""
        return False

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """Search from ``problem.patch`` on; a step is a generation. Returns the mean that did best on held-out draws.

        Raises :class:`IncompatibleParts` where the conditions are to be made harder while optimising.
        """
        if problem.hardening:
            raise IncompatibleParts(
                "attack=cma-es compares patches under the same conditions, so nothing of transfer.cutout, "
                "transfer.erase and transfer.curriculum fits it. Leave these out"
            )
        generations = Generations(self.config, _coarse(problem.patch.parameters(), self.config.cells))
        return iterate(problem, generations, Schedule(self.config.check_every), observers, checkpoints)


@dataclass
class Generations:
    """Asks and tells once a step."""

    config: CmaEsConfig
    start: Vector
    search: SepCMA = field(init=False)

    def __post_init__(self) -> None:
        size = self.config.population or None
        self.search = SepCMA(mean=self.start, sigma=self.config.sigma, seed=0, population_size=size)

    @torch.no_grad()
    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        begun = time.perf_counter()
        scene = next(problem.scenes.batches(problem.budget.batch, random)).to(problem.engine.device)
        draws = [problem.renderer.sample(scene, random) for _ in range(problem.budget.draws)]
        self.search.reseed_rng(int(torch.randint(2**31, (), generator=random)))  # so that a resumed run is the same
        told, successes = [], []
        for _ in range(self.search.population_size):
            point = self.search.ask()
            _lay_(problem, point, self.config.cells)
            images = (problem.renderer.render(scene, problem.patch(), draw) for draw in draws)
            verdicts = [problem.objective.measure(image, scene) for image in images]
            loss = torch.stack([verdict.loss.mean() for verdict in verdicts]).mean()
            told.append((point, float(loss + sum(penalty(problem.patch()) for penalty in problem.penalties))))
            successes += [achieved[scene.wears].float().mean().item()
                          for verdict in verdicts for achieved in verdict.achieved.values()]  # fmt: skip
        self.search.tell(told)
        _lay_(problem, self.search.mean, self.config.cells)
        loss_now, success = float(np.mean([value for _, value in told])), float(np.mean(successes))
        seconds = time.perf_counter() - begun
        return Step(index, problem.budget.steps, loss_now, success, seconds, {"goal": loss_now})

    def exhausted(self) -> bool:
        """When the population has become one."""
        return bool(self.search.should_stop())

    def stalled(self) -> None:
        """The spread follows its own rule."""

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = self.search.__getstate__()
        return {name: torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else _number(value)
                for name, value in state.items()}  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.search.__setstate__(
            {name: value.cpu().numpy() if isinstance(value, Tensor) else value for name, value in state.items()}
        )


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _coarse(parameters: Iterable[torch.nn.Parameter], cells: int) -> Vector:
    """The patch as it is, in cells."""
    found = [
        functional.adaptive_avg_pool2d(grid[None], _cells(grid, cells)).flatten() for grid in map(_grid, parameters)
    ]
    vector: Vector = torch.cat(found).double().cpu().numpy()
    return vector


def _lay_(problem: PatchProblem, point: Vector, cells: int) -> None:
    """Enlarge the cells of a point onto the patch's parameters."""
    values, start = torch.from_numpy(point), 0
    for parameter in problem.patch.parameters():
        grid = _grid(parameter)
        down, across = _cells(grid, cells)
        count = len(grid) * down * across
        own = values[start : start + count].to(grid).reshape(1, len(grid), down, across)
        grid.copy_(functional.interpolate(own, size=grid.shape[1:], mode="nearest")[0])
        start += count
    problem.patch.project_()


def _cells(grid: Tensor, cells: int) -> tuple[int, int]:
    return min(cells, grid.shape[1]), min(cells, grid.shape[2])


def _grid(parameter: torch.nn.Parameter) -> Tensor:
    """A view ``(channels, h, w)`` of a parameter of whatever shape."""
    grid = parameter.data
    return grid.view(-1, *(1, 1, *grid.shape)[-2:])
