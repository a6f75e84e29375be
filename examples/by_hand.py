"""A patch from building blocks, with a loop that can be changed: python examples/by_hand.py [steps]."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import torch

from physadv import api


class SignSteps:
    """Steps of one size along the sign of the gradient (Kurakin et al. 2017, arXiv:1607.02533), on paper."""

    def __init__(self, size: float) -> None:
        self.size = size  # of a texel's range

    def step(self, problem: api.PatchProblem, index: int, random: torch.Generator) -> api.Step:
        """Draw pictures and conditions, render, ask the victim, move every texel."""
        scene = next(problem.scenes.batches(problem.budget.batch, random))
        draws = problem.renderer.sample(scene, random)
        patch = problem.patch()
        verdict = problem.objective.measure(problem.renderer.render(scene, patch, draws), scene)
        loss = verdict.loss.mean() + sum(penalty(patch) for penalty in problem.penalties)
        loss.backward()
        for texels in problem.patch.parameters():
            texels.data -= self.size * texels.grad.sign()
            texels.grad = None
        problem.patch.project_()
        (achieved,) = verdict.achieved.values()
        success = float(achieved[scene.wears].float().mean())
        return api.Step(index, problem.budget.steps, loss.item(), success, seconds=0.0)

    def exhausted(self) -> bool:
        """Go on until the budget is spent."""
        return False

    def stalled(self) -> None:
        """The held-out loss has not fallen for a while."""
        self.size /= 2

    def state_dict(self) -> dict[str, Any]:
        """The state that a resumed run needs."""
        return {"size": self.size}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where a run was stopped."""
        self.size = state["size"]


def problem(steps: int) -> api.PatchProblem:
    """A sticker that hides stop signs, 4 to 12 m away, from the built-in detector."""
    victim = api.build("victims", "sign-nano", confidence=0.5)
    goal = api.build("goals", "hide").bound(victim.labels)
    return api.PatchProblem(
        scenes=api.build("scenes", "road", width_px=320, height_px=192, distance_m=[4, 12]),
        patch=api.build("patches", "raster", width_mm=400, height_mm=240),
        renderer=api.renderer("sign_driveby", ink="coated-offset", options={"eot.optics.motion_px": [0, 2]}),
        objective=api.Objective((api.Member(victim, goal),)),
        penalties=(api.build("penalties", "tv", weight=0.1),),
        budget=api.Budget(steps=steps, batch=2, draws=1, held_out=4),
        seed=0,
        engine=api.OneDevice(torch.device("cpu")),
    )


def main(steps: int) -> api.PatchImage:
    """Optimise; the iterate that did best on draws that no step saw comes back."""
    return api.iterate(problem(steps), SignSteps(0.05), api.Schedule(check_every=5), (), api.NoCheckpoints())


if __name__ == "__main__":
    api.save_patch(main(int(sys.argv[1]) if sys.argv[1:] else 100), ".")
    print("patch.png and patch.safetensors; judge them with: physadv evaluate patch=patch.safetensors")
