"""The end of a defence's training: thresholds, figures on pictures that were kept apart, weights, model card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from physadv.core import seeding
from physadv.core.version import __version__
from physadv.engines.training.defense_lessons import Lesson
from physadv.engines.training.defense_options import DefenseTraining
from physadv.engines.training.defense_pictures import DefensePictures, as_images
from physadv.engines.training.patch_families import Family
from physadv.engines.training.photos import U8
from physadv.engines.training.worn_patches import Wear, filed, worn
from physadv.library.files import atomic
from physadv.parts.defenses.localisation.blocks import means_around, over_pixels
from physadv.parts.defenses.localisation.learned import fill_, read_learned, written
from physadv.parts.defenses.localisation.localised import Localiser
from physadv.parts.defenses.localisation.masks import Thresholds, fitted, hard_mask

FALSE_ALARMS = 0.01
"""Of clean pictures, at which alarms are compared."""

JUDGED = Wear(sides=(0.12, 0.35), turn_deg=10.0)


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """Of one family, a patch in every picture."""

    learned: bool
    covered: float  # share of the patches that is masked
    precision: float  # share of what is masked that is patch
    alarms: float  # share of the pictures with an alarm


def ship(
    name: str, lesson: Lesson, net: nn.Module, data: DefensePictures, config: DefenseTraining,
    cpu_s: float, out: Path,
) -> dict[str, Any]:  # fmt: skip
    """Write weights (half precision) and model card, measured as shipped; returns the figures."""
    thresholds = _thresholds(lesson.judged(net), data.thresholds)
    path = atomic.write_bytes(out / f"{name}.safetensors", written(name, net, thresholds))
    learned, shipped = read_learned(name, str(path)), lesson.net()
    fill_(shipped, learned, name)
    localiser = lesson.judged(shipped)
    figures: dict[str, Any] = {
        "digest": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "thresholds": thresholds,
        "pictures": (len(data.learned), len(data.thresholds), len(data.figures)),
    }
    if data.figures:
        figures |= measured(localiser, thresholds, data, config.seed, lesson.with_patches)
    atomic.write_text(out / f"{name}.md", model_card(name, config, figures, cpu_s))
    return figures


def _thresholds(localiser: Localiser, pictures: tuple[U8, ...]) -> Thresholds:
    return fitted(_scores(localiser, pictures))


@torch.no_grad()
def _scores(localiser: Localiser, pictures: tuple[U8, ...]) -> Iterator[Tensor]:
    for picture in pictures:
        yield localiser.localise(as_images([picture]))


def measured(
    localiser: Localiser, thresholds: Thresholds, data: DefensePictures, seed: int, with_patches: bool
) -> dict[str, Any]:
    """Figures by family, and those of clean pictures; the alarm's threshold is from the pictures apart."""
    alarm_from = float(np.quantile([_peak(score) for score in _scores(localiser, data.thresholds)], 1 - FALSE_ALARMS))
    masked, alarmed = [], []
    for score in _scores(localiser, data.figures):
        masked.append(float(hard_mask(score, thresholds).mean()))
        alarmed.append(_peak(score) > alarm_from)
    families = {name: (family, with_patches) for name, family in data.families.learned.items()}
    families |= {name: (family, False) for name, family in data.families.held_out.items()}
    return {
        "clean masked": float(np.mean([share > 0 for share in masked])),
        "clean area": float(np.mean(masked)),
        "false alarms": float(np.mean(alarmed)),
        "families": {
            name: _of_family(localiser, thresholds, alarm_from, data.figures, family, seed, name, learned)
            for name, (family, learned) in families.items()
        },
    }


@torch.no_grad()
def _of_family(
    localiser: Localiser, thresholds: Thresholds, alarm_from: float, pictures: tuple[U8, ...], family: Family,
    seed: int, name: str, learned: bool,
) -> FamilyFigures:  # fmt: skip
    draws = seeding.generator(seed, f"figures/{name}")
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
    covered, both, masked_px, alarms = 0.0, 0.0, 0.0, 0
    for picture in pictures:
        seen, share = worn(picture, family(rng), rng, JUDGED)
        score = localiser.localise(as_images([filed(seen, rng, (85, 86))]))
        mask = over_pixels(hard_mask(score, thresholds), *picture.shape[:2])[0, 0].numpy()
        both, masked_px, covered = (
            both + float((mask * share).sum()),
            masked_px + float(mask.sum()),
            covered + float(share.sum()),
        )
        alarms += _peak(score) > alarm_from
    return FamilyFigures(learned, both / max(covered, 1e-9), both / max(masked_px, 1e-9), alarms / len(pictures))


def _peak(score: Tensor) -> float:
    return float(means_around(score).amax())


def model_card(name: str, config: DefenseTraining, figures: dict[str, Any], cpu_s: float) -> str:
    """Markdown: what it is, what it was made from, how well it works, and what it does not promise."""
    learned, apart, judged = figures["pictures"]
    hidden = ("photos", "validate", "patches", "held_out_patches", "photos_licence")
    settings = ", ".join(f"{key}={value}" for key, value in asdict(config).items() if key not in hidden)
    thresholds = figures["thresholds"]
    lines = [
        f"# {name}", "",
        f"Finds printed patches for `defense={name}`, which paints over them. {figures['parameters']:,} parameters.",
        "It helps against patches that do not know of it. An attack that does evades it: no robustness is promised.",
        "",
        f"- Weights: `{name}.safetensors`, half precision, licence CC0 1.0.",
        f"- SHA-256 of the file: `{figures['digest']}`.",
        f"- Thresholds: {thresholds.low:.4g} and {thresholds.high:.4g}, from {apart} clean pictures apart.",
        f"- Data: {learned} photos ({config.photos_licence}) and roads of `scenes=road`, clean"
        + (", with patches laid into them." if name == "segment" else "; no patch was ever shown."),
        f"- Command: `physadv train defense name={name} train.photos=PHOTOS train.validate=VALIDATION "
        f"train.patches=PATCHES train.held_out_patches=OTHERS out=FOLDER`, physadv {__version__}, "
        f"torch {torch.__version__.split('+')[0]}.",
        f"- Cost: {config.steps} steps, {cpu_s / 60:.1f} CPU min.",
        f"- Settings: {settings}.", "",
    ]  # fmt: skip
    if judged:
        lines += [
            f"## {judged} photos that were not trained on", "",
            f"A mask in {figures['clean masked']:.0%} of the clean photos, over {figures['clean area']:.1%} of their "
            f"area. Alarms from the peak score that {FALSE_ALARMS:.0%} of the pictures apart exceed; here "
            f"{figures['false alarms']:.1%} of the clean photos do.", "",
            "| patches | learned from | of the patch masked | of the mask patch | alarms |", "|---|---|---|---|---|",
        ]  # fmt: skip
        lines += [
            f"| {family} | {'yes' if row.learned else 'no'} "
            f"| {row.covered:.2f} | {row.precision:.2f} | {row.alarms:.2f} |"
            for family, row in figures["families"].items()
        ]
        lines += [
            "",
            "A patch in every photo, its side 12 to 35 % of the photo's shorter one, then JPEG of quality 85.",
            "",
        ]
    return "\n".join(lines)
