"""The page of ``physadv drive``: one file with tables, plots and films."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.files.reading import read_bytes
from physadv.library.report.drive_words import (
    FILE,
    cautions,
    changed,
    headline,
    score_of,
    telling,
    told,
    words_of,
)
from physadv.library.report.pages.html import filled
from physadv.library.report.pages.run import data_uri, flat, understood
from physadv.library.report.plots.drive_plots import measure_by_arm, over_condition
from physadv.library.runs import record
from physadv.library.runs.options import read_object

Row = Mapping[str, Any]
FILM_LIMIT = 8_000_000  # bytes of one film on the page


def write_drive_report(folder: Path) -> Path:
    """Make ``report.html`` from ``drive.json`` and the films beside it."""
    if not (folder / FILE).is_file():
        raise BadInput(f"{str(folder)!r} holds no {FILE}. Name a folder that physadv drive wrote")
    found = read_object(folder / FILE)
    with understood(folder):
        html = filled("drive.html.j2", content(folder, found))
    return write_text(folder / "report.html", html)


def content(folder: Path, found: Row) -> dict[str, Any]:
    """Everything that the template needs."""
    run = record.read(folder)
    return {
        **{name: found[name] for name in ("name", "seed", "device", "quantised", "defense", "aim", "episodes", "worlds",
                                          "policies", "minimum_seeds", "made")},
        "headline": headline(found), "cautions": cautions(found), "cells": _cells(found),
        "medians": _medians(found), "transfers": _transfers(found), "films": _films(folder, found),
        "prints": [{**one, "uri": data_uri(folder / one["file"])} for one in found["prints"]],
        "config": flat(run.get("config", {})), "made_at": str(run.get("made", ""))[:16].replace("T", " "),
    }  # fmt: skip


def csv_rows(found: Row) -> list[dict[str, Any]]:
    """One row for every episode under every arm."""
    return [
        {"policy": row["policy"], "world": row["world"], "arm": row["key"], "role": row["role"], **episode}
        for row in found["rows"] for episode in row["episodes"]
    ]  # fmt: skip


def _cells(found: Row) -> list[dict[str, Any]]:
    """One policy in one world: its table and its plots."""
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in found["rows"]:
        cells.setdefault((row["policy"], row["world"]), []).append(row)
    return [_cell(found, policy, world, rows) for (policy, world), rows in cells.items()]


def _cell(found: Row, policy: str, world: str, rows: Sequence[Row]) -> dict[str, Any]:
    measures = next(one["measures"] for one in found["worlds"] if one["name"] == world)
    curves = [one for one in found["curves"] if (one["policy"], one["world"]) == (policy, world)]
    by_key = {row["key"]: row for row in rows}
    telling_first = telling(found)
    names = [measure["name"] for measure in measures]
    plots = {name: measure_by_arm(rows, place) for place, name in enumerate(names)}
    main = dict.fromkeys((telling_first, names[0]))
    over = [
        over_condition(curves, by_key, condition, measure["name"])
        for measure in measures
        for condition in dict.fromkeys(one["condition"] for one in curves)
    ]
    return {
        "policy": policy, "world": world, "measures": measures,
        "rows": [{"words": words_of(row), "role": row["role"], "threat": row["threat"], "n": row["scores"][0]["n"],
                  "attacked": row["attacked"] if row["role"] != "clean" else None,
                  "scores": [(told(score), score["value"]) for score in row["scores"]],
                  "change": changed(row["differences"][0] if row["differences"] else None)} for row in rows],
        "plots": [plots[name] for name in main if plots[name]],
        "more": [plot for name, plot in plots.items() if plot and name not in main], "over": sorted(
            (plot for plot in over if plot), key=lambda plot: not plot.title.startswith(telling_first)),
    }  # fmt: skip


def _medians(found: Row) -> list[dict[str, Any]]:
    return [
        {"words": f"{one['name']}{', ' if one['told'] else ''}{one['told']}", "world": one["world"],
         "policies": one["policies"], "scores": [(told(score), score["value"]) for score in one["scores"]]}
        for one in found["medians"]
    ]  # fmt: skip


def _transfers(found: Row) -> list[dict[str, Any]]:
    """Whose attack does what to whom, where: the measure that says most."""
    name = telling(found)
    rows = [row for row in found["rows"] if row["role"] == "attack"]
    if not any(row["threat"] == "transfer" for row in rows) and len(found["worlds"]) < 2:
        return []
    return [
        {"source": row["source"] or row["policy"], "words": f"{row['name']}, {row['told']}", "policy": row["policy"],
         "world": row["world"], "measure": name, "score": told(score_of(row, name)),
         "value": (score_of(row, name) or {"value": None})["value"]}
        for row in rows
    ]  # fmt: skip


def _films(folder: Path, found: Row) -> list[dict[str, Any]]:
    names = {row["key"]: words_of(row) for row in found["rows"]}
    films: dict[str, list[dict[str, Any]]] = {}
    for one in found["films"]:
        data = base64.b64encode(read_bytes(folder / one["file"], FILM_LIMIT)).decode()
        measures = ", ".join(f"{name} {value:.3g}" for name, value in one["measures"].items() if value is not None)
        films.setdefault(names[one["arm"]], []).append({**one, "uri": f"data:image/webp;base64,{data}",
                                                        "words": measures})  # fmt: skip
    return [{"words": words, "films": own} for words, own in films.items()]
