"""The end of a training: weights, figures on pictures that were never trained on, and the model card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from physadv.core.version import __version__
from physadv.engines.training.detector_figures import (
    Row,
    ThresholdCount,
    average_precisions,
    by_height,
    chosen_threshold,
    tallies,
)
from physadv.engines.training.detector_state import shape_of
from physadv.engines.training.drawn import labels_of
from physadv.engines.training.drawn_figures import on_drawings
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import TrainingPhotos
from physadv.library.files import atomic
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import SignNano, load_sign_nano
from physadv.parts.victims.sign_nano_net import SignNanoNet
from physadv.parts.victims.sign_nano_weights import metadata_of

_THRESHOLDS = (0.4, 0.5, 0.6)


@dataclass(frozen=True)
class About:
    """How a card begins."""

    name: str  # of the weights
    says: tuple[str, ...]  # what it is for
    command: str
    begun_from: str = ""  # SHA-256 of the weights' file; empty: random weights
    licence: str = ""  # of the weights; empty: theirs who trained them


DETECTOR = About(
    "sign-nano",
    ("The victim that comes with physadv: small, quick, and good enough to be worth attacking. Not for driving.",),
    "physadv train detector train.photos=PHOTOS train.validate=VALIDATION out=FOLDER",
    licence="CC0 1.0",
)


@dataclass(frozen=True)
class Judges:
    """Photos that were not trained on."""

    validation: TrainingPhotos | None  # for the figures; nothing is chosen by them
    apart: TrainingPhotos | None = None  # for the threshold


def ship(
    net: SignNanoNet, about: About, config: TrainConfig, judges: Judges, times: dict[str, float], out: Path
) -> dict[str, Any]:
    """Write weights (half precision) and model card, evaluated as shipped; returns the figures."""
    path = out / f"{about.name}.safetensors"
    _write(net, config, None, path)
    threshold = _threshold(path, judges.apart, config)
    if threshold is not None:
        _write(net, config, threshold, path)
    victim = load_sign_nano(_as_judged(path, config, threshold), about.name)
    figures: dict[str, Any] = {"digest": victim.digest, "parameters": sum(p.numel() for p in net.parameters())}
    if judges.validation is not None:
        figures |= _on_photos(victim, judges.validation, threshold)
    figures |= {"threshold": threshold} if threshold is not None else {}
    figures["drawn"] = on_drawings(victim, config)
    atomic.write_bytes(out / f"{about.name}.md", model_card(about, config, figures, times).encode())
    return figures


def _write(net: SignNanoNet, config: TrainConfig, threshold: float | None, path: Path) -> None:
    half = {
        name: value.detach().cpu().half().contiguous() if value.is_floating_point() else value.cpu()
        for name, value in net.state_dict().items()
    }
    atomic.write_bytes(path, save(half, metadata=metadata_of(labels_of(config), shape_of(config), threshold)))


def _as_judged(path: Path, config: TrainConfig, threshold: float | None = None) -> SignNanoConfig:
    return SignNanoConfig(weights=str(path), confidence=threshold, size_px=config.judged_px)


def _threshold(path: Path, apart: TrainingPhotos | None, config: TrainConfig) -> float | None:
    if apart is None or not apart.pictures:
        return None
    victim = load_sign_nano(_as_judged(path, config))
    return chosen_threshold(victim, apart.pictures, np.flatnonzero(apart.known).tolist())


def _on_photos(victim: SignNano, photos: TrainingPhotos, threshold: float | None) -> dict[str, Any]:
    judged = np.flatnonzero(photos.known).tolist()
    thresholds = _THRESHOLDS if threshold is None else tuple(sorted({*_THRESHOLDS, threshold}))
    return {
        "photos": average_precisions(victim, photos.pictures, judged),
        "photos by height": by_height(victim, photos.pictures, judged),
        "at threshold": tallies(victim, photos.pictures, judged, thresholds),
    }


def model_card(about: About, config: TrainConfig, figures: dict[str, Any], times: dict[str, float]) -> str:
    """Markdown: what it is, what it was made from, how well it works, where it fails."""
    licence = f", licence {about.licence}" if about.licence else ""
    lines = [
        f"# {about.name}", "",
        f"Detects {', '.join(labels_of(config))}. {figures['parameters']:,} parameters, strides 8, 16, 32, no anchors.",
        *about.says, "",
        f"- Weights: `{about.name}.safetensors`, half precision{licence}.",
        f"- SHA-256 of the file: `{figures['digest']}`.",
        f"- Data: {_data(config)}.",
        f"- Command: `{about.command}`, "
        f"seed {config.seed}, physadv {__version__}, torch {torch.__version__.split('+')[0]}.",
        *([f"- Begun from the weights `{about.begun_from}`."] if about.begun_from else []),
        *_threshold_line(figures, config),
        f"- Cost: {times['steps']:.0f} steps, {times['wall_s'] / 60:.0f} min, {times['cpu_s'] / 60:.0f} CPU min.",
        f"- Settings: {_settings(config)}.", "",
        "One training, one seed; the figures below are of the weights as shipped, and nothing was chosen by them.",
    ]  # fmt: skip
    tables: dict[str, dict[str, Row]] = {}
    if "photos" in figures:
        size = f"shrunk to {config.judged_px} px" if config.judged_px else "at their own size"
        tables[f"Photos that were not trained on, {size}"] = figures["photos"]
        if len(figures["photos by height"]) > 1:
            tables["The same photos, by the height of what is to be found"] = figures["photos by height"]
    for title, table in (tables | figures["drawn"]).items():
        lines += ["", f"## {title}", "", *_table(table.items())]
    if "at threshold" in figures:
        lines += ["", "## Photos, by threshold", "", *_by_threshold(figures["at threshold"])]
    if not config.labels:
        lines += ["", "On photos, `yield` and `warning` were never labelled: they are known from drawings only."]
    return "\n".join([*lines, ""])


def _data(config: TrainConfig) -> str:
    photos = f"labelled photos ({config.photos_licence})" if config.photos else "no photos"
    drawn = " and ".join(f"`scenes={name}`" for name in dict.fromkeys(config.drawings))
    return f"{photos}; drawn pictures of {drawn} ({config.renders} pictures)" if config.renders else photos


def _settings(config: TrainConfig) -> str:
    """Those that there were from the first, and others where they were chosen."""
    hidden = ("photos", "validate", "photos_licence", "workers", "begin")
    usual = TrainConfig()
    told = []
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in hidden and (field.name in _ALWAYS or value != getattr(usual, field.name, None)):
            told.append(f"{field.name}={value}")
    return ", ".join(told)


_ALWAYS = (
    "epochs", "batch", "size_px", "learning_rate", "weight_decay", "renders", "renders_an_epoch", "held_out_renders",
    "distance_m", "mosaic", "average", "bf16", "seed",
)  # fmt: skip


def _threshold_line(figures: dict[str, Any], config: TrainConfig) -> list[str]:
    if "threshold" not in figures:
        return []
    return [
        f"- Threshold: {figures['threshold']:.2f}, in the file. Chosen on {config.apart:.0%} of the photos, kept apart "
        "from training: where F1 is best, or from where on at most one empty photo in 20 raises an alarm."
    ]


def _by_threshold(rows: Sequence[ThresholdCount]) -> list[str]:
    empty = any(row.empty for row in rows)
    head = ["| threshold | found | precision | false alarms a picture |", "|---|---|---|---|"]
    if empty:
        head = [head[0] + " empty photos with an alarm |", head[1] + "---|"]
    lines = []
    for row in rows:
        precision = row.found / max(row.found + row.false, 1)
        line = f"| {row.threshold:.2f} | {row.found / max(row.objects, 1):.3f} | {precision:.3f} | "
        line += f"{row.false / max(row.pictures, 1):.2f} |"
        lines.append(line + (f" {row.alarms} of {row.empty} |" if empty else ""))
    return head + lines


def _table(rows: Iterable[tuple[str, Row]]) -> list[str]:
    head = ["| | AP | AP50 | objects |", "|---|---|---|---|"]
    return head + [f"| {name} | {ap:.3f} | {ap50:.3f} | {count} |" for name, (ap, ap50, count) in rows]
