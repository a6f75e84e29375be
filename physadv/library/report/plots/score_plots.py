"""The plots of ``scores.json``: headline, distance and size, kinds of error, and who is fooled by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from physadv.library.report.arms import names, score_named, with_role
from physadv.library.report.plots.figure import SCORE_COLUMNS, Plot, measured, percent_top, score_cells
from physadv.library.report.plots.heat_map import Side, heat
from physadv.library.report.plots.intervals import Groups, one_bar_an_arm, points

Victim = Mapping[str, Any]


def headline_bars(victim: Victim, minimum_n: int) -> Plot | None:
    """Success under each arm; the patches first, then what they are compared with."""
    shown = [*with_role(victim, "patch"), *with_role(victim, "control")]
    found = {c["condition"]: s for c in shown if (s := score_named(c["scores"], "success")) and measured(s)}
    if not found:
        return None
    return one_bar_an_arm(f"success against {victim['name']}", "success", found, minimum_n=minimum_n)


def over_victims(victims: Sequence[Victim], score: str, minimum_n: int) -> Plot | None:
    """One score of every victim, side by side; only where there are several."""
    if len(victims) < 2:
        return None
    found: dict[str, list[Any]] = {}
    for arm in names(victims):
        here = [next((c for c in v["conditions"] if c["condition"] == arm), None) for v in victims]
        found[arm] = [score_named(c["scores"], score) if c else None for c in here]
    if not any(measured(s) for row in found.values() for s in row):
        return None
    groups = Groups("victim", [v["name"] for v in victims])
    return points(f"{score} by victim", score, groups, found, minimum_n=minimum_n)


def by_bin(victim: Victim, score: str, minimum_n: int) -> Plot | None:
    """One score by distance or size; ``None`` where there are no bins."""
    arms = [c for c in victim["conditions"] if c["bins"]]
    if not arms:
        return None
    bins = arms[0]["bins"]
    series = {c["condition"]: [score_named(b["scores"], score) for b in c["bins"]] for c in arms}
    if not any(measured(s) for found in series.values() for s in found):
        return None
    by = {"distance_m": "distance", "height_px": "height on the image"}.get(bins[0]["by"], bins[0]["by"])
    groups = Groups(by, [b["words"] for b in bins])
    return points(f"{score} by {by}, {victim['name']}", score, groups, series, minimum_n=minimum_n)


def errors(victim: Victim, minimum_n: int) -> Plot | None:
    """The victim's errors by kind, as shares; ``None`` where they were not told apart."""
    arms = [c for c in victim["conditions"] if c.get("errors")]
    kinds = list(dict.fromkeys(e["kind"] for c in arms for e in c["errors"]))
    series = {
        c["condition"]: [next((e["share"] for e in c["errors"] if e["kind"] == kind), None) for kind in kinds]
        for c in arms
    }
    if not any(measured(s) for found in series.values() for s in found):
        return None
    plot = points(
        f"errors of {victim['name']}", "share", Groups("kind of error", kinds, counted=False), series,
        minimum_n=minimum_n, top=percent_top(s for found in series.values() for s in found),
    )  # fmt: skip
    rows = [
        [e["kind"], c["condition"], e["count"], *score_cells(e["share"]), e.get("cost_ap50")]
        for c in arms
        for e in c["errors"]
    ]
    return replace(plot, columns=("kind of error", "condition", "count", *SCORE_COLUMNS, "cost in AP50"), rows=rows)


def transfer(table: Mapping[str, Any] | None, score: str, minimum_n: int) -> Plot | None:
    """Victims, one below the other, against arms; frames mark the victims that a patch was optimised on.

    Victims have the longer names, and there may be many of them: down the page there is room.
    """
    part = (table or {}).get(score)
    if not table or not part:
        return None
    kept = [(row, cells) for row, cells in zip(part["rows"], part["cells"], strict=True) if any(map(measured, cells))]
    if not kept:
        return None
    trained = table.get("trained_on", {})
    own = [
        (column, row)
        for column, (arm, _) in enumerate(kept)
        for row, victim in enumerate(part["columns"])
        if victim in (trained.get(arm) or ())
    ]
    cells = [[found[row] for _, found in kept] for row in range(len(part["columns"]))]
    return heat(
        f"{score}, judged on × patch", score, Side("patch", [arm for arm, _ in kept]),
        Side("judged on", part["columns"]), cells, minimum_n=minimum_n, marked=own,
    )  # fmt: skip
