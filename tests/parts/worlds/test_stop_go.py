"""The drawn road: who stops at STOP and passes the rest is rewarded, and prints hang where they are said to."""

from __future__ import annotations

import warnings

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage
from physadv.parts.worlds.options import SignsShown, StopGoConfig, check_stop_go
from physadv.parts.worlds.stop_go.driving import RoadState
from physadv.parts.worlds.stop_go.world import StopGo
from physadv.testing import WORLD_CHECKS, check_world


@pytest.fixture(scope="module")
def world() -> StopGo:
    return StopGo(StopGoConfig())


def driven(world: StopGo, seeds: range, action: int | None = None) -> RoadState:
    """To the end, always with one action, or as advised."""
    state = world.reset(torch.tensor(list(seeds)))
    while not bool(state.ended.all()):
        actions = world.advised(state) if action is None else torch.full_like(state.steps, action)
        state = world.step(state, actions).state
    return state


def sheet(side_mm: float = 500.0) -> PatchImage:
    return PatchImage(torch.full((3, 4, 4), 0.5), torch.ones(1, 4, 4), side_mm)


def test_it_passes_the_battery(world: StopGo) -> None:
    assert check_world(world) == tuple(check.__name__ for check in WORLD_CHECKS)


def test_who_knows_everything_stops_and_passes_without_a_fault(world: StopGo) -> None:
    measured = world.measured(driven(world, range(400)))
    for name, due in (("stopped", 1.0), ("passed", 1.0), ("violation", 0.0), ("hit", 0.0), ("overrun_m", 0.0)):
        values = measured[name][~measured[name].isnan()]
        assert len(values) > 40
        assert float(values.mean()) == due, name
    assert float(measured["return"].min()) > 0


def test_who_never_brakes_runs_every_stop_and_overruns_it(world: StopGo) -> None:
    state = driven(world, range(60), action=2)
    measured = world.measured(state)
    stop = state.episodes.is_stop
    assert bool(state.ran[stop].all())
    assert not bool(state.ran[~stop].any())
    assert float(measured["overrun_m"][stop & ~state.hit].min()) == 10.0


def test_who_never_moves_on_earns_nothing(world: StopGo) -> None:
    state = driven(world, range(60), action=0)
    far = state.to_line_m > 8
    assert bool((state.total[far] < 0).all())
    assert not bool(state.stood[far].any())


@pytest.mark.parametrize("signs", list(SignsShown))
def test_the_signs_are_those_that_were_asked_for(signs: SignsShown) -> None:
    episodes = StopGo(StopGoConfig(signs=signs)).reset(torch.arange(60)).episodes
    share = float(episodes.is_stop.float().mean())
    assert {"all": 0.3 < share < 0.7, "stop": share == 1, "go": share == 0}[signs]


def test_the_dashboard_shows_the_speed_and_no_dashboard_leaves_the_road(world: StopGo) -> None:
    state = world.reset(torch.arange(2))
    rows = world.observe(state, {}).images[:, :, -3:].mean((1, 2))
    lit = (rows > 0.5).sum(1) / rows.shape[1] * 16
    assert torch.allclose(lit, state.speed_m_s, atol=0.2)
    bare = StopGo(StopGoConfig(dashboard=False)).observe(state, {}).images
    assert float(bare[:, :, -3:].std()) > 0.01


def test_a_print_larger_than_its_slot_is_refused(world: StopGo) -> None:
    state = world.reset(torch.arange(1))
    with pytest.raises(BadOption, match=r"600 x 600 mm is larger than the slot 'sign' of the road, 530 x 530"):
        world.observe(state, {"sign": sheet(600)})
    with pytest.raises(BadOption, match=r"no slot 'sing'\. Did you mean 'sign'"):
        world.observe(state, {"sing": sheet()})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height_px": 8}, "24 px or more"),
        ({"speed_m_s": [9.0, 4.0]}, "world.speed_m_s"),
        ({"distance_m": [2.0, 40.0]}, "within 12 and 80"),
        ({"standing": 0.8, "crossing": 0.4}, "add up to 1"),
        ({"light": 3.0}, "world.light"),
        ({"field_of_view_deg": 170.0}, "field_of_view"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        check_stop_go(StopGoConfig(**options))  # type: ignore[arg-type]


def test_it_is_an_environment_by_gymnasiums_own_checks(world: StopGo) -> None:
    pytest.importorskip("gymnasium", reason="Gymnasium is not installed: pip install 'physadv[gym]'")
    from gymnasium.utils.env_checker import check_env

    from physadv.library.environments.world_env import WorldEnv
    from physadv.library.environments.world_vector_env import WorldVectorEnv

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not having a spec.*")
        check_env(WorldEnv(world, render_mode="rgb_array"))
    many, (alone, _) = WorldVectorEnv(world, 3), WorldEnv(world).reset(seed=8)
    assert (many.reset(seed=7)[0][1] == alone).all()
