"""A world from the name of an environment, its arguments and its wrappers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import yaml

from physadv.core.errors import BadOption, MissingExtra
from physadv.parts.worlds.gymnasium import Environment, GymnasiumWorld
from physadv.parts.worlds.gymnasium_options import GymnasiumConfig

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on stdout, where results stand
if not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # it would complain that there is no screen
try:
    import gymnasium
    from gymnasium import wrappers as seeing
except ImportError as error:
    raise MissingExtra("world=gymnasium needs Gymnasium: pip install 'physadv[gym]'") from error


def build(config: GymnasiumConfig) -> GymnasiumWorld:
    """Raises :class:`BadOption` for an environment, argument or wrapper that does not exist."""
    arguments = {name: _read(value) for name, _, value in (word.partition(":") for word in config.arguments)}
    wrapping = [_imported(word) for word in config.wrappers]

    def make() -> Environment:
        env: Environment = _made(config, arguments)
        for wrapper in wrapping:
            env = wrapper(env)
        return _seen(env, config)

    step_s, max_steps = _pace(make(), config)
    return GymnasiumWorld(
        config.id, make, step_s=step_s, max_steps=max_steps, actions=tuple(config.actions), stack=config.stack
    )


def _made(config: GymnasiumConfig, arguments: dict[str, Any]) -> Environment:
    said = {**arguments, "render_mode": "rgb_array"} if config.picture == "render" else arguments
    try:
        with warnings.catch_warnings():  # SWIG's about Box2D's classes end the process where warnings are errors
            warnings.simplefilter("ignore", DeprecationWarning)
            return gymnasium.make(config.id, **said)
    except gymnasium.error.DependencyNotInstalled as error:
        raise MissingExtra(f"world.id={config.id}: {error}. Most are in: pip install 'physadv[gym]'") from error
    except ImportError as error:
        raise MissingExtra(f"world.id={config.id} needs a package that cannot be imported: {error}") from error
    except (gymnasium.error.Error, TypeError, ValueError) as error:
        raise BadOption(f"world.id={config.id} {arguments or ''} cannot be made: {error}") from error


def _read(value: str) -> Any:
    try:
        said = yaml.safe_load(value)
        return float(said) if isinstance(said, str) else said  # 1e-6 is a word to YAML
    except ValueError:
        return said
    except yaml.YAMLError as error:
        raise BadOption(f"world.arguments: the value {value!r} cannot be read. Put quotes around it") from error


def _imported(word: str) -> Callable[[Environment], Environment]:
    module, _, name = word.partition(":")
    try:
        found: Callable[[Environment], Environment] = vars(import_module(module))[name]
    except ImportError as error:
        raise MissingExtra(f"world.wrappers: {word} cannot be imported: {error}. Install what it is part of") from error
    except KeyError as error:
        raise BadOption(f"world.wrappers: {module} has no {name!r}") from error
    return found


def _seen(env: Environment, config: GymnasiumConfig) -> Environment:
    """The environment with the pictures that were asked for."""
    if config.picture == "render":
        env = seeing.AddRenderObservation(env, render_only=True)
    try:
        if config.skip > 1:
            env = seeing.MaxAndSkipObservation(env, config.skip)
        if config.grey:
            env = seeing.GrayscaleObservation(env, keep_dim=False)
        if config.size_px:
            env = seeing.ResizeObservation(env, (config.size_px[0], config.size_px[1]))
    except (AssertionError, TypeError, ValueError) as error:
        raise BadOption(
            f"world.id={config.id}: its observations {env.observation_space} cannot be shrunk or made grey. "
            "Set world.picture=render, or leave out world.grey and world.size_px"
        ) from error
    return env


def _pace(env: Environment, config: GymnasiumConfig) -> tuple[float, int]:
    """Seconds between two decisions, and how many of them there are at most."""
    most = config.max_steps or -(-((env.spec.max_episode_steps if env.spec else None) or 0) // config.skip)
    if not most:
        raise BadOption(f"world {config.id!r} may go on for ever: set world.max_steps=1000")
    rate = float(env.metadata.get("render_fps") or 0)
    seconds = config.step_s or (config.skip / rate if rate else 0.0)
    if not seconds:
        raise BadOption(f"world {config.id!r} does not say how fast it goes: set world.step_s=0.1")
    env.close()
    return seconds, most
