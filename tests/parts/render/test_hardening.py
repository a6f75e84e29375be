"""What makes optimising harder does so only where it is switched on, and a resumed run goes on with what it learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import CUTOUT, ERASE, Draws, SceneBatch
from physadv.parts.transfer.hardening import Bins, TransferHardening
from physadv.parts.transfer.options import CurriculumConfig, CutoutConfig, EraseConfig
from tests.toys import one_scene

YAW = (-40.0, 40.0)
AVERAGE = CurriculumConfig(sharpness=10, yaw_bins=8, distance_bins=4)


def hardening(
    cutout: CutoutConfig | None = None, erase: EraseConfig | None = None, curriculum: CurriculumConfig | None = None,
    yaw_deg: tuple[float, float] = YAW,
) -> TransferHardening:  # fmt: skip
    return TransferHardening(
        cutout or CutoutConfig(), erase or EraseConfig(), curriculum or CurriculumConfig(), yaw_deg
    )


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def yaws(count: int, seed: int = 0) -> Draws:
    low, high = YAW
    return Draws({"jitter": {"yaw_deg": torch.rand(count, generator=random(seed)) * (high - low) + low}})


def test_nothing_is_changed_by_default() -> None:
    scene, draws = one_scene(4), yaws(4)
    assert hardening().draws(scene, draws, 0.5, random()).stages == draws.stages


def test_cutout_and_erased_blocks_are_drawn_for_every_object() -> None:
    hard = hardening(CutoutConfig(probability=1.0), EraseConfig(share=[0.2, 0.5]))
    stages = hard.draws(one_scene(5), yaws(5), 0.0, random()).stages
    assert stages[CUTOUT]["rectangle"].shape == (5, 4)
    assert stages[ERASE]["gone"].shape == (5, 2, 2)


@pytest.mark.parametrize(("progress", "blocks", "share"), [(0.0, 2, 0.2), (0.5, 4, 0.35), (1.0, 6, 0.5)])
def test_blocks_grow_in_number_and_share_over_the_steps(progress: float, blocks: int, share: float) -> None:
    scene = one_scene(2000, side=25)
    gone = (
        hardening(erase=EraseConfig(share=[0.2, 0.5]))
        .draws(scene, yaws(2000), progress, random())
        .stages["erase"]["gone"]
    )
    assert gone.shape[1:] == (blocks, blocks)
    assert gone.float().mean().item() == pytest.approx(share, abs=0.02)


def test_the_hard_yaw_is_drawn_more_often() -> None:
    hard = hardening(curriculum=AVERAGE)
    scene = one_scene(800, side=25)
    draws = yaws(800)
    before = hard.draws(scene, draws, 0.0, random()).stages["jitter"]["yaw_deg"]
    assert (before > 30).float().mean().item() == pytest.approx(1 / 8, abs=0.05)  # nothing known yet: evenly
    hard.learn(scene, draws, torch.where(draws.stages["jitter"]["yaw_deg"] > 30, 4.0, 2.0))
    after = hard.draws(scene, draws, 0.0, random()).stages["jitter"]["yaw_deg"]
    wanted = torch.softmax(torch.tensor([5.0] * 7 + [10.0]), 0)[-1].item()  # 10 × loss ÷ the worst bin's
    assert (after > 30).float().mean().item() == pytest.approx(wanted, abs=0.05)
    assert after.min() >= YAW[0]
    assert after.max() <= YAW[1]


@dataclass(frozen=True)
class Near:
    """Every picture near or far with the same chance."""

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        while True:
            far = torch.rand(size, generator=generator) < 0.5
            yield replace(one_scene(size, side=25), distance_m=torch.where(far, 32.0, 4.0))


def test_hard_distances_are_chosen_among_the_candidates() -> None:
    hard = hardening(curriculum=AVERAGE)
    source: Any = Near()
    scene = hard.scene(source, 64, random())
    assert scene.distance_m is not None
    hard.learn(scene, yaws(64), scene.distance_m)  # the loss is the distance
    chosen = hard.scene(source, 64, random(1))
    assert chosen.distance_m is not None
    assert len(chosen.keys) == 64
    assert (chosen.distance_m > 30).float().mean() > 0.9  # of three candidates for one, half are far


def test_what_is_old_counts_half() -> None:
    bins = Bins(2)
    bins.note(torch.tensor([0, 1]), torch.tensor([4.0, 1.0]))
    for _ in range(10):
        bins.halve()
    bins.note(torch.tensor([0]), torch.tensor([1.0]))
    torch.testing.assert_close(bins.chances(10.0), torch.tensor([0.5, 0.5], dtype=torch.float64), atol=0.02, rtol=0)


def test_what_was_learned_survives_a_stop() -> None:
    one, two = hardening(curriculum=AVERAGE), hardening(curriculum=AVERAGE)
    scene, draws, source = one_scene(50, side=25), yaws(50), Near()
    one.learn(scene, draws, draws.stages["jitter"]["yaw_deg"].abs())
    one.learn(far := next(source.batches(50, random())), draws, far.distance_m)  # type: ignore[arg-type]
    one.stepped(49)
    two.load_state_dict(one.state_dict())
    first, second = (p.draws(scene, draws, 0.0, random(7)).stages["jitter"]["yaw_deg"] for p in (one, two))
    assert torch.equal(first, second)
    near: Any = source
    assert torch.equal(one.scene(near, 9, random(3)).distance_m, two.scene(near, 9, random(3)).distance_m)  # type: ignore[arg-type]


def test_a_curriculum_without_viewpoints_is_refused() -> None:
    source: Any = type("Still", (), {"batches": lambda *_: iter([one_scene(2)])})()
    with pytest.raises(BadOption, match=r"nothing to choose: eot.jitter.yaw_deg spans 4°"):
        hardening(curriculum=AVERAGE, yaw_deg=(-2.0, 2.0)).scene(source, 2, random())


BAD = {
    "cutout.probability": {"cutout": CutoutConfig(probability=1.5)},
    "cutout.side": {"cutout": CutoutConfig(side=0.0)},
    "erase.share": {"erase": EraseConfig(share=[0.2, 1.5])},
    "erase.blocks": {"erase": EraseConfig(blocks=[0, 6])},
    "curriculum.sharpness": {"curriculum": CurriculumConfig(sharpness=-1)},
    "curriculum.halve_every": {"curriculum": CurriculumConfig(halve_every=0)},
}


@pytest.mark.parametrize("name", list(BAD))
def test_options_out_of_range_are_named(name: str) -> None:
    options: Any = BAD[name]
    with pytest.raises(BadOption, match=f"transfer.{name} must be"):
        hardening(**options)
