"""Followers of an attack: a progress bar with ETA and live success rate, and a log of the curves."""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from physadv.core.errors import BadInput
from physadv.core.types import Step
from physadv.library.files.atomic import write_text
from physadv.library.files.reading import read_text


class ProgressBar:
    """One line on the terminal: steps, ETA, loss and the share of wearers on which the goal is achieved.

    ``later_s`` is how long the run takes after the last step; with it the bar says when everything will be done.
    """

    def __init__(self, *, visible: bool = True, window: int = 10, later_s: float | None = None) -> None:
        self._visible, self._window, self._later_s = visible, window, later_s
        self._begun, self._left, self._done = 0.0, 0, 0
        self._recent: list[float] = []
        self._bar: Any = None

    def started(self, total: int, first: int) -> None:
        """Show the bar, already at ``first`` when a run is resumed."""
        self._begun, self._left, self._done = time.monotonic(), total - first, 0
        self._bar = tqdm(
            total=total, initial=first, desc="optimising", unit="step", file=sys.stderr, disable=not self._visible,
            dynamic_ncols=True,
        )  # fmt: skip

    def stepped(self, step: Step) -> None:
        """Advance; success is a mean over the last steps, because one batch is small."""
        self._recent = [*self._recent, step.success][-self._window :]
        shown = {"loss": f"{step.loss:.2f}", "success": f"{sum(self._recent) / len(self._recent):.0%}"}
        self._done += 1
        if self._later_s is not None:
            shown["whole run"] = tqdm.format_interval(self._rest_s(self._later_s))
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def _rest_s(self, later_s: float) -> float:
        a_step = (time.monotonic() - self._begun) / self._done
        return a_step * max(self._left - self._done, 0) + later_s

    def ended(self) -> None:
        """Leave the last state on the terminal."""
        self._bar.close()


_COLUMNS = ("step", "loss", "success", "held_out", "seconds")


class CurveLog:
    """Writes ``curves.csv``: a row a step, kept whole over stops and resumes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: list[dict[str, Any]] = []

    def started(self, total: int, first: int) -> None:
        """Keep the rows of the steps that a resumed run does not repeat.

        Raises :class:`BadInput` where the file is no table of steps.
        """
        if not self._file.is_file():
            return
        try:
            rows = list(csv.DictReader(read_text(self._file).splitlines()))
            self._rows = [row for row in rows if int(row["step"]) < first]
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise BadInput(f"{str(self._file)!r} is no table of steps ({error}): delete it to go on") from error

    def stepped(self, step: Step) -> None:
        """Note one step; the file is replaced when the held-out draws are measured."""
        row: dict[str, Any] = {
            "step": step.index, "loss": f"{step.loss:.6g}", "success": f"{step.success:.4f}",
            "held_out": "" if step.held_out is None else f"{step.held_out:.6g}", "seconds": f"{step.seconds:.4f}",
        }  # fmt: skip
        row.update({f"loss_{name}": f"{value:.6g}" for name, value in step.terms.items()})
        if f"loss_{next(iter(step.successes), '')}" in row:  # several victims: one column each
            row.update({f"success_{name}": f"{value:.4f}" for name, value in step.successes.items()})
        self._rows.append(row)
        if step.held_out is not None:
            self._write()

    def ended(self) -> None:
        """Write what is not yet in the file."""
        if self._rows:
            self._write()

    def _write(self) -> None:
        terms = sorted({key for row in self._rows for key in row} - set(_COLUMNS))
        out = io.StringIO()
        writer = csv.DictWriter(out, [*_COLUMNS, *terms], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_text(self._file, out.getvalue())
