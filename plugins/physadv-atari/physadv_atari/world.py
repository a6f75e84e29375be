"""A game as it has been shown to policies since Mnih et al. 2015 (doi:10.1038/nature14236): grey, small, stacked."""

from __future__ import annotations

import gymnasium
from gymnasium.wrappers import AtariPreprocessing

from physadv.api import BadOption, GymnasiumWorld, MissingExtra
from physadv_atari import AtariConfig

try:
    import ale_py
except ImportError as error:
    raise MissingExtra("world=atari needs ale-py: pip install ale-py") from error

FRAMES_A_SECOND = 60


def build(config: AtariConfig) -> GymnasiumWorld:
    """The game. Raises :class:`BadOption` for one that ALE does not have."""
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    game = _known(config.game)

    def make() -> gymnasium.Env:
        env = gymnasium.make(game, frameskip=1, repeat_action_probability=config.sticky)
        return AtariPreprocessing(env, noop_max=config.noops, frame_skip=config.skip, screen_size=config.size_px)

    actions = tuple(name.lower() for name in make().unwrapped.get_action_meanings())
    return GymnasiumWorld(
        f"atari/{config.game}", make, step_s=config.skip / FRAMES_A_SECOND, max_steps=config.max_steps,
        actions=actions, stack=config.stack,
    )  # fmt: skip


def _known(game: str) -> str:
    gymnasium.register_envs(ale_py)
    specs = [spec for spec in gymnasium.registry.values() if spec.namespace == "ALE" and spec.version == 5]
    known = {spec.kwargs["game"]: spec.id for spec in specs}
    if game not in known:
        near = [other for other in known if other.startswith(game[:3])][:5]
        raise BadOption(f"world.game: ALE has no game {game!r}; it has {', '.join(near or list(known)[:5])}, ...")
    return known[game]
