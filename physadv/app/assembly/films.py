"""Opens the run folders that ``watch`` wrote about films of a printed board, and nothing that nobody named."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Sequence
from pathlib import Path

from physadv.app.assembly.watch_target import patch_and_boards
from physadv.app.config.noted_options import noted_options
from physadv.app.config.seal import own
from physadv.app.config.spelling import spelled
from physadv.app.config.watch_options import WatchConfig
from physadv.core.errors import BadInput, BadOption
from physadv.core.masking import masked
from physadv.engines.watch.frame_log import FILE
from physadv.engines.watch.recordings import Film, read_sightings
from physadv.engines.watch.summary import FILE as SUMMARY
from physadv.library.fiducials.camera import CalibratedCamera, load_camera
from physadv.library.fiducials.mirror import REMEDY
from physadv.library.files.boards import Boards, as_measured
from physadv.library.runs.options import read_object_if_there

logger = logging.getLogger(__name__)


def read_films(
    runs: Sequence[Path], elsewhere: Sequence[str], accept: Sequence[str] = (), measured_bar_mm: float = 0.0
) -> list[Film]:
    """Every run folder's film; ``elsewhere``: where its frames are now, one a run, or nothing.

    ``measured_bar_mm`` is the sheet's bar on the print, where that was not known when it was watched.

    A run that was recorded on another account opens what lies in its own folder, and beyond it only what ``accept``
    names. Raises :class:`BadInput` where films differ in the size of their frames.
    """
    made = [
        _film(run, elsewhere[place] if elsewhere else "", accept, measured_bar_mm) for place, run in enumerate(runs)
    ]
    if len(sizes := {film.size_px for film in made}) > 1:
        raise BadInput(f"the films have frames of {sorted(sizes)} px: calibrate each size of frames alone")
    return made


def _film(run: Path, elsewhere: str, accept: Sequence[str], measured_bar_mm: float) -> Film:
    options = _settings(run)
    _check_reach(run, options, elsewhere, accept)
    _, boards = patch_and_boards(options)
    if boards is None:
        raise BadInput(
            f"{run} was watched without a board. Watch the printed sheet with board=FOLDER of its board.json"
        )
    boards, scale = _late_scale(run, options, boards, measured_bar_mm)
    sights, success, size_px = read_sightings(run, {board.role: board for board in boards.boards}, scale)
    if not sights:
        if read_object_if_there(run / SUMMARY).get("mirrored"):
            raise BadInput(f"no frame of {run} shows a board: {REMEDY}. Then watch it again")
        raise BadInput(f"no frame of {run} shows a board with a pose. Film nearer, or with larger tags")
    filmed = options.record if options.record and options.record_view == "filmed" else ""
    source = elsewhere or filmed or options.source
    if source != elsewhere and "://" in source and source not in accept:
        logger.warning(
            "the frames of %s came from %s, which is not opened again, so only poses are measured. films=[...] says "
            "where they are now",
            run,
            masked(source),
        )
        source = ""
    return Film(
        run,
        source,
        bool(elsewhere or filmed),
        size_px,
        _field_of_view_deg(options, size_px),
        boards.seed,
        tuple(sights),
        tuple(success),
    )


def _late_scale(run: Path, options: WatchConfig, boards: Boards, measured_bar_mm: float) -> tuple[Boards, float]:
    """The boards as printed, and the factor that logged distances lack because the bar was measured afterwards."""
    watched_mm = options.measured_bar_mm
    if not measured_bar_mm or watched_mm == measured_bar_mm:
        return boards, 1.0
    if watched_mm:
        raise BadOption(
            f"measured_bar_mm={measured_bar_mm:g}, but {run} was watched with {watched_mm:g}. Leave the option out"
        )
    return as_measured(boards, measured_bar_mm), measured_bar_mm / boards.check_bar_mm


def _settings(run: Path) -> WatchConfig:
    """The options the film was watched with; ``${...}`` in them is text."""
    settings = run / "config" / "config.yaml"
    if not (run / FILE).is_file() or not settings.is_file():
        raise BadInput(f"{run} is no run folder of watch: {FILE} or config/config.yaml is missing")
    return noted_options(settings, WatchConfig, "watch", remedy="Watch again")


def _check_reach(run: Path, options: WatchConfig, elsewhere: str, accept: Sequence[str]) -> None:
    if own(run):
        return
    named = {"patch": options.patch, "board": options.board, "camera": options.camera}
    if not elsewhere:
        named |= {"record": options.record, "source": options.source}
    foreign = {key: value for key, value in named.items() if value not in accept and _lies_elsewhere(run, key, value)}
    if foreign:
        listed = ", ".join(f"{key}={value}" for key, value in foreign.items())
        raise BadOption(
            f"{run} was not recorded on this account, and its settings open {listed}. Nothing of that is opened "
            f"unasked. If you want it, add {shlex.quote(f'accept={spelled(list(foreign.values()))}')}"
            + ("; or say films=[WHERE THE FRAMES ARE]" if {"record", "source"} & foreign.keys() else "")
        )


def _lies_elsewhere(run: Path, key: str, value: str) -> bool:
    """Whether a setting names a file outside the run's folder; addresses are never opened again."""
    if not value or (key, value) in (("board", "auto"), ("board", "none")) or "://" in value:
        return False
    return not Path(value).expanduser().resolve().is_relative_to(run.resolve())


def _field_of_view_deg(options: WatchConfig, size_px: tuple[int, int]) -> float:
    if not options.camera:
        return CalibratedCamera.guess(size_px, options.field_of_view_deg).field_of_view_deg
    return load_camera(Path(options.camera).expanduser()).scaled(size_px).field_of_view_deg
