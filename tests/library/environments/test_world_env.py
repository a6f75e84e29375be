"""A world is an environment by Gymnasium's own checks, alone and in numbers."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("gymnasium", reason="Gymnasium is not installed: pip install 'physadv[gym]'")

from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.library.environments.world_env import WorldEnv
from physadv.library.environments.world_vector_env import WorldVectorEnv
from tests.library.environments.corridor import BeginsTogether, Corridor

RIGHT = np.array([1, 1])


def test_gymnasiums_own_checker_is_content() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not having a spec.*")
        check_env(WorldEnv(Corridor(), render_mode="rgb_array"))


def test_a_seed_is_the_episode_that_has_it_everywhere() -> None:
    env = WorldEnv(Corridor())
    shown, facts = env.reset(seed=3)
    assert shown.shape == (2, 8, 3)
    assert shown.dtype == np.uint8
    assert shown[0, :, 0].tolist() == [0, 0, 0, 255, 0, 0, 0, 0]
    assert facts == {"return": 0.0}


def test_what_an_episode_gave_no_chance_to_measure_is_not_told() -> None:
    class Unsure(Corridor):
        def measured(self, state: Any) -> dict[str, Any]:
            return {"return": state.total, "overrun_m": torch.where(state.over, 1.0, torch.nan)}

    assert WorldEnv(Unsure()).reset(seed=3)[1] == {"return": 0.0}
    facts = WorldVectorEnv(Unsure(), 2).reset(seed=3)[1]
    assert facts["_overrun_m"].tolist() == [False, False]
    assert facts["_return"].tolist() == [True, True]


def test_the_end_of_the_row_terminates_and_the_last_step_truncates() -> None:
    env = WorldEnv(Corridor())
    env.reset(seed=5)
    assert [env.step(np.int64(1))[1:4] for _ in range(2)] == [(1.0, False, False), (1.0, True, False)]
    env.reset(seed=0)
    assert [env.step(np.int64(1))[2:4] for _ in range(4)][-1] == (False, True)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_batch_goes_as_single_ones_until_one_ends_and_another_follows(mode: AutoresetMode) -> None:
    many = WorldVectorEnv(Corridor(), 2, autoreset_mode=mode)
    single = SyncVectorEnv([lambda: WorldEnv(Corridor())] * 2, autoreset_mode=mode)
    assert (many.reset(seed=4)[0] == single.reset(seed=4)[0]).all()
    for _ in range(3):
        ours, theirs = many.step(RIGHT), single.step(RIGHT)
        for mine, other in zip(ours[1:4], theirs[1:4], strict=True):
            assert mine.tolist() == other.tolist()
        assert ours[4].keys() == theirs[4].keys()
        for name in ours[4].keys() & {"_final_obs", "_final_info", "_return"}:
            assert (ours[4][name] == theirs[4][name]).all()
    assert ours[0].shape == many.observation_space.shape


def test_a_world_whose_episodes_begin_together_is_taken_one_by_one() -> None:
    with pytest.raises(IncompatibleParts, match="SyncVectorEnv"):
        WorldVectorEnv(BeginsTogether(), 2)
    check_env(WorldEnv(BeginsTogether()), skip_render_check=True)


def test_seeds_that_are_too_few_are_refused() -> None:
    with pytest.raises(BadOption, match="a seed for each of 2"):
        WorldVectorEnv(Corridor(), 2).reset(seed=[1])
    with pytest.raises(BadOption, match="count"):
        WorldVectorEnv(Corridor(), 0)


@pytest.mark.slow
def test_the_python_of_the_page_works() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "gymnasium.md"
    (source,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    names: dict[str, Any] = {}
    exec(source, names)
    assert names["picture"].shape == names["env"].observation_space.shape
    assert "return" in names["facts"]
