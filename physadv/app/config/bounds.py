"""The least and the most that a number among the options may be. Parts refuse what has no meaning for them; this page
refuses what no part could use: nan, infinity, and numbers that would fill the machine.

Looked up by the option's whole name, then by its last word, then by the unit at the end of that word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from physadv.core.errors import BadOption

Bound = tuple[float, float]

_SHARE: Bound = (0.0, 1.0)
_COUNT: Bound = (0.0, 10_000_000.0)

NAMED: dict[str, Bound] = {
    "seed": (-(2.0**63), 2.0**63),
    "scenes.seed": (-(2.0**63), 2.0**63),
    "scenes.width_px": (64.0, 8192.0),
    "scenes.height_px": (64.0, 8192.0),
    "scenes.images": (1.0, 1_000_000.0),
    "scenes.distractors": (0.0, 20.0),
    "scenes.noise": (0.0, 1.0),
    "scenes.blur_px": (0.0, 32.0),
    "scenes.distance_m": (0.05, 1000.0),
    "scenes.exposure_ev": (-10.0, 10.0),
    "scenes.temperature_k": (1700.0, 20_000.0),
    "scenes.samples": (1.0, 65_536.0),
    "scenes.surface_samples": (1.0, 65_536.0),
    "scenes.bounces": (1.0, 64.0),
    "goal.overlap": _SHARE,
    "goal.push_below": _SHARE,
    "goal.lift_above": _SHARE,
    "attack.lr": (0.0, 10.0),
    "attack.stop_lr": (0.0, 10.0),
    "attack.patience": (1.0, 1_000_000.0),
    "attack.check_every": (1.0, 1_000_000.0),
    "attack.area": _SHARE,
    "attack.fresh_every": (1.0, 1_000_000.0),
    "adaptive.steps": _COUNT,
    "adaptive.restarts": (1.0, 1000.0),
    "adaptive.lambdas": (0.0, 1_000_000.0),
    "adaptive.queries": (0.0, 100_000_000.0),
    "evasion": (0.0, 1_000_000.0),
    "budget.steps": (1.0, 10_000_000.0),
    "budget.batch": (1.0, 4096.0),
    "budget.draws": (1.0, 4096.0),
    "budget.held_out": (1.0, 100_000.0),
    "clip.frames": (1.0, 1000.0),
    "clip.drift": _SHARE,
    "judge.batch": (1.0, 4096.0),
    "judge.draws": (1.0, 10_000.0),
    "train.batch": (1.0, 4096.0),
    "train.epochs": (1.0, 100_000.0),
    "train.workers": (0.0, 256.0),
    "train.mosaic": _SHARE,
    "train.weight_decay": _SHARE,
    "train.size_px": (64.0, 4096.0),
    "train.ascents": (1.0, 1000.0),
    "train.kept": (1.0, 1000.0),
    "train.step": _SHARE,
    "train.renewal": _SHARE,
    "train.clean": _SHARE,
    "train.controls": _SHARE,
    "train.texels": (4.0, 256.0),
    "train.rounds": (1.0, 1000.0),
    "train.episodes": (1.0, 100_000.0),
    "train.noted": _SHARE,
    "train.printed": _SHARE,
    "train.caution": (0.0, 1000.0),
    "train.ppo_steps": _COUNT,
    "train.stickers": (0.0, 1000.0),
    "train.judged": (1.0, 1_000_000.0),
    "train.attacked": (0.0, 1_000_000.0),
    "victim.size_px": (0.0, 8192.0),
    "victim.proposals": (1.0, 100_000.0),
    "protocol.up": (-10.0, 10.0),
    "protocol.version": (0.0, 1_000_000.0),
    "draws": (1.0, 1000.0),
    "budget": (0.0, 100_000_000.0),
    "restarts": (1.0, 1000.0),
    "batch": (1.0, 100_000.0),
    "shown": (0.0, 1000.0),
    "episodes": (1.0, 1_000_000.0),
    "horizon": (1.0, 1000.0),
    "beta": (0.0, 1000.0),
    "attacked_steps": (0.0, 1_000_000.0),
    "rounds": (1.0, 1000.0),
    "moments": (1.0, 10_000_000.0),
    "practice": (1.0, 1_000_000.0),
    "effort.seeds": (0.0, 100.0),
    "effort.train": _COUNT,
    "effort.test": _COUNT,
    "effort.epochs": (0.0, 10_000.0),
    "audit.images": (1.0, 1_000_000.0),
    "audit.batch": (1.0, 4096.0),
    "audit.eps": _SHARE,
    "audit.steps": (4.0, 1_000_000.0),
    "audit.queries": (1.0, 10_000_000.0),
    "audit.tries": (1.0, 10_000.0),
    "audit.draws": (1.0, 10_000.0),
    "audit.directions": (1.0, 10_000.0),
    "audit.evasion_weight": (0.0, 1e6),
    "audit.margin": _SHARE,
    "distances_m": (0.05, 1000.0),
    "views": (4.0, 1000.0),
    "squares": (3.0, 100.0),
    "nodes": (2.0, 65.0),
    "port": (0.0, 65_535.0),
    "dpi": (0.0, 4800.0),  # 0: as the patch needs
    "width_mm": (0.0, 1_000_000.0),
    "axes.scale": (0.01, 100.0),
    "axes.occlusion": (0.0, 0.6),
    "axes.jpeg_quality": (1.0, 100.0),
    "axes.temperature_k": (1700.0, 20_000.0),
    "axes.distance_m": (0.05, 1000.0),
    "axes.exposure_ev": (-10.0, 10.0),
    "axes.defocus_px": (0.0, 32.0),
    "axes.yaw_deg": (-89.0, 89.0),
    "axes.patch_yaw_deg": (-89.0, 89.0),
    "axes.pitch_deg": (-89.0, 89.0),
    "victims.weight": (-1e12, 1e12),  # refused by the victim's name
    "usable_from": _SHARE,
    "minimum_n": _COUNT,
    "fps": (0.01, 10_000.0),
    "kornia.p": _SHARE,
}
LAST: dict[str, Bound] = {
    "share": _SHARE, "confidence": _SHARE, "iou": _SHARE, "probability": _SHARE, "mosaic": _SHARE,
    "weight": (0.0, 1e6), "limit": _COUNT, "images": _COUNT, "max_frames": (0.0, 1e9), "most_frames": (0.0, 1e9),
    "parts": (1.0, 100_000.0), "part": (0.0, 100_000.0), "workers": (0.0, 256.0), "px_per_100mm": (0.01, 100_000.0),
}  # fmt: skip
UNITS: dict[str, Bound] = {
    "_px": (0.0, 100_000.0), "_mm": (-1e6, 1e6), "_m": (-1e5, 1e5), "_deg": (-360.0, 360.0), "_s": (0.0, 1e7),
    "_mb": (0.0, 1e6), "_ev": (-30.0, 30.0), "_k": (0.0, 1e5),
}  # fmt: skip
ANY: Bound = (-1e12, 1e12)


def check_numbers(options: Any) -> None:
    """Raise :class:`BadOption` for the first number in the (plain) options that lies outside its bounds."""
    for name, value in _numbers(options, ""):
        low, high = bound_of(name)
        if isinstance(value, float) and not math.isfinite(value):
            raise BadOption(f"{name}={value} is not a number that can be used. Give one from {low:g} to {high:g}")
        if not low <= value <= high:
            raise BadOption(f"{name} must be from {low:g} to {high:g}, got {_told(value)}")


def _told(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e300 else "a number of hundreds of digits"


def bound_of(name: str) -> Bound:
    """The least and the most of an option by its dotted name."""
    last = name.rpartition(".")[2]
    if name.startswith("eot.kornia") and last == "p":
        return NAMED["kornia.p"]
    if name in NAMED or last in LAST:
        return NAMED[name] if name in NAMED else LAST[last]
    return next((bound for unit, bound in UNITS.items() if last.endswith(unit)), ANY)


def _numbers(node: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _numbers(value, f"{name}.{key}" if name else str(key))
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _numbers(value, name)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield name, node
