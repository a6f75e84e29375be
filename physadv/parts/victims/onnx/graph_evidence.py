"""Evidence in the values: boxes or scores, corners or centres, pixels or shares, logits or probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.parts.victims.onnx.graph_decoders import Hw
from physadv.parts.victims.onnx.graph_probe import Probe, cell_count

PYRAMIDS = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))  # strides of the heads in use
_MARGIN = 0.15  # by which a box may leave the picture, as a share of it
_ENOUGH = 8  # boxes
_MAX_SHARE = 2.0  # boxes that never exceed it are shares of the canvas


@dataclass(frozen=True)
class BoxForm:
    """How four numbers are a box."""

    centres: bool  # centre and size, else two corners
    scale_xy: tuple[float, float]  # pixels per unit
    certain: bool

    @property
    def other(self) -> str:
        """The option that says the opposite."""
        return "corners" if self.centres else "centres"

    @property
    def words(self) -> str:
        """For messages."""
        unit = "pixels" if self.scale_xy == (1.0, 1.0) else "shares of the image"
        return f"{'centre and size' if self.centres else 'corners'} in {unit}"


def box_form(boxes: Tensor, probe: Probe, *, usual: str) -> BoxForm:
    """From ``(..., 4)`` values: one of the two readings makes boxes that are inside out or leave the picture.

    ``usual`` is what such outputs hold where both are possible: corners or centres.
    """
    rows = boxes.reshape(-1, 4).float()
    rows = rows[rows.abs().sum(dim=1) > 0]  # rows of zeros fill up a table
    scale_xy = scale(rows, probe.canvas_hw)
    if probe.boxes != "auto":
        height, width = probe.canvas_hw
        unit = (float(width), float(height)) if probe.boxes.endswith("in-shares") else scale_xy
        return BoxForm(probe.boxes.startswith("centres"), unit, certain=True)
    as_corners, as_centres = _plausible(rows, probe.canvas_hw, scale_xy)
    if len(rows) and (as_corners < 0.99) != (as_centres < 0.9):
        return BoxForm(as_corners < 0.99, scale_xy, certain=True)
    return BoxForm(usual == "centres", scale_xy, certain=False)


def many_different(boxes: Tensor) -> bool:
    """Whether there are rows ``(..., 4)`` enough that some would look inside out in the wrong reading."""
    rows = boxes.reshape(-1, 4)
    return len(torch.unique(rows[rows.abs().sum(dim=1) > 0], dim=0)) >= _ENOUGH


def _plausible(rows: Tensor, canvas_hw: Hw, scale_xy: tuple[float, float]) -> tuple[float, float]:
    """The share of rows that are boxes when read as corners, and as centre and size."""
    if not len(rows):
        return 1.0, 1.0
    span = rows.new_tensor([canvas_hw[1], canvas_hw[0]]) / rows.new_tensor(scale_xy)
    first, second = rows[:, :2], rows[:, 2:]
    corners = (second >= first - 1e-3 * span).all(dim=1)
    low, high = first - second / 2, first + second / 2
    inside = (low >= -_MARGIN * span) & (high <= (1 + _MARGIN) * span)
    centres = inside.all(dim=1) & (second >= 0).all(dim=1)
    return float(corners.float().mean()), float(centres.float().mean())


def could_be_boxes(values: Tensor, canvas_hw: Hw) -> bool:
    """Whether nearly all rows ``(..., 4)`` are boxes with an area and their middle on the canvas, in whatever form."""
    rows = values.reshape(-1, 4).float()
    span = rows.new_tensor([canvas_hw[1], canvas_hw[0]]) / rows.new_tensor(scale(rows, canvas_hw))
    first, second = rows[:, :2], rows[:, 2:]
    as_corners = (second > first).all(dim=1) & _on(span, (first + second) / 2)
    as_centres = (second > 0).all(dim=1) & _on(span, first)
    return max(float(as_corners.float().mean()), float(as_centres.float().mean())) > 0.9


def _on(span: Tensor, points: Tensor) -> Tensor:
    return ((points >= 0) & (points <= span)).all(dim=1)


def scale(boxes: Tensor, canvas_hw: Hw) -> tuple[float, float]:
    """Pixels per unit, across and down: boxes ``(..., 4)`` that never exceed two are shares of the canvas."""
    shares = boxes.numel() > 0 and float(boxes.abs().max()) <= _MAX_SHARE
    return (float(canvas_hw[1]), float(canvas_hw[0])) if shares else (1.0, 1.0)


def are_logits(scores: Tensor) -> bool:
    """Whether any value, of whatever shape ``(...)``, is no probability."""
    return bool(((scores < -1e-3) | (scores > 1 + 1e-3)).any())


def odd_columns(scores: Tensor) -> list[int]:
    """Columns of ``(1, A, K)`` that leave [0, 1], where others keep to it: those are no scores of the same kind."""
    leaves = ((scores < -1e-3) | (scores > 1 + 1e-3)).flatten(0, 1).any(dim=0)
    return [] if bool(leaves.all()) else leaves.nonzero().flatten().tolist()


def share_won(scores: Tensor, column: int) -> float:
    """In which share of the rows of ``(1, A, K)`` this column is the largest."""
    rows = scores.reshape(-1, scores.shape[-1])
    return float((rows.argmax(dim=1) == column % scores.shape[-1]).float().mean()) if len(rows) else 0.0


def sum_to_one(scores: Tensor) -> bool:
    """Whether each row of ``(..., K)`` adds to one, as softmax makes it."""
    return scores.numel() > 0 and not are_logits(scores) and bool((scores.sum(dim=-1) - 1).abs().max() < 1e-2)


def family_rows(canvas_hw: Hw, rows: int) -> int:
    """How many rows a cell has: 1, 3, or 0 when the number of rows fits no pyramid."""
    return next((per for per in (1, 3) for s in PYRAMIDS if rows == per * cell_count(canvas_hw, s)), 0)


def nearer(values: Tensor, grid: Tensor) -> bool:
    """Whether most values lie nearer to the grid's places, ``(..., 2)`` both, than to zero: decoded, not offsets."""
    return bool((values - grid).abs().median() < values.abs().median())


def always_one(column: Tensor) -> bool:
    """Whether a column ``(...)`` is an objectness that says nothing."""
    return column.numel() > 0 and bool(torch.allclose(column, torch.ones_like(column), atol=1e-4))
