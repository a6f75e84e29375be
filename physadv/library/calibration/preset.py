"""Writes the ranges that were seen as a preset of the group ``eot``: only what was measured differs from its parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from physadv.library.calibration.conditions import Range

PLACES = {
    "distance_m": ("scenes.distance_m",),
    "yaw_deg": ("scenes.yaw_deg", "eot.jitter.yaw_deg"),
    "pitch_deg": ("eot.jitter.pitch_deg",),
    "roll_deg": ("eot.jitter.roll_deg",),
    "defocus_px": ("eot.optics.defocus_px",),
    "motion_px": ("eot.optics.motion_px",),
    "shot": ("eot.sensor.shot",),
    "read": ("eot.sensor.read",),
    "exposure_ev": ("eot.camera.exposure_ev",),
    "white_balance": ("eot.camera.white_balance",),
}
"""Condition → the keys that can set it; the first one that scenes and preset have is taken."""
NEVER = {
    "light.contrast, light.saturation": "what print and camera make of colours is measured by calibrate colour",
    "light.key_to_ambient, light.shadow, light.gloss": "one flat print does not tell",
    "surface, cover": "boards are flat, and covered ones are not found",
    "camera.compression, camera.tone, camera.sharpen": "cannot be told apart from blur and noise",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A measured range at the option that it sets."""

    condition: str
    key: str  # dotted, with its group
    low: float
    high: float
    measured: Range


def placed(found: Mapping[str, Range], has: Sequence[str], blurred_already: tuple[float, float]) -> list[Placed]:
    """Options that take the ranges ``found``. ``has``: dotted keys of scenes and preset that exist.

    ``blurred_already``: smallest and largest blur of the scenes' own pictures, which the preset's comes on top of.
    """
    made = []
    for name, seen in found.items():
        key = next((key for key in PLACES.get(name, ()) if key in has), None)
        if key is None:
            continue
        low, high = seen.low, seen.high
        if name == "defocus_px":
            low, high = (max(v**2 - own**2, 0.0) ** 0.5 for v, own in zip((low, high), blurred_already, strict=True))
        if name in ("pitch_deg", "yaw_deg"):
            low, high = max(low, -80.0), min(high, 80.0)
        made.append(Placed(name, key, _short(min(low, high)), _short(high), seen))
    return made


def overrides(options: Sequence[Placed], lens_deg: float | None) -> list[str]:
    """Typed options that belong to the scenes: their ranges and, where it is another, the lens of the films."""
    ranges = [f"{p.key}=[{p.low:g},{p.high:g}]" for p in options if p.key.startswith("scenes.")]
    return ranges + ([] if lens_deg is None else [f"scenes.field_of_view_deg={lens_deg:g}"])


def preset_text(
    parent: str, name: str, options: Sequence[Placed], heading: Sequence[str], width_px: int, outside: Sequence[str]
) -> str:
    """The YAML file: ``heading`` in its comments, the ranges over the ``parent`` preset, and why others are not there.

    ``outside`` are the options that are typed with it, ``width_px`` is that of the pictures its pixels are of.
    """
    lines = [
        f"# {heading[0]}",
        f"# physadv generate eot={name} --config-dir FOLDER_THAT_HOLDS_eot {' '.join(outside)}".rstrip(),
        *(f"# {line}" for line in heading[1:]),
        f"# Blur, motion and noise are those of pictures {width_px} px wide.",
        "# Not measurable this way, so as in the parent preset:",
        *(f"#   {keys}: {why}" for keys, why in NEVER.items()),
    ]
    seen = {option.condition for option in options}
    unseen = sorted(keys[-1] for name, keys in PLACES.items() if keys[-1].startswith("eot.") and name not in seen)
    if unseen:
        lines.append(f"#   {', '.join(key.removeprefix('eot.') for key in unseen)}: too few frames showed it")
    lines += ["defaults:", f"  - {parent}", "  - _self_", ""]
    group = ""
    for p in sorted((p for p in options if p.key.startswith("eot.")), key=lambda p: p.key):
        _, section, option = p.key.split(".")
        if section != group:
            lines.append(f"{section}:")
            group = section
        note = f"{p.measured.frames} frames, median {p.measured.median:.3g}"
        lines.append(f"  {option}: [{_yaml(p.low)}, {_yaml(p.high)}]  # {note}")
    return "\n".join(lines) + "\n"


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _yaml(value: float) -> str:
    """YAML 1.1 reads 1e-05 as a word."""
    text = repr(value)
    return text if "e" not in text or "." in text.partition("e")[0] else text.replace("e", ".0e")
