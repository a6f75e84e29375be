"""How a run looks in a notebook: the patch, what it does, what else would do it, and the way to the report."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from physadv.core.errors import PhysadvError
from physadv.library.files.reading import MB, read_bytes
from physadv.library.runs.options import expecting

if TYPE_CHECKING:
    from physadv.app.python.rows import Rows, ScoreRow
    from physadv.library.runs.record import RunRecord

_SHOWN = ("success", "recall", "AP50")
_LARGEST = 8 * MB  # of a picture that goes into a notebook
_ROWS = 40
_STYLE = "border-collapse:collapse;font-size:90%"
_CELL = "text-align:left;padding:0.1em 1em 0.1em 0"


class Displayed(Protocol):
    """The part of a run that a notebook shows."""

    @property
    def folder(self) -> Path: ...
    @property
    def record(self) -> RunRecord: ...
    @property
    def headlines(self) -> tuple[str, ...]: ...
    @property
    def cautions(self) -> tuple[str, ...]: ...
    @property
    def scores(self) -> Rows[ScoreRow]: ...


def short(run: Displayed) -> str:
    """One or two lines: class, folder, and the first sentence of the result."""
    place = f"{type(run).__name__}({near(run.folder)!r})"
    try:
        told = run.headlines
    except PhysadvError as error:
        return f"{place}: {error}"
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return f"{place}: {told[0]}{more}" if told else place


def near(path: Path) -> str:
    """As seen from where one works, where it is below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def picture(folder: Path) -> bytes | None:
    """The patch as a PNG, where the run has one that a notebook can hold."""
    return _png(folder / "patch.png")


def _png(file: Path) -> bytes | None:
    return read_bytes(file, _LARGEST) if file.is_file() and file.stat().st_size <= _LARGEST else None


def page(run: Displayed) -> str:
    """Patch, sentences, a table of scores with intervals, cautions, and a link to the report; or why there is none."""
    try:
        with expecting(run.folder):
            return _page(run)
    except PhysadvError as error:
        return f"<p><b>{escape(near(run.folder))}</b>: {escape(str(error))}</p>"


def _page(run: Displayed) -> str:
    record = run.record
    size = " × ".join(f"{side:.0f}" for side in record.patch_mm)
    name = "" if record.name == record.command else f" {record.name}"
    heading = record.command + name + (f", {size} mm" if size else "") + f", seed {record.seed}"
    pieces = [f"<p><b>{escape(heading)}</b></p>", _embedded(run.folder / "patch.png", "max-height:12em")]
    pieces += [f"<p>{escape(one)}</p>" for one in run.headlines]
    pieces += [_table(run.scores), *(f"<p>⚠ {escape(one)}</p>" for one in run.cautions)]
    return f"<div>{''.join(pieces)}{_link(run.folder / 'report.html')}</div>"


def with_pictures(run: Displayed, files: Iterable[Path]) -> str:
    """The same with pictures below it."""
    return page(run) + "".join(_embedded(file, "max-width:100%;display:block") for file in files)


def listing(files: Iterable[Path]) -> str:
    """Links to files; the first is shown where it is a picture."""
    named = list(files)
    shown = _embedded(named[0], "max-width:100%") if named and named[0].suffix == ".png" else ""
    return shown + "<ul>" + "".join(f"<li>{_link(file, near(file))}</li>" for file in named) + "</ul>"


def _embedded(file: Path, style: str) -> str:
    if (data := _png(file)) is None:
        return ""
    coded = base64.b64encode(data).decode()
    return f'<img alt="{escape(file.stem)}" style="{style}" src="data:image/png;base64,{coded}">'


def _link(file: Path, words: str = "report") -> str:
    """Relative where it lies below the notebook: only that a notebook's server can open."""
    if not file.is_file():
        return ""
    here = Path.cwd()
    href = file.relative_to(here).as_posix() if file.is_relative_to(here) else file.as_uri()
    return f'<a href="{escape(href)}" target="_blank">{escape(words)}</a>'


def _table(scores: Sequence[ScoreRow]) -> str:
    """A row for each victim and condition (and, along a curve, value), a column for each of the main scores."""
    names = [name for name in _SHOWN if any(row.score == name for row in scores)]
    lines: dict[tuple[str, ...], dict[str, ScoreRow]] = {}
    for row in scores:
        lines.setdefault(_place(row), {})[row.score] = row
    if not names:
        return ""
    width = max(map(len, lines))
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in [*["", "", "at"][:width], *names, "n"])
    body = "".join(_line(place, found, names) for place, found in list(lines.items())[:_ROWS])
    left_out = f"<p>… {len(lines) - _ROWS} more rows</p>" if len(lines) > _ROWS else ""
    return f'<table style="{_STYLE}"><tr>{head}</tr>{body}</table>{left_out}'


def _place(row: ScoreRow) -> tuple[str, ...]:
    from physadv.app.python.rows import CurveRow

    name = f"{row.condition} (control)" if row.role == "control" else row.condition
    along = (f"{row.axis} {row.at:g}",) if isinstance(row, CurveRow) else ()
    return (row.victim, name, *along)


def _line(place: Sequence[str], found: dict[str, ScoreRow], names: Sequence[str]) -> str:
    cells = [escape(word) for word in place] + [_amount(found.get(name)) for name in names]
    cells.append(str(max(row.n for row in found.values())))
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _amount(row: ScoreRow | None) -> str:
    """ "87 % [79, 92]"; a dash where nothing was measured."""
    if row is None or row.value is None:
        return "–"
    low, high = ("?" if end is None else f"{100 * end:.0f}" for end in (row.low, row.high))
    return f"{100 * row.value:.0f} % [{low}, {high}]"
