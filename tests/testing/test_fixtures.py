"""The fixtures for plugin authors give what they say, and pytest is needed for nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.types import SceneBatch
from physadv.testing import ToyDetector, ToyScenes
from physadv.testing.fixtures import (
    physadv_problem,
    physadv_run_folder,
    physadv_scene,
    physadv_scenes,
    physadv_victim,
)

__all__ = ["physadv_problem", "physadv_run_folder", "physadv_scene", "physadv_scenes", "physadv_victim"]


def test_scenes_and_victim_fit_together(
    physadv_scene: SceneBatch, physadv_scenes: ToyScenes, physadv_victim: ToyDetector
) -> None:
    assert [len(scene.keys) for scene in physadv_scenes.sweep(3)] == [3, 1]
    assert len(physadv_scene.keys) == 2
    assert physadv_victim.outputs(physadv_scene.srgb).scores.shape == (2, 1, 2)


def test_the_best_patch_is_known(physadv_problem: PatchProblem) -> None:
    scene, random = next(physadv_problem.scenes.sweep(2)), torch.Generator().manual_seed(0)
    draws = physadv_problem.renderer.sample(scene, random)
    losses = []
    for red in (0.0, 1.0):
        with torch.no_grad():
            next(iter(physadv_problem.patch.parameters()))[0] = red
        images = physadv_problem.renderer.render(scene, physadv_problem.patch(), draws)
        losses.append(float(physadv_problem.objective.measure(images, scene).loss.detach().mean()))
    assert losses[0] < 0.05 < 0.95 < losses[1]


def test_the_run_folder_is_empty_and_the_test_stands_above_it(physadv_run_folder: Path) -> None:
    assert Path("runs/test").resolve() == physadv_run_folder.resolve()
    assert not list(physadv_run_folder.iterdir())


def test_the_batteries_need_no_pytest() -> None:
    text = "import sys; sys.modules['pytest'] = None; import physadv.testing"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0
