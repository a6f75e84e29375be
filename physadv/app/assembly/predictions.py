"""Predicts success in films of a print: judgements of the print as it hangs, each under conditions of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from physadv.app.assembly.announced import announced_trial
from physadv.app.assembly.judgements import judge
from physadv.app.assembly.trials import bench_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.types import PatchImage
from physadv.engines.judging.cost import judging_part
from physadv.engines.judging.printed_board import printed_board
from physadv.engines.watch.recordings import Film
from physadv.library.files.patches import save_patch
from physadv.library.runs.forecast import Forecast
from physadv.parts.patches.controls import PATCH, PatchUnderTest, arms, names_of

logger = logging.getLogger(__name__)

Scores = dict[str, Any]


@dataclass(frozen=True)
class FilmedPrint:
    """A board that was filmed, as it hangs: with rim and tags."""

    role: str
    patch: PatchImage
    folder: Path  # of its patch file

    @property
    def name(self) -> str:
        """That of its folder."""
        return self.folder.name


def prints_of(patch: PatchImage, films: Sequence[Film], first: str, seed: int, out: Path) -> tuple[FilmedPrint, ...]:
    """Every board that was filmed; that of the role ``first`` comes first. ``seed`` is for sheets that tell none."""
    boards = {sight.board.role: sight.board for film in films for sight in film.sights}
    sheets = [film.seed for film in films if film.seed is not None]
    shown = arms(patch, sheets[0] if sheets else seed)
    roles = sorted(boards, key=lambda role: role != first)
    return tuple(FilmedPrint(role, printed_board(shown[role], boards[role]), out / f"printed-{role}") for role in roles)


def predictions(
    registry: Registry,
    cases: Mapping[str, JudgingOptions],
    prints: Sequence[FilmedPrint],
    device: torch.device,
    out: Path,
) -> dict[str, dict[str, Scores | None]]:
    """Case → role of a print → its success, judged in the case's own folder of ``out``."""
    for one in prints:
        one.folder.mkdir(exist_ok=True)  # a calibration that goes on
        save_patch(one.patch, one.folder)
    bench = bench_of(registry, next(iter(cases.values())), _under_test(prints), device)
    rows = {}
    for case, options in cases.items():
        started, folder = time.monotonic(), out / case
        folder.mkdir(exist_ok=True)
        recorded = _recorded(options, prints)
        trial, _ = announced_trial(registry, recorded, bench, str(prints[0].folder), folder)
        save_patch(prints[0].patch, folder)
        rows[case] = _success(judge("evaluate", trial, recorded, folder, started=started), prints)
    return rows


def predictions_cost(
    registry: Registry,
    cases: Mapping[str, JudgingOptions],
    prints: Sequence[FilmedPrint],
    device: torch.device,
    out: Path,
) -> Forecast:
    """Measure their cost, all parts having been built; writes nothing."""
    bench = bench_of(registry, next(iter(cases.values())), _under_test(prints), device)
    costs = []
    for case, options in cases.items():
        trial, groups = announced_trial(registry, options, bench, str(prints[0].folder), out / case)
        costs.append(judging_part(trial, groups))
    return Forecast(device, tuple(costs))


def _under_test(prints: Sequence[FilmedPrint]) -> tuple[PatchUnderTest, ...]:
    names = [PATCH, *names_of([one.name for one in prints[1:]])]
    return tuple(PatchUnderTest(name, one.patch, one.name) for name, one in zip(names, prints, strict=True))


def _recorded(options: JudgingOptions, prints: Sequence[FilmedPrint]) -> JudgingOptions:
    """The same with the prints in its record, so that ``evaluate`` can judge them again."""
    folders = [str(one.folder) for one in prints]
    return replace(options, settings={**options.settings, "patch": folders[0], "against": folders[1:], "width_mm": 0.0})


def _success(scores: Scores, prints: Sequence[FilmedPrint]) -> dict[str, Scores | None]:
    """Success of every print against the first victim; ``None`` where it cannot be told."""
    rows = [row for row in scores["victims"][0]["conditions"] if row["role"] == PATCH]
    return {
        one.role: next((score for score in row["scores"] if score["name"] == "success"), None)
        for one, row in zip(prints, rows, strict=True)
    }
