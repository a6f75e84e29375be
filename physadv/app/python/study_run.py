"""Studies as values: what was found, in words, figures and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from physadv.app.python import display
from physadv.app.python.results import Run
from physadv.app.python.rows import BinRow, Rows, ScoreRow
from physadv.core.errors import BadInput
from physadv.engines.studies.theories.study import FINDINGS
from physadv.engines.studies.theories.table import STUDIES
from physadv.library.runs.options import expecting


@dataclass(frozen=True, repr=False)
class StudyRun(Run):
    """A study of a theory, or the companion of the lecture, which holds several."""

    @cached_property
    def findings(self) -> Mapping[str, Mapping[str, Any]]:
        """Name of a study → its ``findings.json``, in the order of the lecture.

        Raises :class:`BadInput` where there is none.
        """
        files = [FINDINGS, *(f"{name}/{FINDINGS}" for name in STUDIES)]
        told = [self._json(file) for file in files if (self.folder / file).is_file()]
        if not told:
            raise BadInput(f"{self.folder} holds no {FINDINGS}: go on with the same command plus resume=true")
        with expecting(self.folder):
            return {one["settings"]["study"]: one for one in told}

    @property
    def verdicts(self) -> Mapping[str, str]:
        """Name of a study → what became of its claim: seen, mixed, not seen, or shown."""
        with expecting(self.folder):
            return {name: one["verdict"] for name, one in self.findings.items()}

    @property
    def table(self) -> list[dict[str, Any]]:
        """Every row of every study, by the names of its columns, and its study."""
        with expecting(self.folder):
            return [
                {"study": name, **dict(zip(one["columns"], row, strict=True))}
                for name, one in self.findings.items()
                for row in one["rows"]
            ]

    @property
    def pictures(self) -> tuple[Path, ...]:
        """The charts, in the order of the page."""
        with expecting(self.folder):
            one_alone = (self.folder / FINDINGS).is_file()
            return tuple(
                (self.folder if one_alone else self.folder / name) / chart["file"]
                for name, one in self.findings.items()
                for chart in one["charts"]
            )

    @property
    def scores(self) -> Rows[ScoreRow]:
        """None: studies differ in what they count; ``table`` has it."""
        return Rows()

    @property
    def bins(self) -> Rows[BinRow]:
        """None."""
        return Rows()

    @property
    def headlines(self) -> tuple[str, ...]:
        """The finding in words; of several studies the first sentence of each."""
        with expecting(self.folder):
            if len(self.findings) == 1:
                return tuple(next(iter(self.findings.values()))["words"])
            return tuple(f"{one['title']} {one['verdict'].capitalize()}. {one['words'][0]}"
                         for one in self.findings.values())  # fmt: skip

    @property
    def cautions(self) -> tuple[str, ...]:
        """What the figures do not say."""
        with expecting(self.folder):
            return tuple(caveat for one in self.findings.values() for caveat in one["caveats"])

    def _repr_html_(self) -> str:
        return display.with_pictures(self, self.pictures)
