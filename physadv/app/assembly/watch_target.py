"""The object that wears the print, and where on it, from the options and from the run that made the patch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.app.config.watch_options import WatchConfig
from physadv.core.errors import BadInput, BadOption
from physadv.core.labels import canonical, index_of
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage
from physadv.engines.watch.expected_object import FilmedWearer, wearer
from physadv.library.files.boards import Boards, as_measured, load_boards
from physadv.library.files.patches import SHORT_DIGEST, load_patch, patch_digest
from physadv.library.files.shipped_print import file_of
from physadv.library.placement.object_sizes import UNKNOWN_MM, usual_height_mm
from physadv.library.placement.objects import TORSO_LABELS, PatchPlacement, dressing
from physadv.library.runs import record

_LIKELY = ("person", "stop sign")


@dataclass(frozen=True, slots=True)
class Made:
    """Facts from the run that made a patch; empty where it is only a picture."""

    label: str = ""
    on_torso: bool | None = None  # None: not known
    place_mm: tuple[float, float] = (0.0, 0.0)  # of the patch on what wears it


def made_by(patch: str) -> Made:
    """Read the run folder that ``patch=`` names."""
    folder = Path(patch).expanduser()
    run = record.read(folder) if patch and folder.is_dir() else {}
    config: dict[str, Any] = run.get("config") or {}
    scenes, place = config.get("scenes") or {}, (config.get("eot") or {}).get("place") or {}
    label = scenes.get("label") or str(scenes.get("sign") or "").replace("-", " ")
    torso = scenes["wear_on"] == "torso" if "wear_on" in scenes else None
    return Made(label, torso, (float(place.get("x_mm", 0.0)), float(place.get("y_mm", 0.0))))


def label_of(options: WatchConfig, made: Made, victim: Victim) -> str:
    """The label of the object that wears the print: as typed, as in the patch's run, or the likely one.

    Raises :class:`BadOption` where nothing tells.
    """
    if options.object or made.label:
        return str(options.object or made.label)
    found = next((label for label in _LIKELY if index_of(label, victim.labels) is not None), None)
    if found is None:
        raise BadOption(f"what wears the print? Say object=LABEL, one of {', '.join(victim.labels[:12])}")
    return found


def projected(options: WatchConfig, made: Made, label: str) -> FilmedWearer:
    """The object about its print, for frames in which the tags are found."""
    at = options.board_at_mm
    usual = wearer(label, list(options.object_mm), None if at is None else list(at))
    if at is not None:
        return usual
    (x, y), (dx, dy) = usual.board_at_mm, made.place_mm
    if made.on_torso is False:
        x, y = 0.0, 0.0
    return FilmedWearer(usual.label, usual.size_mm, (x + dx, y + dy))


def worn(options: WatchConfig, made: Made, label: str) -> PatchPlacement:
    """Where the overlay goes on an object of which only a box is known."""
    height = float(options.object_mm[1]) if len(options.object_mm) == 2 else usual_height_mm(label) or UNKNOWN_MM
    torso = canonical(label) in TORSO_LABELS and made.on_torso is not False
    return dressing(label, height, 0.0, "torso" if torso else "object")


def patch_and_boards(options: WatchConfig) -> tuple[PatchImage | None, Boards | None]:
    """The patch that is laid over the frames and the boards that are sought in them; they must belong together.

    Raises :class:`BadOption` for options that do not go together, and :class:`BadInput` where the board is another
    patch's.
    """
    patch = load_patch(file_of(options.patch), options.width_mm or None) if options.patch else None
    if options.overlay and patch is None:
        raise BadOption("overlay=true shows a patch on the frames: say which, patch=RUN_FOLDER or patch=PICTURE")
    unknown = [name for name in options.controls if name not in ("grey", "random")]
    if unknown:
        raise BadOption(f"controls holds grey and random, got {unknown[0]!r}")
    file = _board_file(options)
    boards = as_measured(load_boards(file), options.measured_bar_mm) if file else None
    if boards is None and options.measured_bar_mm:
        raise BadOption("measured_bar_mm belongs to a printed sheet: say which, board=FOLDER of its board.json")
    if patch is not None and boards is not None and (mine := patch_digest(patch)[:SHORT_DIGEST]) != boards.digest:
        raise BadInput(
            f"{file} belongs to another patch: it was printed as {boards.digest}, patch={options.patch} is {mine}. "
            "Give the board.json of this patch's sheet, or leave patch= out"
        )
    if boards is not None and not any(board.tags for board in boards.boards if board.role != "chart"):
        raise BadInput(f"{file} has no tags round a print. Make the sheet with tags: physadv sheet tags=auto")
    return patch, boards


def _board_file(options: WatchConfig) -> Path | None:
    word = str(options.board).strip()
    if word.lower() in ("", "none"):
        return None
    if word.lower() != "auto":
        return Path(word).expanduser()
    if not options.patch:
        return None
    place = Path(file_of(options.patch)).expanduser()
    beside = (place if place.is_dir() else place.parent) / "board.json"
    return beside if beside.is_file() else None
