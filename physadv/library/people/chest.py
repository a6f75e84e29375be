"""The front of a shirt as cloth with known millimetres: where each of them is in space.

Lengths are measured along the cloth: down its middle line from the print's middle, and from there to both sides along
the ring of the trunk. The print's middle lies .34 of the stature below the top of the head, where ``wear_on=torso`` has
it for photos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physadv.library.people.figure import Figure
from physadv.library.people.mesh import F64, cross

MIDDLE = 1 - 0.34  # height of the print's middle, share of the stature
_HALF_MM = (140.0, 160.0)  # of the cloth that the plane is fitted to


@dataclass(frozen=True, eq=False, slots=True)
class ChestCloth:
    """The front of one shirt, in the frame of its body."""

    grid: F64  # (rows, columns, 3) m
    along_mm: F64  # (rows,) down the middle line, 0 at the print's middle
    across_mm: F64  # (rows, columns) to the sides, 0 in the middle column

    @staticmethod
    def of(figure: Figure) -> ChestCloth:
        """Measure a figure's shirt."""
        grid = figure.trunk
        middle = grid.shape[1] // 2
        steps = np.linalg.norm(np.diff(grid[:, middle], axis=0), axis=1)
        along = 1000 * np.concatenate([[0], np.cumsum(steps)])
        zero = np.interp(-MIDDLE, -figure.heights, along)
        round_it = 1000 * np.linalg.norm(np.diff(grid, axis=1), axis=2)
        across = np.concatenate([np.zeros((len(grid), 1)), np.cumsum(round_it, 1)], 1)
        return ChestCloth(grid, along - zero, across - across[:, middle : middle + 1])

    def points(self, x_mm: F64, y_mm: F64) -> F64:
        """``(len(y), len(x), 3)`` metres: where a grid of points of the cloth lies."""
        row = np.clip(np.interp(y_mm, self.along_mm, np.arange(len(self.grid))), 0, len(self.grid) - 1.001)
        first = row.astype(int)
        share = (row - first)[:, None]
        across = (1 - share) * self.across_mm[first] + share * self.across_mm[first + 1]
        ring = (1 - share[..., None]) * self.grid[first] + share[..., None] * self.grid[first + 1]
        found = np.empty((len(y_mm), len(x_mm), 3))
        for line, (at, points) in enumerate(zip(across, ring, strict=True)):
            for axis in range(3):
                found[line, :, axis] = np.interp(x_mm, at, points[:, axis])
        return found

    def plane(self) -> tuple[F64, F64]:
        """The print's middle ``(3,)`` m, and the axes right, down and into the chest as rows ``(3, 3)``.

        The plane touches the cloth in the middle and lies along it as a print of usual size does on the whole.
        """
        x, y = (np.linspace(-half, half, 9) for half in _HALF_MM)
        cloth = self.points(x, y)
        right = (cloth[:, 5:] - cloth[:, 3::-1]).mean((0, 1))
        down = (cloth[5:] - cloth[3::-1]).mean((0, 1))
        right /= np.linalg.norm(right)
        down -= (down @ right) * right
        down /= np.linalg.norm(down)
        return self.points(np.zeros(1), np.zeros(1))[0, 0], np.stack([right, down, cross(right, down)])

    def curvature_per_m(self) -> float:
        """1/m of the upright cylinder that fits the cloth behind its plane best."""
        x = np.linspace(-_HALF_MM[0], _HALF_MM[0], 15)
        origin, axes = self.plane()
        local = (self.points(x, np.linspace(-_HALF_MM[1], _HALF_MM[1], 9)) - origin) @ axes.T
        square, depth = local[..., 0].ravel() ** 2 / 2, local[..., 2].ravel()
        depth = depth - local[:, 7:8, 2].repeat(15, 1).ravel()  # its own slope from top to bottom apart
        return float(square @ depth / (square @ square))
