"""Colours in print: a measured printing condition as one differentiable table.

The table is a soft proof (sRGB asked for → sRGB seen on paper, media-relative), as in ICC colour management. It
replaces the "non-printability score" of the literature, which charges printable colours and pardons unprintable ones.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from physadv.core.errors import BadInput
from physadv.core.types import expect
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
from physadv.library.colour.difference import VISIBLE, delta_e00, lab_from_srgb

COATED_OFFSET = Path(__file__).parent / "data" / "coated-offset.safetensors"
"""Offset on coated paper (FOGRA39); its README names source and licence."""

SAME = 1.0  # ΔE00 below which two prints are taken for the same
INVERSION_STEPS = 4  # leave 0.13 ΔE00 on average, 0.9 at most


class ProofLut(nn.Module):
    """Soft proof by trilinear interpolation between the ``n``³ nodes of a table."""

    colours: Tensor
    cells: Tensor

    def __init__(self, table: Tensor) -> None:
        """``table`` ``(n,n,n,3)``: the printed sRGB colour at node (red, green, blue)."""
        super().__init__()
        nodes = table.shape[0]
        expect("ProofLut.table", table, (nodes, nodes, nodes, 3))
        self.count = nodes - 1  # cells along an axis
        corners = [
            table[r : r + self.count, g : g + self.count, b : b + self.count]
            for r in (0, 1) for g in (0, 1) for b in (0, 1)
        ]  # fmt: skip
        self.register_buffer("colours", table.reshape(-1, 3).contiguous(), persistent=False)
        # the eight nodes round each cell side by side, (8 * 3, cells), so that a colour needs a single look-up
        self.register_buffer("cells", torch.stack(corners).movedim(-1, 1).reshape(24, -1), persistent=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str] = COATED_OFFSET) -> ProofLut:
        """Read a table ``(n,n,n,3)`` of uint8 or float codes; by default that of coated offset print.

        Raises :class:`BadInput` for a file that holds no such table.
        """
        try:
            with safe_open(path, "pt") as file:
                table: Tensor = file.get_tensor("table")
        except (OSError, SafetensorError) as error:
            raise BadInput(f"cannot read the proof table {str(path)!r}: {error}.") from error
        table = table.float() / 255 if table.dtype == torch.uint8 else table
        size = table.shape[0] if table.ndim == 4 else 0
        if table.shape != (size, size, size, 3) or size < 2 or not table.is_floating_point():
            raise BadInput(f"the proof table {str(path)!r} must be (n, n, n, 3) numbers, got {tuple(table.shape)}.")
        if not ((table >= 0) & (table <= 1)).all():
            raise BadInput(f"the proof table {str(path)!r} must hold sRGB in [0, 1], or uint8 codes.")
        return cls(table.float())

    def forward(self, srgb: Tensor) -> Tensor:
        """Proof ``(...,3,H,W)`` sRGB in [0, 1]. Gradient flows to ``srgb``, outside the printable colours too.

        Unlike ``grid_sample``, this is deterministic on every device and has gradient at the ends of the range.
        """
        flat = srgb.movedim(-3, 0).reshape(3, -1)
        printed: Tensor = _Trilinear.apply(flat, self.cells, self.count)
        return printed.view(3, *srgb.shape[:-3], *srgb.shape[-2:]).movedim(0, -3)

    @torch.no_grad()
    def printable(self, srgb: Tensor) -> Tensor:
        """The colours ``(3,H,W)`` to ask for instead: they print the same, within 1 ΔE00, and look as they print.

        What is in the printer's gamut stays; the rest moves onto it, up to the black point, which proofing lifts. It is
        the inverse of the proof at the print's own colours, by fixed-point steps (the proof is close to the identity
        there). A second time moves nothing by more than 3 ΔE00, and hardly anything at all.
        """
        printed = self(srgb)
        black = linear_from_srgb(self.colours.to(srgb)[0]).view(3, 1, 1)
        asked = srgb_from_linear(((linear_from_srgb(printed) - black) / (1 - black)).clamp(0, 1))
        for _ in range(INVERSION_STEPS):
            asked = (asked + printed - self(asked)).clamp(0, 1)
        same = delta_e00(lab_from_srgb(self(asked)), lab_from_srgb(printed)) <= SAME
        moved = delta_e00(lab_from_srgb(asked), lab_from_srgb(srgb)) > VISIBLE
        return torch.where(same & moved, asked, srgb)


class _Trilinear(torch.autograd.Function):
    """Colours ``(3,n)`` and a table's cells ``(24,c)`` → ``(3,n)``. The backward reads the eight nodes once more."""

    @staticmethod
    def forward(ctx: Any, srgb: Tensor, cells: Tensor, count: int) -> Tensor:
        position = srgb * count
        cell = position.floor().clamp_(0, count - 1)
        within = position.sub_(cell)
        red, green, blue = cell.long()
        nodes = cells.index_select(1, (red * count + green) * count + blue).to(srgb.dtype).view(8, 3, -1)
        ctx.save_for_backward(nodes, within)
        ctx.count = count
        return _between(nodes, *within)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, None]:
        nodes, (red, green, blue) = ctx.saved_tensors
        slopes = (nodes * gradient).sum(1)  # (8,n): what each node adds to the loss
        plane = torch.lerp(slopes[:4], slopes[4:], red)
        line = torch.lerp(plane[:2], plane[2:], green)
        along_red, along_green = slopes[4:] - slopes[:4], plane[2:] - plane[:2]
        along_red = torch.lerp(along_red[:2], along_red[2:], green)
        parts = torch.lerp(along_red[0], along_red[1], blue), torch.lerp(along_green[0], along_green[1], blue)
        return torch.stack((*parts, line[1] - line[0])).mul_(ctx.count), None, None


def _between(nodes: Tensor, red: Tensor, green: Tensor, blue: Tensor) -> Tensor:
    """Mix the nodes ``(8,...,n)`` of each colour's cell by where it lies in it."""
    plane = torch.lerp(nodes[:4], nodes[4:], red)
    line = torch.lerp(plane[:2], plane[2:], green)
    return torch.lerp(line[0], line[1], blue)


def spread_inks(proof: ProofLut, count: int) -> Tensor:
    """Choose ``count`` printable colours that lie far apart: ``(count,3)`` sRGB, black first. Always the same ones.

    Farthest-point sampling of the table's colours; the Sharif et al. list of 30 printed swatches, from measurements.
    """
    return proof.colours[_farthest(proof.colours, count)]


def requests_for_inks(proof: ProofLut, count: int) -> Tensor:
    """The colours to ask the printer for, ``(count,3)`` sRGB, so that :func:`spread_inks` come out."""
    nodes = torch.tensor(_farthest(proof.colours, count), device=proof.colours.device)
    side = proof.count + 1
    asked = torch.stack((nodes // side**2, nodes // side % side, nodes % side)) / proof.count
    return proof.printable(asked[:, None])[:, 0].T.contiguous()


def _farthest(colours: Tensor, count: int) -> list[int]:
    chosen = [int(colours.sum(1).argmin())]
    distance = (colours - colours[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = torch.minimum(distance, (colours - colours[chosen[-1]]).square().sum(1))
    return chosen
