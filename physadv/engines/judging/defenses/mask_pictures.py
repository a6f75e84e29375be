"""Pictures of what a defence paints over: without a patch, with one, and with the one that knows the defence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from physadv.core.defended import Defended, defended_in
from physadv.core.labels import canonical
from physadv.core.problem.clips import standing_still
from physadv.engines.judging.evaluate import shown_of
from physadv.engines.judging.trial import Trial, groups
from physadv.engines.judging.views import JudgedView, VictimUnderTest, ViewSource
from physadv.library.report.pictures.contact_sheet import ArmTile, ObjectRow, ReportMark
from physadv.library.report.pictures.mask_sheet import mask_sheet

_CHANGED = 1.5 / 255  # of a colour, from which a pixel counts as painted over


@torch.no_grad()
def save_masks(trial: Trial, titles: Mapping[str, str], path: Path) -> Path | None:
    """Write a large object that wears the patch: picture, mask, what is seen; a row an arm of ``titles`` (words).

    ``None`` where nothing wears it. The trial has one victim.
    """
    (group,) = groups(trial)
    behind, shown = defended_in(group.watched[0].victim), shown_of(trial)
    found = _largest_worn(group.showing)
    if found is None or behind is None:
        return None
    view, row = found
    rows = []
    for arm, words in titles.items():
        image = group.showing.render(view, shown[arm])[int(view.scene.image_of[row])][None]
        rows.append(_row(words, image, behind, group.watched[0], view, row))
    return mask_sheet(rows, path)


def seen_through(behind: Defended[Any, Any], images: Tensor) -> Tensor:
    """What the bare victim gets of pictures ``(B,3,H,W)`` behind all its defences."""
    inner = behind.passed_on(images)
    return seen_through(behind.inside, inner) if behind.inside else inner


def _largest_worn(showing: ViewSource) -> tuple[JudgedView, int] | None:
    """Of the first batch in which something wears the patch."""
    for view in showing.views():
        if view.scene.wears.any():
            left, top, right, bottom = view.scene.boxes_xyxy_px.unbind(1)
            areas = (right - left) * (bottom - top)
            return view, int(areas.where(view.scene.wears, areas.new_tensor(-1.0)).argmax())
    return None


def _row(
    words: str, image: Tensor, behind: Defended[Any, Any], watched: VictimUnderTest, view: JudgedView, row: int
) -> ObjectRow:
    scene = view.scene
    height, width = scene.sizes_px[int(scene.image_of[row])].tolist()
    passed = seen_through(behind, image)
    same_size = passed.shape == image.shape
    changed = ((passed - image).abs().amax(1, keepdim=True) > _CHANGED).float() if same_size else image[:, :1] * 0
    label = scene.label_names[int(scene.labels[row])]
    asked = standing_still(watched.victim)
    (reports,) = asked.decide(asked.outputs(image), watched.confidence)
    names = [watched.victim.labels[index] for index in reports.labels.tolist()]
    marks = tuple(
        ReportMark((box[0], box[1], box[2], box[3]), name, score, canonical(name) == canonical(label))
        for box, name, score in zip(reports.boxes_xyxy_px.tolist(), names, reports.scores.tolist(), strict=True)
    )
    tiles = (("picture", image, ()), ("painted over", changed.expand(-1, 3, -1, -1), ()),
             ("what the victim gets", passed if same_size else image, marks))  # fmt: skip
    box = tuple(float(edge) for edge in scene.boxes_xyxy_px[row].tolist())
    return ObjectRow(
        words, "", label, (box[0], box[1], box[2], box[3]),
        tuple(ArmTile(name, srgb[0, :, :height, :width].cpu(), found) for name, srgb, found in tiles),
    )  # fmt: skip
