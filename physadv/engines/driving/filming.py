"""The worst, the typical and the best episode of an arm once more, to be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.core.worlds import Episode
from physadv.engines.driving.arms import ATTACK, CLEAN
from physadv.engines.driving.rollout import Acted, roll
from physadv.engines.driving.run import DrivenArm
from physadv.engines.driving.workshop import slug
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.atomic import write_bytes
from physadv.library.report.pictures.drive_film import FilmShot, film_webp

FOLDER = "films"  # in the run folder
KINDS = ("worst", "typical", "best")
MAX_FILMS = 24


@dataclass
class _Camera:
    """Records what the policy sees."""

    actions: tuple[str, ...]
    step_s: float
    shots: list[list[FilmShot]] = field(default_factory=list)

    def follow(self, acted: Acted) -> None:
        """A moment of every episode that still runs."""
        moment = acted.moment
        while len(self.shots) < len(moment.seeds):
            self.shots.append([])
        speeds = moment.observation.speed_m_s
        for e in moment.running.nonzero().flatten().tolist():
            words = [f"{moment.step * self.step_s:.1f} s", self.actions[int(acted.actions[e])]]
            words += [] if speeds is None else [f"{float(speeds[e]):.1f} m/s"]
            self.shots[e].append(FilmShot(_coloured(acted.images[e]), ", ".join(words), bool(acted.touched[e])))


def films_of(driven: Sequence[DrivenArm], wanted: int, out: Path) -> list[dict[str, Any]]:
    """Write WebP films of the first policy in the first world: without an attack, and under each."""
    if not driven or not wanted:
        return []
    first = driven[0]
    own = [arm for arm in driven if arm.driver is first.driver and arm.world is first.world]
    facts = {arm.plan.key: arm.facts for arm in own}
    made: list[dict[str, Any]] = []
    for arm in own:
        if arm.plan.role in (CLEAN, ATTACK) and len(made) < MAX_FILMS:
            made += _filmed(arm, facts, wanted, out)
    return made


def _filmed(arm: DrivenArm, facts: Mapping[str, Mapping[str, float]], wanted: int, out: Path) -> list[dict[str, Any]]:
    episodes = chosen(arm.episodes, wanted)
    camera = _Camera(arm.world.actions, arm.world.step_s)
    roll(arm.drive, arm.plan.meddler(facts), [one.seed for _, one in episodes], camera.follow)
    made = []
    for (kind, episode), shots in zip(episodes, camera.shots, strict=True):
        name = f"{FOLDER}/{slug(arm.plan.key)}-{kind}.webp"
        write_bytes(out / name, film_webp(shots, arm.world.step_s))
        made.append({"arm": arm.plan.key, "kind": kind, "seed": episode.seed, "file": name, "steps": episode.steps,
                     "measures": dict(episode.measures)})  # fmt: skip
    return made


def chosen(episodes: Sequence[Episode], wanted: int) -> list[tuple[str, Episode]]:
    """The worst by return; then the one in the middle; then the best. Each once."""
    ranked = sorted(episodes, key=lambda one: (_return(one), one.seed))
    places = [(KINDS[0], 0), (KINDS[1], (len(ranked) - 1) // 2), (KINDS[2], len(ranked) - 1)]
    found: dict[int, tuple[str, Episode]] = {}
    for kind, place in places[:wanted]:
        found.setdefault(place, (kind, ranked[place]))
    return list(found.values())


def _return(episode: Episode) -> float:
    value = episode.measures["return"]
    return value if math.isfinite(value) else 0.0


def _coloured(image: Any) -> npt.NDArray[np.uint8]:
    """``(H,W,3)`` of ``(C,H,W)``: colours, or the newest of stacked frames in grey."""
    shown = image if image.shape[0] == 3 else image[-1:].expand(3, -1, -1)
    codes: npt.NDArray[np.uint8] = rgb_u8_from_srgb(shown)
    return codes
