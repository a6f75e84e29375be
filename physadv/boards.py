"""What is on a printed sheet besides the patch: tags that a camera finds, and swatches of known colour.

Millimetres on the print, origin at the centre of what the board carries (the patch, or the chart), x right, y down:
the frame of :class:`physadv.types.SceneBatch`'s surfaces, so a board's homography places a patch as a scene does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from physadv.atomic import write_text
from physadv.errors import BadInput

FORMAT = 1
ROLES = ("patch", "grey", "random", "chart")
DICTIONARY = "DICT_4X4_50"


@dataclass(frozen=True, slots=True)
class Tag:
    """A square marker, upright on the sheet."""

    id: int
    x_mm: float  # of its centre
    y_mm: float
    side_mm: float  # of its black border

    @property
    def corners_mm(self) -> tuple[tuple[float, float], ...]:
        """Top left, top right, bottom right, bottom left."""
        h = self.side_mm / 2
        return tuple((self.x_mm + sx * h, self.y_mm + sy * h) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)))


@dataclass(frozen=True, slots=True)
class Swatch:
    """A patch of one colour on the chart."""

    x_mm: float  # of its centre
    y_mm: float
    side_mm: float
    srgb: tuple[float, float, float]  # what the printer was asked for, in [0, 1]


@dataclass(frozen=True, slots=True)
class Board:
    """One print with its tags. Ids differ between all boards of a sheet."""

    role: str  # patch, grey or random (the controls), chart
    size_mm: tuple[float, float]  # width and height of what it carries
    tags: tuple[Tag, ...]
    swatches: tuple[Swatch, ...] = ()
    dictionary: str = DICTIONARY


@dataclass(frozen=True, slots=True)
class Boards:
    """All boards of one sheet; ``board.json`` beside the PDF."""

    digest: str  # of the patch, as printed on the sheet and in its QR code
    name: str
    seed: int | None
    boards: tuple[Board, ...]
    check_bar_mm: float = 100.0


def save_boards(path: Path, boards: Boards) -> Path:
    """Write the JSON file."""
    return write_text(path, json.dumps({"format": FORMAT, **asdict(boards)}, indent=1, allow_nan=False))


def load_boards(path: Path) -> Boards:
    """Read ``board.json``, or that of a folder. A bar that measured otherwise is the reader's affair."""
    file = path / "board.json" if path.is_dir() else path
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise BadInput(
                f"{file} is of format {content.get('format')!r}, this version reads {FORMAT}. Make the sheet again"
            )
        made = Boards(
            str(content["digest"]), str(content["name"]), content["seed"],
            tuple(_board(item) for item in content["boards"]), float(content["check_bar_mm"]),
        )  # fmt: skip
    except OSError as error:
        raise BadInput(
            f"no board file {str(file)!r} ({error.strerror}). `physadv sheet` writes it beside the PDF"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{file} is not a board file: {error!r}. `physadv sheet` writes one beside the PDF") from error
    return made


def _board(item: Mapping[str, Any]) -> Board:
    width_mm, height_mm = (float(v) for v in item["size_mm"])
    tags = tuple(Tag(int(t["id"]), *(_real(t[k]) for k in ("x_mm", "y_mm", "side_mm"))) for t in item["tags"])
    swatches = []
    for s in item["swatches"]:
        red, green, blue = (_real(v) for v in s["srgb"])
        swatches.append(Swatch(_real(s["x_mm"]), _real(s["y_mm"]), _real(s["side_mm"]), (red, green, blue)))
    if item["role"] not in ROLES:
        raise ValueError(f"role {item['role']!r}")
    return Board(item["role"], (width_mm, height_mm), tags, tuple(swatches), str(item["dictionary"]))


def _real(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number
