"""Options of a run about its judgement, read from the configuration once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from physadv.app.config.choices import choices
from physadv.app.config.schema import EvaluateConfig, GenerateConfig, JudgeConfig
from physadv.core.clip import ClipConfig
from physadv.core.labels import canonical
from physadv.engines.judging.options import ProtocolConfig
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig


@dataclass(frozen=True)
class JudgingOptions:
    """The options that decide on a judgement, and all others as plain values for its record."""

    name: str  # of the story
    seed: int
    progress: bool
    choices: Mapping[str, str]  # config group → option
    scenes: Any  # options of the chosen part
    eot: EotConfig
    ink: InkConfig
    victim: Any  # options of the chosen part
    victims: Sequence[Any]  # several, as listed; empty: the one of ``victim``
    defense: Any  # options of the chosen part
    defenses: Sequence[Any]  # several, as listed; empty: the one of ``defense``
    goal: Any  # options of the chosen part
    judge: JudgeConfig
    protocol: ProtocolConfig
    clip: ClipConfig
    settings: Mapping[str, Any]  # the whole configuration as plain values

    @staticmethod
    def of(config: DictConfig) -> JudgingOptions:
        """Read the composed configuration of ``generate``, ``evaluate`` or ``grid``."""
        options = cast(GenerateConfig | EvaluateConfig, OmegaConf.to_object(config))
        return JudgingOptions(
            name=options.name, seed=options.seed, progress=options.progress, choices=choices(), scenes=options.scenes,
            eot=options.eot, ink=options.ink, victim=options.victim, victims=options.victims,
            defense=options.defense, defenses=options.defenses, goal=options.goal, judge=options.judge,
            protocol=options.protocol, clip=options.clip,
            settings=cast(dict[str, Any], OmegaConf.to_container(config, resolve=True)),
        )  # fmt: skip

    @property
    def label(self) -> str:
        """Label of what wears the patch, as typed; "" where the scenes do not name one."""
        scenes = self.settings["scenes"]
        return str(scenes.get("label") or scenes.get("sign") or "")

    @property
    def wearer(self) -> str:
        """A word for what wears the patch."""
        return canonical(self.label) or "object"

    def holding(self, values: Mapping[str, Any]) -> JudgingOptions:
        """The same with other options of scenes or world: dotted key → value, as ``scenes.distance_m`` → [5, 5]."""
        made = self
        for key, value in values.items():
            path = key.split(".")
            group = {path[0]: _replaced(getattr(made, path[0]), path[1:], value)}
            made = dataclasses.replace(made, **group, settings=_with(made.settings, path, value))
        return made


def _replaced(options: Any, path: Sequence[str], value: Any) -> Any:
    name, *rest = path
    changed = _replaced(getattr(options, name), rest, value) if rest else value
    return dataclasses.replace(options, **{name: changed})


def _with(settings: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**settings, name: _with(settings[name], rest, value) if rest else value}
