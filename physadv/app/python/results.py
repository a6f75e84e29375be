"""A run as a value. Everything is read from JSON when it is asked for; only the patch needs torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv.app.python import display, rows
from physadv.app.python.facts import RunFacts, facts_in
from physadv.app.python.rows import BinRow, DefenseRow, Rows, ScoreRow
from physadv.core.errors import BadInput, BadOption
from physadv.library.report.cautions import caution, voiding
from physadv.library.report.plain_words import headline
from physadv.library.runs.options import expecting, read_object
from physadv.library.runs.record import FILE

if TYPE_CHECKING:
    from physadv.core.types import PatchImage


_NAMES = ("score", "condition", "victim")


@dataclass(frozen=True)
class Run:
    """A run of ``generate`` or ``evaluate``: its folder, and what lies in it."""

    folder: Path

    @cached_property
    def record(self) -> RunFacts:
        """The run's own record. Raises :class:`BadInput` where it did not finish, or its file is damaged."""
        return facts_in(self._json(FILE), self.folder / FILE)

    @cached_property
    def patch(self) -> PatchImage:
        """The patch as it is printed: ``srgb`` ``(3,h,w)``, ``alpha`` ``(1,h,w)``, ``width_mm``. Imports torch."""
        from physadv.library.files.patches import load_patch

        return load_patch(self.folder)

    @cached_property
    def scores(self) -> Rows[ScoreRow]:
        """Every score of every victim without a patch, with the controls, and with the patch."""
        with expecting(self.folder / "scores.json"):
            return rows.score_rows(self._scores["victims"])

    @cached_property
    def bins(self) -> Rows[BinRow]:
        """The same by distance or size."""
        with expecting(self.folder / "scores.json"):
            return rows.bin_rows(self._scores["victims"])

    @cached_property
    def defenses(self) -> Rows[DefenseRow]:
        """The table of defences, a row a score; none where no defence was judged."""
        if not (self.folder / "defenses.json").is_file():
            return Rows()
        with expecting(self.folder / "defenses.json"):
            return rows.defense_rows(self._json("defenses.json"))

    @property
    def headlines(self) -> tuple[str, ...]:
        """A sentence for each victim: what the patch does, and what a grey one of the same size does."""
        with expecting(self.folder / "scores.json"):
            return tuple(headline(self._scores["protocol"], victim) for victim in self._scores["victims"])

    @property
    def cautions(self) -> tuple[str, ...]:
        """Objections that void the figures, or that a careful reader would raise."""
        with expecting(self.folder / "scores.json"):
            protocol, victims = self._scores["protocol"], self._scores["victims"]
            return (*voiding(protocol), *caution(protocol, victims))

    def score(self, name: str, condition: str = "patch", victim: str | None = None) -> ScoreRow:
        """One score, of the first victim unless another is named. Raises :class:`BadOption` with what there is."""
        for row in self.scores:
            if (row.score, row.condition) == (name, condition) and victim in (None, row.victim):
                return row
        known = {kind: ", ".join(dict.fromkeys(getattr(row, kind) for row in self.scores)) for kind in _NAMES}
        told = "; ".join(f"{kind}: {names or 'none'}" for kind, names in known.items())
        raise BadOption(f"there is no score {name!r} of {condition!r} for {victim or 'any victim'}. There are {told}")

    @property
    def report(self) -> Path:
        """``report.html``: one page, works offline. Raises :class:`BadInput` where it was not made."""
        page = self.folder / "report.html"
        if not page.is_file():
            raise BadInput(f"{page} is not there. Make it with physadv report {self.folder}")
        return page

    @cached_property
    def _scores(self) -> dict[str, Any]:
        return self._json("scores.json")

    def _json(self, name: str) -> dict[str, Any]:
        if not (self.folder / name).is_file():
            raise BadInput(f"{self.folder} holds no {name}: {_why_not(self.folder)}")
        return read_object(self.folder / name)

    def __fspath__(self) -> str:
        return os.fspath(self.folder)

    def __repr__(self) -> str:
        return display.short(self)

    def _repr_html_(self) -> str:
        return display.page(self)

    def _repr_png_(self) -> bytes | None:
        return display.picture(self.folder)


def _why_not(folder: Path) -> str:
    """Why a file is missing, and what helps."""
    if (folder / "config" / "config.yaml").is_file():
        return "its run was a dry run, or did not finish. Go on with the same command plus resume=true"
    inside = sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))
    if inside:
        return f"it holds {len(inside)} runs. Load one of them: {', '.join(inside[:3])}{', …' * (len(inside) > 3)}"
    return "it is no run folder. Name one that generate, evaluate, grid or watch wrote"
