"""The render gap: the same patch on the same scenes, once traced into them and once laid over their pictures by us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.core.scene_protocols import Renderer
from physadv.core.types import PatchImage, SceneBatch, Score
from physadv.engines.judging.collect import Keeping, observe
from physadv.engines.judging.views import JudgedView, Observations, VictimUnderTest, ViewSource
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.metrics.average_precision import precision_scores
from physadv.library.metrics.interval import resampled_means, studentised
from physadv.library.metrics.outcomes import share
from physadv.library.metrics.summary import eligible, own_scores
from physadv.library.metrics.tables import F64, Bool, Findings, Truth
from physadv.library.report.pictures.render_gap import GapRow, gap_picture
from physadv.parts.patches.controls import CLEAN, PATCH

_SHOWN = (0.0, 0.5, 1.0)  # quantiles of the distance, or of the order where it is not known


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one picture of the twin differs from ours on the pixels of the patch, in sRGB codes of 0 to 1."""

    key: str
    distance_m: float | None
    pixels: int
    rmse: float
    mean_abs: float
    bias: float  # mean of twin minus ours


def render_gap(
    showing: ViewSource,
    ours: Renderer,
    shown: Mapping[str, PatchImage],
    watched: Sequence[VictimUnderTest],
    twin: Observations,
    weights: F64,
    *,
    seen_first: bool,
    out: Path,
) -> dict[str, Any]:
    """Judge once more with ``ours``, compare object by object, and write ``gap.png``.

    ``weights`` ``(R, I)`` are the resamples. Returns what the report shows.
    """
    laid = observe(replace(showing, renderer=ours), shown, watched, lambda done, total: None, Keeping(measure=False))
    scores = [
        {
            "victim": one.victim.name,
            "condition": c,
            "scores": _compared(twin, laid, number, one, c, weights, seen_first),
        }
        for number, one in enumerate(watched)
        for c in shown
        if c != CLEAN
    ]
    views, rows = _agreement(showing, ours, shown[PATCH])
    gap_picture(rows, out / "gap.png")
    return {"scores": scores, "agreement": _pooled(views), "views": [asdict(view) for view in views]}


def _compared(
    twin: Observations,
    laid: Observations,
    number: int,
    one: VictimUnderTest,
    arm: str,
    weights: F64,
    seen_first: bool,
) -> list[dict[str, Any]]:
    """Success, AP50 and confidence in both renderers, and their paired difference with a bootstrap over images."""
    truth, clean = twin.truth, twin.reported[number, CLEAN]
    both = [seen.reported[number, arm] for seen in (twin, laid)]
    tried = eligible(truth, clean.findings, clean.achieved, one.confidence, seen_first=seen_first)
    won = [share("success", one_side.achieved, tried, truth, "more attacked") for one_side in both]
    change = both[0].achieved.astype(np.float64) - both[1].achieved
    success = _mean_by_image(truth, change, tried, weights)
    own = [own_scores(truth, one_side.findings) for one_side in both]
    confidences = [_mean_by_image(truth, values, truth.judged, weights) for values in (*own, own[0] - own[1])]
    precise = _precision(truth, both[0].findings, both[1].findings, weights)
    rows = {"success": (*won, success), "AP50": precise, "confidence": confidences}
    return [
        {"name": name, **{k: replace(s, name=name) for k, s in zip(("twin", "ours", "difference"), row, strict=True)}}
        for name, row in rows.items()
    ]


def _mean_by_image(truth: Truth, values: F64, rows: Bool, weights: F64) -> Score:
    """The mean over ``rows``, with a bootstrap over images."""
    n = len(np.unique(truth.object_of[rows]))
    if not n:
        return Score("", float("nan"), float("nan"), float("nan"), 0, "")
    image, kept = truth.image_of_view[truth.view_of[rows]], values[rows]
    photos, value = len(np.unique(image)), float(kept.mean())
    return Score("", value, *studentised(value, resampled_means(kept, image, weights), photos), n, "", photos)


def _precision(truth: Truth, first: Findings, second: Findings, weights: F64) -> list[Score]:
    """AP50 of both and their difference."""
    (one, here), (two, there) = (precision_scores(truth, each, weights, None)["AP50"] for each in (first, second))
    value, photos = one.value - two.value, one.photos or 0
    return [one, two, Score("", value, *studentised(value, here - there, photos), one.n, "", photos)]


