"""The end of a training: figures on photos and renders that were never trained on, weights, and the model card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torchvision.ops import box_iou

from physadv.core.version import __version__
from physadv.engines.training.batches import labelled, road_of
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture, TrainingPhotos
from physadv.library.files import atomic
from physadv.library.metrics.average_precision import library_average_precision
from physadv.library.roads.signs import LABELS, NAMES, kind_of
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import SignNano, load_sign_nano
from physadv.parts.victims.sign_nano_net import SignNanoNet
from physadv.parts.victims.sign_nano_weights import METADATA_KEY

_BUCKETS_PX = (0, 16, 24, 48, 96, 10_000)  # longer side of the rendered stop sign
_HELD_OUT_SEED = 10_007  # added to the training seed; training renders come from another generator altogether


@dataclass(frozen=True)
class About:
    """How a card begins."""

    name: str  # of the weights
    says: tuple[str, ...]  # what it is for
    command: str
    begun_from: str = ""  # SHA-256 of the weights' file; empty: random weights


DETECTOR = About(
    "sign-nano",
    ("The victim that comes with physadv: small, quick, and good enough to be worth attacking. Not for driving.",),
    "physadv train detector train.photos=PHOTOS train.validate=VALIDATION out=FOLDER",
)


def ship(
    net: SignNanoNet, about: About, config: TrainConfig, validation: TrainingPhotos | None, times: dict[str, float],
    out: Path,
) -> dict[str, Any]:  # fmt: skip
    """Write weights (half precision) and model card, evaluated as shipped; returns the figures."""
    path = out / f"{about.name}.safetensors"
    half = {
        name: value.detach().cpu().half().contiguous() if value.is_floating_point() else value.cpu()
        for name, value in net.state_dict().items()
    }
    atomic.write_bytes(path, save(half, metadata={METADATA_KEY: "\n".join(LABELS)}))
    victim = load_sign_nano(SignNanoConfig(weights=str(path)))
    figures: dict[str, Any] = {"digest": victim.digest, "parameters": sum(p.numel() for p in net.parameters())}
    if validation is not None:
        judged = [int(i) for i in np.flatnonzero(validation.known)]
        figures["photos"] = average_precisions(victim, validation.pictures, judged)
        figures["at threshold"] = _at_thresholds(victim, validation.pictures, judged)
    figures["renders"] = _on_renders(victim, config)
    figures["stop sign by size"] = _stop_by_size(victim, config)
    atomic.write_bytes(out / f"{about.name}.md", model_card(about, config, figures, times).encode())
    return figures


def average_precisions(
    victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int]
) -> dict[str, tuple[float, float, int]]:
    """AP over IoU 0.5 to 0.95, AP at 0.5 and number of objects, for each judged label and their mean."""
    truth, results = _coco(victim, pictures)
    table: dict[str, tuple[float, float, int]] = {}
    for label in judged:
        count = sum(mark["category_id"] == label + 1 for mark in truth["annotations"])
        if count:
            ap, ap50 = library_average_precision(truth, results, [label + 1])
            table[LABELS[label]] = (ap, ap50, count)
    ap, ap50, _ = np.mean(list(table.values()), axis=0).tolist()
    return table | {"mean": (ap, ap50, sum(count for *_, count in table.values()))}


def _coco(victim: SignNano, pictures: Sequence[LabelledPicture]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ground truth and detections (from 0.01 on) as COCO dictionaries; image and category ids count from 1."""
    images: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image_id, picture in enumerate(pictures, start=1):
        height, width = picture.rgb_u8.shape[:2]
        images.append({"id": image_id, "width": width, "height": height, "file_name": str(image_id)})
        for box, label in zip(picture.boxes_xyxy_px.tolist(), picture.labels.tolist(), strict=True):
            xywh = _xywh(box)
            marks.append({
                "id": len(marks) + 1, "image_id": image_id, "category_id": label + 1, "bbox": xywh,
                "area": xywh[2] * xywh[3], "iscrowd": 0,
            })  # fmt: skip
        found = victim.decide(victim.outputs(_tensor(picture)), confidence=0.01)[0]
        for box, score, label in zip(
            *(x.tolist() for x in (found.boxes_xyxy_px, found.scores, found.labels)), strict=True
        ):
            results.append({"image_id": image_id, "category_id": label + 1, "bbox": _xywh(box), "score": score})
    categories = [{"id": i, "name": name} for i, name in enumerate(LABELS, start=1)]
    return {"images": images, "annotations": marks, "categories": categories, "info": {}}, results


