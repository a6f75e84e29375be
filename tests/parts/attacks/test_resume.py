"""A run of real parts that is stopped, and goes on from its file, makes the patch that an unbroken one makes.

That a killed process leaves such a file is shown once, by the command itself, in ``test_generate``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.problem.objective import Member, Objective
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.protocols import PatchModel
from physadv.core.types import Step
from physadv.library.compute.one_device import OneDevice
from physadv.library.runs.checkpoints import read_checkpoint, write_checkpoint
from physadv.parts.attacks.patch.entries import physadv_attacks
from physadv.parts.attacks.patch.options import EotAdamConfig
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.entries import HideConfig
from physadv.parts.patches.options import PaletteConfig, RasterConfig
from physadv.parts.patches.palette import build_palette
from physadv.parts.patches.raster import build_raster
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig
from physadv.parts.scenes.entries import build_road
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.transfer.hardening import TransferHardening
from physadv.parts.transfer.options import CurriculumConfig, CutoutConfig, EraseConfig
from physadv.parts.transfer.shakedrop import Shake
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import load_sign_nano

YAW_DEG = (-30.0, 30.0)
SIZE = {"width_mm": 300.0, "height_mm": 200.0, "px_per_100mm": 8}
ROAD = RoadConfig(images=4, width_px=160, height_px=112, distance_m=[2.0, 4.0])
STEPS, STOPPED_AFTER = 5, 3
PATCHES = {
    "palette": lambda: build_palette(PaletteConfig(**SIZE)),
    "raster": lambda: build_raster(RasterConfig(**SIZE)),
}


class OnDisk:
    """The file of a run folder."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> dict[str, Any] | None:
        return read_checkpoint(self._file) if self._file.exists() else None

    def save(self, state: dict[str, Any]) -> None:
        write_checkpoint(self._file, state)


class Plug:
    """Pulled after some steps."""

    def __init__(self, after: int) -> None:
        self._left = after

    def started(self, total: int, first: int) -> None:
        pass

    def stepped(self, step: Step) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt

    def ended(self) -> None:
        pass


def problem(patch: PatchModel) -> PatchProblem:
    """A stop sign on a small road before a victim that is shaken, with everything that makes optimising harder."""
    victim = load_sign_nano(SignNanoConfig())
    shaken = Shake(victim, probability=0.5, forward=[0.0, 2.0], backward=[0.0, 2.0])
    member = Member(victim, Hide(HideConfig()).bound(victim.labels), disturbed=shaken)
    curriculum = CurriculumConfig(sharpness=10, yaw_bins=4, distance_bins=2)
    hardening = TransferHardening(CutoutConfig(probability=0.9), EraseConfig(share=[0.2, 0.5]), curriculum, YAW_DEG)
    return PatchProblem(
        scenes=build_road(ROAD), patch=patch, renderer=build_renderer(EotConfig(jitter=JitterConfig([*YAW_DEG]))),
        objective=Objective((member,)), penalties=(), budget=Budget(STEPS, 2, 1, 2), seed=0,
        engine=OneDevice(torch.device("cpu")), hardening=hardening,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PATCHES))
def test_a_run_with_all_that_makes_it_harder_goes_on_as_if_unbroken(name: str, tmp_path: Path) -> None:
    entry = next(entry for entry in physadv_attacks() if entry.name == "eot-adam")
    attack = entry.build(EotAdamConfig(check_every=2))

    def ran(file: str, *observers: Plug) -> list[torch.Tensor]:
        """The best patch, and what the last step left."""
        patch = PATCHES[name]()
        best = attack.run(problem(patch), observers, OnDisk(tmp_path / file))
        return [best.srgb, *patch.state_dict().values()]

    with pytest.raises(KeyboardInterrupt):
        ran("broken.pt", Plug(STOPPED_AFTER))
    resumed, whole = ran("broken.pt"), ran("whole.pt")
    assert all(map(torch.equal, resumed, whole))