@torch.no_grad()
def _agreement(showing: ViewSource, ours: Renderer, patch: PatchImage) -> tuple[list[Agreement], list[GapRow]]:
    views, rows = list[Agreement](), list[GapRow]()
    for view in replace(showing, draws=1).views():
        traced, laid, covered = both(showing.renderer, ours, view.scene, patch)
        for row, key in enumerate(view.scene.keys):
            one = compared(key, _distance(view, row), traced[row], laid[row], covered[row])
            views.append(one)
            if one.pixels:
                rows.append(GapRow(_words(one), laid[row].cpu(), traced[row].cpu(), _box(view, row)))
    return views, _chosen(views, rows)


def both(twin: Renderer, ours: Renderer, scene: SceneBatch, patch: PatchImage) -> tuple[Tensor, Tensor, Tensor]:
    """The patch in the twin and in ours ``(B,3,H,W)``, neither of which varies, and where it is ``(B,H,W)`` bool.

    A pixel counts when the patch is more than half of it, judged by what a white and a black one leave there.
    """
    seed = torch.Generator().manual_seed(0)
    traced = twin.render(scene, patch, twin.sample(scene, seed))
    draws = ours.sample(scene, seed)
    laid, white, black = (
        ours.render(scene, one, draws)
        for one in (patch, *(replace(patch, srgb=torch.full_like(patch.srgb, v)) for v in (1.0, 0.0)))
    )
    light = (linear_from_srgb(white) - linear_from_srgb(black)).sum(1)
    return traced, laid, light > 0.5 * light.amax((1, 2), keepdim=True).clamp_min(1e-6)


def compared(key: str, distance_m: float | None, traced: Tensor, laid: Tensor, covered: Tensor) -> Agreement:
    """Two pictures ``(3,H,W)`` on the pixels that are ``covered`` ``(H,W)``."""
    off = (traced - laid)[:, covered].double()
    if not off.numel():
        return Agreement(key, distance_m, 0, float("nan"), float("nan"), float("nan"))
    rmse = float(off.square().mean().sqrt())
    return Agreement(key, distance_m, int(covered.sum()), rmse, float(off.abs().mean()), float(off.mean()))


def _pooled(views: Sequence[Agreement]) -> dict[str, Any]:
    """Over all pixels of the patch, and the worst picture."""
    seen = [view for view in views if view.pixels]
    if not seen:
        return {"pictures": 0, "pixels": 0, "rmse": None, "mean_abs": None, "bias": None, "worst_rmse": None}
    size = np.array([view.pixels for view in seen], float)
    squares, sums, biases = (np.array([getattr(v, n) for v in seen]) for n in ("rmse", "mean_abs", "bias"))
    return {
        "pictures": len(seen), "pixels": int(size.sum()), "rmse": float(np.sqrt(size @ squares**2 / size.sum())),
        "mean_abs": float(size @ sums / size.sum()), "bias": float(size @ biases / size.sum()),
        "worst_rmse": float(squares.max()),
    }  # fmt: skip


def _chosen(views: Sequence[Agreement], rows: Sequence[GapRow]) -> list[GapRow]:
    seen = [view for view in views if view.pixels]
    order = sorted(range(len(rows)), key=lambda i: (seen[i].distance_m or 0.0, i))
    places = sorted({round(q * (len(rows) - 1)) for q in _SHOWN}) if rows else []
    return [rows[order[place]] for place in places]


def _words(one: Agreement) -> str:
    where = "" if one.distance_m is None else f"{one.distance_m:.1f} m, "
    return f"{where}RMSE {one.rmse:.3f}"


def _distance(view: JudgedView, row: int) -> float | None:
    if view.scene.distance_m is None:
        return None
    return float(view.scene.distance_m[_wearer(view, row)])


def _box(view: JudgedView, row: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = view.scene.boxes_xyxy_px[_wearer(view, row)].tolist()
    return left, top, right, bottom


def _wearer(view: JudgedView, row: int) -> int:
    """The first object of an image that wears the patch, or its first."""
    scene = view.scene
    return int(((scene.image_of == row) & scene.wears).int().argmax())
