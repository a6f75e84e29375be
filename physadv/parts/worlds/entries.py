"""Worlds in which a policy acts and a print can hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.worlds.gymnasium_options import GymnasiumConfig, check_gymnasium
from physadv.parts.worlds.options import (
    MujocoRoadConfig,
    StopGoConfig,
    WorldScenesConfig,
    check_mujoco_road,
    check_stop_go,
    check_world_scenes,
)

if TYPE_CHECKING:
    from physadv.core.scene_protocols import SceneSource
    from physadv.core.worlds import World


def _stop_go(config: StopGoConfig) -> World:
    check_stop_go(config)
    from physadv.parts.worlds.stop_go.world import StopGo

    return StopGo(config)


def _mujoco_road(config: MujocoRoadConfig) -> World:
    check_mujoco_road(config)
    from physadv.parts.worlds.mujoco_road.world import MujocoRoad

    return MujocoRoad(config)


def _gymnasium(config: GymnasiumConfig) -> World:
    check_gymnasium(config)
    from physadv.parts.worlds.gymnasium_build import build

    return build(config)


@hookimpl
def physadv_worlds() -> list[Entry[Any, World]]:
    return [
        Entry("stop-go", StopGoConfig, _stop_go, "a drawn road: stop at STOP, pass red signs that mean go"),
        Entry(
            "mujoco-road", MujocoRoadConfig, _mujoco_road, "stop-go drawn by MuJoCo, to try prints in (extra mujoco)",
            "Todorov et al. 2012, doi:10.1109/IROS.2012.6386109",
        ),
        Entry("gymnasium", GymnasiumConfig, _gymnasium, "an environment of Gymnasium that shows pixels (extra gym)"),
    ]  # fmt: skip


def _scenes(config: WorldScenesConfig) -> SceneSource:
    check_world_scenes(config)
    from physadv.parts.worlds.scenes import build_world_scenes

    return build_world_scenes(config)


@hookimpl
def physadv_scenes() -> list[Entry[Any, SceneSource]]:
    """Moments of a world."""
    return [
        Entry("world", WorldScenesConfig, _scenes, "moments of world=stop-go: its sign, billboard or shirt wears it")
    ]
