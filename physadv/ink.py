"""What a colour becomes in print: a measured printing condition as one differentiable table.

The table is a soft proof (sRGB asked for → sRGB seen on paper, media-relative), as in ICC colour management. It
replaces the "non-printability score" of the literature, which charges printable colours and pardons unprintable ones.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from physadv.errors import BadInput
from physadv.types import expect

COATED_OFFSET = Path(__file__).parent / "printing" / "data" / "coated-offset.safetensors"
"""Offset on coated paper (FOGRA39); its README names source and licence."""


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
        """Read a table ``(n,n,n,3)`` of uint8 or float codes; by default that of coated offset print."""
        try:
            with safe_open(path, "pt") as file:
                table: Tensor = file.get_tensor("table")
        except (OSError, SafetensorError) as error:
            raise BadInput(f"cannot read the proof table {str(path)!r}: {error}.") from error
        return cls(table.float() / 255 if table.dtype == torch.uint8 else table)

    def forward(self, srgb: Tensor) -> Tensor:
        """Proof ``(...,3,H,W)`` sRGB in [0, 1]. Gradient flows to ``srgb``, outside the printable colours too.

        Unlike ``grid_sample``, this is deterministic on every device and has gradient at the ends of the range.
        """
        position = srgb.movedim(-3, 0).reshape(3, -1) * self.count
        cell = position.detach().floor().clamp(0, self.count - 1)
        red, green, blue = position - cell
        cell_red, cell_green, cell_blue = cell.long()
        index = (cell_red * self.count + cell_green) * self.count + cell_blue
        nodes = self.cells.index_select(1, index).view(8, 3, -1)
        plane = torch.lerp(nodes[:4], nodes[4:], red)
        line = torch.lerp(plane[:2], plane[2:], green)
        printed = torch.lerp(line[0], line[1], blue)
        return printed.view(3, *srgb.shape[:-3], *srgb.shape[-2:]).movedim(0, -3)


def spread_inks(proof: ProofLut, count: int) -> Tensor:
    """Choose ``count`` printable colours that lie far apart: ``(count,3)`` sRGB, black first. Always the same ones.

    Farthest-point sampling of the table's colours; the Sharif et al. list of 30 printed swatches, from measurements.
    """
    colours = proof.colours
    chosen = [int(colours.sum(1).argmin())]
    distance = (colours - colours[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = torch.minimum(distance, (colours - colours[chosen[-1]]).square().sum(1))
    return colours[chosen]
