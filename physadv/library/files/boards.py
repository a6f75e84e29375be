"""Boards of a printed sheet, besides the patch: tags that a camera finds, and swatches of known colour.

Millimetres on the print, origin at the centre of what the board carries (the patch, or the chart), x right, y down:
the frame of :class:`physadv.core.types.SceneBatch`'s surfaces, so a board's homography places a patch as a scene does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.atomic import write_text
from physadv.library.files.reading import SETTINGS_LIMIT, read_json

FORMAT = 1
ROLES = ("patch", "grey", "random", "chart")
DICTIONARY = "DICT_4X4_50"
LARGEST_MM = 100_000.0  # of a print: a hundred metres
MAX_TAG_IDS = 1024  # of the largest dictionary of OpenCV
MAX_SHRINK = 0.8  # of a print by its printer; "fit to page" takes 3 to 6 %, n-up printing half
MAX_PARTS = 1000  # boards of a sheet; tags and swatches of a board


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


def as_measured(boards: Boards, measured_bar_mm: float) -> Boards:
    """The boards as the printer scaled them: its bar was asked to be ``check_bar_mm`` long. 0: as asked.

    Raises :class:`BadOption` for a scale that no printer makes.
    """
    if measured_bar_mm == 0:
        return boards
    scale = measured_bar_mm / boards.check_bar_mm
    if not MAX_SHRINK <= scale <= 1 / MAX_SHRINK:
        hint = " Give it in millimetres." if measured_bar_mm > 0 and 0.09 <= scale <= 0.11 else ""
        raise BadOption(
            f"measured_bar_mm={measured_bar_mm:g}: the bar was printed to measure {boards.check_bar_mm:g} mm, and a "
            f"print between {MAX_SHRINK:.0%} and {1 / MAX_SHRINK:.0%} of its size is accepted.{hint} "
            "Measure again, or print again"
        )
    return replace(boards, boards=tuple(_scaled(board, scale) for board in boards.boards), check_bar_mm=measured_bar_mm)


def _scaled(board: Board, scale: float) -> Board:
    width_mm, height_mm = board.size_mm
    tags = tuple(Tag(t.id, scale * t.x_mm, scale * t.y_mm, scale * t.side_mm) for t in board.tags)
    swatches = tuple(Swatch(scale * s.x_mm, scale * s.y_mm, scale * s.side_mm, s.srgb) for s in board.swatches)
    return replace(board, size_mm=(scale * width_mm, scale * height_mm), tags=tags, swatches=swatches)


def load_boards(path: Path) -> Boards:
    """Read ``board.json``, or that of a folder. For a bar that measured otherwise see :func:`as_measured`.

    Raises :class:`BadInput` for a file that is missing, damaged or of another format.
    """
    file = path / "board.json" if path.is_dir() else path
    try:
        content: Any = read_json(file, SETTINGS_LIMIT)
    except BadInput as error:
        raise BadInput(f"no board file: {error}. `physadv sheet` writes it beside the PDF") from error
    try:
        if content.get("format") != FORMAT:
            raise BadInput(
                f"{file} is of format {content.get('format')!r}, this version reads {FORMAT}. Make the sheet again"
            )
        made = Boards(
            str(content["digest"]), str(content["name"]), _seed(content["seed"]),
            tuple(_board(item) for item in content["boards"][:MAX_PARTS]), _length(content["check_bar_mm"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadInput(f"{file} is not a board file: {error!r}. `physadv sheet` writes one beside the PDF") from error
    return made


def _board(item: Mapping[str, Any]) -> Board:
    width_mm, height_mm = (_length(v) for v in item["size_mm"])
    tags = tuple(
        Tag(_id(t["id"]), _place(t["x_mm"]), _place(t["y_mm"]), _length(t["side_mm"])) for t in item["tags"][:MAX_PARTS]
    )
    swatches = []
    for s in item["swatches"][:MAX_PARTS]:
        red, green, blue = (_between(v, 0, 1, "a colour") for v in s["srgb"])
        swatches.append(Swatch(_place(s["x_mm"]), _place(s["y_mm"]), _length(s["side_mm"]), (red, green, blue)))
    if item["role"] not in ROLES:
        raise ValueError(f"role {item['role']!r}")
    if not re.fullmatch(r"DICT_[A-Z0-9_]{1,40}", str(item["dictionary"])):
        raise ValueError(f"dictionary {str(item['dictionary'])[:40]!r}")
    return Board(item["role"], (width_mm, height_mm), tags, tuple(swatches), str(item["dictionary"]))


def _length(value: Any) -> float:
    return _between(value, 0.01, LARGEST_MM, "a length in mm")


def _place(value: Any) -> float:
    return _between(value, -LARGEST_MM, LARGEST_MM, "a place in mm")


def _between(value: Any, low: float, high: float, what: str) -> float:
    number = float(value)
    if not low <= number <= high:  # nan is neither
        raise ValueError(f"{what} lies between {low:g} and {high:g}, not {number:g}")
    return number


def _id(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < MAX_TAG_IDS:
        raise ValueError(f"a tag's id is a whole number below {MAX_TAG_IDS}, not {value!r}")
    return value


def _seed(value: Any) -> int | None:
    if value is not None and not isinstance(value, int):
        raise ValueError(f"the seed is a whole number or null, not {value!r}")
    return value