def _at_thresholds(
    victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int]
) -> list[tuple[float, float, float]]:
    """Threshold, share of objects found (IoU 0.5, right label), false alarms a picture; judged labels only."""
    rows = []
    outputs = [victim.outputs(_tensor(picture)) for picture in pictures]
    for threshold in (0.4, 0.5, 0.6):
        found = objects = false = 0
        for output, picture in zip(outputs, pictures, strict=True):
            reported = victim.decide(output, threshold)[0]
            of_judged = torch.isin(reported.labels, torch.tensor(judged))
            labels, truth = reported.labels[of_judged, None], torch.from_numpy(picture.labels)[None]
            iou = box_iou(reported.boxes_xyxy_px[of_judged], torch.from_numpy(picture.boxes_xyxy_px))
            match = (iou > 0.5) & (labels == truth)
            found, objects = found + int(match.any(0).sum()), objects + match.shape[1]
            false += int((~match.any(1)).sum())
        rows.append((threshold, found / max(objects, 1), false / len(pictures)))
    return rows


def _xywh(box: list[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def _tensor(picture: LabelledPicture) -> torch.Tensor:
    return torch.from_numpy(picture.rgb_u8).permute(2, 0, 1)[None].float() / 255


def _held_out(sign: str, config: TrainConfig, count: int) -> list[LabelledPicture]:
    road = road_of(sign, config, images=count, seed=config.seed + _HELD_OUT_SEED)
    return [labelled(scene, i) for scene in road.sweep(8) for i in range(len(scene.keys))]


def _on_renders(victim: SignNano, config: TrainConfig) -> dict[str, tuple[float, float, int]]:
    """Every kind of sign on roads of its own."""
    count = max(1, config.held_out_renders // 4)
    pictures = [picture for name in NAMES for picture in _held_out(name, config, count)]
    return average_precisions(victim, pictures, [kind_of(name).label for name in NAMES])


def _stop_by_size(victim: SignNano, config: TrainConfig) -> dict[str, tuple[float, float, int]]:
    """Pictures grouped by the longer side of their stop sign."""
    label = kind_of("stop").label
    pictures = _held_out("stop", config, config.held_out_renders)
    sides = [float((p.boxes_xyxy_px[0, 2:] - p.boxes_xyxy_px[0, :2]).max()) for p in pictures]
    table = {}
    for low, high in (*pairwise(_BUCKETS_PX), (16, 10_000)):
        group = [p for p, side in zip(pictures, sides, strict=True) if low <= side < high]
        if group:
            name = f"{low} px and more" if high == _BUCKETS_PX[-1] else f"{low} to {high} px"
            table[name] = average_precisions(victim, group, [label])[LABELS[label]]
    return table


def model_card(about: About, config: TrainConfig, figures: dict[str, Any], times: dict[str, float]) -> str:
    """Markdown: what it is, what it was made from, how well it works, where it fails."""
    photos = f"labelled photos in COCO format ({config.photos_licence})" if config.photos else "no photos"
    hidden = ("photos", "validate", "photos_licence", "workers")
    settings = {f.name: value for f, value in zip(fields(config), asdict(config).values(), strict=True)}
    lines = [
        f"# {about.name}", "",
        f"Detects {', '.join(LABELS)}. {figures['parameters']:,} parameters, strides 8, 16 and 32, no anchors.",
        *about.says, "",
        f"- Weights: `{about.name}.safetensors`, half precision, licence CC0 1.0.",
        f"- SHA-256 of the file: `{figures['digest']}`.",
        f"- Data: {photos}; drawn roads of `scene=road` ({config.renders} pictures).",
        f"- Command: `{about.command}`, "
        f"seed {config.seed}, physadv {__version__}, torch {torch.__version__.split('+')[0]}.",
        *([f"- Begun from the weights `{about.begun_from}`."] if about.begun_from else []),
        f"- Cost: {times['steps']:.0f} steps, {times['wall_s'] / 60:.0f} min, {times['cpu_s'] / 60:.0f} CPU min.",
        f"- Settings: {', '.join(f'{k}={v}' for k, v in settings.items() if k not in hidden)}.", "",
        "One training, one seed; the figures below are of the weights as shipped, and nothing was chosen by them.",
    ]  # fmt: skip
    titles = {
        "photos": "Photos that were not trained on, at their own size",
        "renders": "Drawn roads that were not trained on",
        "stop sign by size": "Drawn stop signs by their longer side",
    }
    for key, title in titles.items():
        if key in figures:
            lines += ["", f"## {title}", "", *_table(figures[key].items())]
    if "at threshold" in figures:
        lines += ["", "## Photos, by threshold", "", "| threshold | found | false alarms a picture |", "|---|---|---|"]
        lines += [f"| {at:.1f} | {found:.3f} | {false:.2f} |" for at, found, false in figures["at threshold"]]
    lines += ["", "On photos, `yield` and `warning` were never labelled: they are known from drawings only.", ""]
    return "\n".join(lines)


def _table(rows: Iterable[tuple[str, tuple[float, float, int]]]) -> list[str]:
    head = ["| | AP | AP50 | objects |", "|---|---|---|---|"]
    return head + [f"| {name} | {ap:.3f} | {ap50:.3f} | {count} |" for name, (ap, ap50, count) in rows]
