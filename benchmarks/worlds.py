"""How fast the road is drawn: our renderer beside MuJoCo's, the same moments at equal size, and how a batch scales.

CPU time in turns, on one thread of ours; MuJoCo's counts what Mesa's threads take, too. Goals: 5 times the frames of
MuJoCo's renderer with its usual antialiasing (4 samples), and a batch of 64 at no more than 64 times one episode.

    pip install 'physadv[mujoco]'
    OMP_NUM_THREADS=1 LP_NUM_THREADS=1 python benchmarks/worlds.py
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from timing import timed
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.parts.worlds.mujoco_road.world import MujocoRoad
from physadv.parts.worlds.options import MujocoRoadConfig, StopGoConfig
from physadv.parts.worlds.stop_go.driving import RoadState
from physadv.parts.worlds.stop_go.world import StopGo

SIZES_PX = ((64, 96), (192, 320), (240, 320))
EPISODES, ROUNDS = 32, 5
BATCHES = (1, 4, 16, 64, 256)


def moment(world: StopGo, episodes: int) -> RoadState:
    """Two seconds on their way."""
    state = world.reset(torch.arange(episodes))
    for _ in range(8):
        state = world.step(state, world.advised(state)).state
    return state


def stepped(world: StopGo, state: RoadState) -> Callable[[], object]:
    """A picture and a step of every episode."""

    def job() -> object:
        with torch.no_grad():
            world.observe(state, {})
        return world.step(state, world.advised(state))

    return job


def attacked(world: StopGo, state: RoadState) -> Callable[[], Tensor]:
    """A picture with a print, and the gradient back to it."""
    srgb = torch.full((3, 96, 96), 0.5, requires_grad=True)
    sheet = PatchImage(srgb, torch.ones(1, 96, 96), 500.0)

    def job() -> Tensor:
        (gradient,) = torch.autograd.grad(world.observe(state, {"sign": sheet}).images.sum(), srgb)
        return gradient

    return job


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    print(f"frames per CPU second, {EPISODES} episodes (a picture and a step each)\n")
    print("| picture | stop-go | mujoco-road, 4 samples | without antialiasing | times | stop-go with gradient |")
    print("|---|---|---|---|---|---|")
    for height, width in SIZES_PX:
        ours = StopGo(StopGoConfig(height_px=height, width_px=width))
        theirs = {n: MujocoRoad(MujocoRoadConfig(height_px=height, width_px=width, samples=n)) for n in (4, 0)}
        state = moment(ours, EPISODES)
        jobs: dict[str, Callable[[], object]] = {"ours": stepped(ours, state), "gradient": attacked(ours, state)}
        for samples, world in theirs.items():
            jobs[f"mujoco {samples}"] = lambda world=world, state=state: world.observe(state, {})  # type: ignore[misc]
        fps = {name: EPISODES / seconds for name, seconds in timed(jobs, ROUNDS).items()}
        print(f"| {height} x {width} | {fps['ours']:.0f} | {fps['mujoco 4']:.0f} | {fps['mujoco 0']:.0f} | "
              f"{fps['ours'] / fps['mujoco 4']:.1f} | {fps['gradient']:.0f} |")  # fmt: skip
    world = StopGo(StopGoConfig())
    scaled = timed({str(batch): stepped(world, moment(world, batch)) for batch in BATCHES}, ROUNDS)
    print("\nmilliseconds of CPU an episode and step, 64 x 96, by how many go side by side: "
          + ", ".join(f"{batch}: {1000 * scaled[str(batch)] / batch:.2f}" for batch in BATCHES))  # fmt: skip


if __name__ == "__main__":
    main()
