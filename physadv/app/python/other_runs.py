"""Runs that hold more than one judgement: a grid's curves, and what was filmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from physadv.app.python import rows
from physadv.app.python.results import Run
from physadv.app.python.rows import BinRow, CurveRow, Rows, ScoreRow, UsableRow
from physadv.library.report import drive_words
from physadv.library.report.grid_words import reach
from physadv.library.report.perturb_words import FILE as PERTURB
from physadv.library.report.perturb_words import cautions, headline, words_of
from physadv.library.report.plain_words import grid_caution
from physadv.library.runs.options import expecting
from physadv.library.runs.record import FILE


@dataclass(frozen=True, repr=False)
class GridRun(Run):
    """A run of ``grid``: scores along each axis."""

    @cached_property
    def curves(self) -> Rows[CurveRow]:
        """Every score at every value of every axis."""
        with expecting(self.folder / "grid.json"):
            return rows.curve_rows(self._grid)

    @cached_property
    def usable(self) -> Rows[UsableRow]:
        """Where the patch works, axis by axis."""
        with expecting(self.folder / "grid.json"):
            return rows.usable_rows(self._grid)

    @cached_property
    def scores(self) -> Rows[ScoreRow]:
        """The points of all curves."""
        return Rows(self.curves)

    @cached_property
    def bins(self) -> Rows[BinRow]:
        """None: a grid's values are exact."""
        return Rows()

    @property
    def headlines(self) -> tuple[str, ...]:
        """One sentence: where the patch works, along the first axis."""
        with expecting(self.folder / "grid.json"):
            told = reach(self._grid)
        return (told,) if told else ()

    @property
    def cautions(self) -> tuple[str, ...]:
        """Objections of a careful reader to the curves."""
        with expecting(self.folder / "grid.json"):
            return tuple(grid_caution(self._grid, self._grid["protocol"]["minimum_n"]))

    @cached_property
    def _grid(self) -> dict[str, Any]:
        return self._json("grid.json")


@dataclass(frozen=True, repr=False)
class WatchRun(Run):
    """A run of ``watch``: a film, frame by frame."""

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """``summary.json``: success by distance and angle, print and digital patch side by side."""
        return self._json("summary.json")

    @cached_property
    def scores(self) -> Rows[ScoreRow]:
        """Success of what was filmed."""
        with expecting(self.folder / FILE):
            return rows.headline_rows(self.record.scores)

    @cached_property
    def bins(self) -> Rows[BinRow]:
        """None: ``summary`` has the distances and angles."""
        return Rows()

    @property
    def headlines(self) -> tuple[str, ...]:
        """The outcome, in a sentence."""
        return (str(self.summary.get("headline", "")),)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Doubts about the figures."""
        with expecting(self.folder / "summary.json"):
            return tuple(str(one) for one in self.summary.get("in_doubt", ()))


@dataclass(frozen=True, repr=False)
class PerturbRun(Run):
    """A run of ``perturb``: attacks on images, each beside noise of the same size."""

    @cached_property
    def scores(self) -> Rows[ScoreRow]:
        """Accuracy without an attack, then every score of every attack with its bound."""
        with expecting(self.folder / PERTURB):
            name = self._perturbed["victim"]["name"]
            arms = [{"condition": words_of(arm), "role": "attack", "scores": arm["scores"]} for arm in self.arms]
            clean = {"condition": "clean", "role": "clean", "scores": self._perturbed["clean"]}
            return rows.headline_rows([{"victim": name, **one} for one in (clean, *arms)])

    @property
    def arms(self) -> Sequence[Mapping[str, Any]]:
        """Each attack with a bound: scores, distances, questions, and a row a picture."""
        with expecting(self.folder / PERTURB):
            found: Sequence[Mapping[str, Any]] = self._perturbed["arms"]
            return found

    @cached_property
    def bins(self) -> Rows[BinRow]:
        """None: pictures are not told apart by distance."""
        return Rows()

    @property
    def headlines(self) -> tuple[str, ...]:
        """One sentence: the attack that fools most, and what noise of the same size does."""
        with expecting(self.folder / PERTURB):
            return (headline(self._perturbed),)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Objections of a careful reader."""
        with expecting(self.folder / PERTURB):
            return tuple(cautions(self._perturbed))

    @cached_property
    def _perturbed(self) -> dict[str, Any]:
        return self._json(PERTURB)


@dataclass(frozen=True, repr=False)
class DriveRun(Run):
    """A run of ``drive``: policies in closed loop, attacks beside controls on the same episodes."""

    @cached_property
    def scores(self) -> Rows[ScoreRow]:
        """Every measure of every policy under every arm, of its own world where there are several."""
        with expecting(self.folder / drive_words.FILE):
            several = len(self._driven["worlds"]) > 1
            return rows.headline_rows([
                {"victim": row["policy"], "role": row["role"], "scores": row["scores"],
                 "condition": drive_words.words_of(row) + (f" in {row['world']}" if several else "")}
                for row in self._driven["rows"]
            ])  # fmt: skip

    @property
    def arms(self) -> Sequence[Mapping[str, Any]]:
        """Each policy in each world under each arm: scores, paired differences, and its episodes."""
        with expecting(self.folder / drive_words.FILE):
            found: Sequence[Mapping[str, Any]] = self._driven["rows"]
            return found

    @cached_property
    def bins(self) -> Rows[BinRow]:
        """None: ``drive.json`` has curves over speed, distance and light."""
        return Rows()

    @property
    def headlines(self) -> tuple[str, ...]:
        """One sentence: the attack that does most harm, and what its controls do."""
        with expecting(self.folder / drive_words.FILE):
            return (drive_words.headline(self._driven),)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Objections of a careful reader."""
        with expecting(self.folder / drive_words.FILE):
            return tuple(drive_words.cautions(self._driven))

    @cached_property
    def _driven(self) -> dict[str, Any]:
        return self._json(drive_words.FILE)
