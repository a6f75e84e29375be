"""The table of defences as the page of a run shows it: tables by victim and score, curves, what was painted over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from physadv.library.report.defense_words import lost, objections, proven, verdict
from physadv.library.report.plots import defense_plots

MASKS = "masks"
"""Folder of the pictures of what was painted over, named by the place of the row."""
_NOTES = {
    "no attack": "recall without a patch",
    "grey": "a plain grey patch",
    "random": "a patch of noise",
    "unaware": "the patch, optimised without the defense",
    "adaptive": "optimised through the defense; the worst of all restarts and weights",
    "black box": "searched for behind the defense by scores alone",
}
_SHOWN = ("success", "AP50", "alarms", "AUROC")
_ALARMED = ("alarms", "AUROC")  # of defences that raise one
_COST_OF = {"success": "recall", "AP50": "AP50"}
"""Score of a table → the score whose loss on clean pictures stands in it."""


def defenses_of(
    table: Mapping[str, Any], folder: Path, picture: Callable[[Path], str], minimum_n: int
) -> dict[str, Any]:
    """Everything that the section needs; empty without a table. ``picture`` makes a link of a PNG, empty of none."""
    if not table:
        return {}
    rows = table["rows"]
    bare = {row["victim"]: row for row in rows if row["defense"] == "none"}
    by_victim = {
        name: [row for row in rows if row["victim"] == name] for name in dict.fromkeys(r["victim"] for r in rows)
    }
    return {
        "attacks": [(name, _NOTES[name]) for name in table["attacks"]],
        "tables": [
            made for score in _SHOWN for victim, own in by_victim.items() if (made := _table(victim, own, score))
        ],
        "said": [verdict(row, bare.get(row["victim"])) for row in rows if row["defense"] != "none"],
        "objections": _objections(rows),
        "plots": [plot for victim, own in by_victim.items() for plot in defense_plots.plots(victim, own, minimum_n)],
        "masks": [
            (row["name"], link)
            for place, row in enumerate(rows)
            if (link := picture(folder / MASKS / f"{place}.png"))
        ],
        "attempts": [_attempt(row, one) for row in rows for one in row["attempts"]],
    }  # fmt: skip


def _objections(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each once, with the rows that it spoils."""
    spoilt: dict[str, list[str]] = {}
    for row in rows:
        for text in objections(row):
            spoilt.setdefault(text, []).append(row["name"])
    return [f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {text}." for text, names in spoilt.items()]


def _table(victim: str, rows: Sequence[Mapping[str, Any]], score: str) -> dict[str, Any]:
    """One score of one victim behind every defence; empty where no defence has it."""
    kept = [row for row in rows if score not in _ALARMED or score in row["cells"]["unaware"]["scores"]]
    if not kept:
        return {}
    cost = _COST_OF.get(score, "")
    return {
        "victim": victim, "score": score, "cost": cost, "proofs": score == "success" and any(map(proven, kept)),
        "rows": [_row(row, score, cost) for row in kept],
    }  # fmt: skip


def _row(row: Mapping[str, Any], score: str, cost: str) -> dict[str, Any]:
    cells = row["cells"]
    shown = {name: None if cell is None else cell["scores"].get(score) for name, cell in cells.items()}
    if score == "success" and cells["no attack"]:
        shown["no attack"] = cells["no attack"]["scores"].get("recall")
    if score == "alarms":
        shown["no attack"] = cells["unaware"]["scores"].get("false alarms")
    flags = ["incomplete"] * bool(row["incomplete"] and row["defense"] != "none") + ["suspect"] * bool(row["suspect"])
    ratio = row["latency_ratio"]
    return {
        "defense": row["defense"], "kinds": ", ".join(dict.fromkeys(row["kinds"])), "cells": list(shown.values()),
        "flags": ", ".join(flags), "lost": lost(row, cost), "proven": proven(row),
        "cost": (row["clean_cost"] or {}).get(cost) or {}, "ratio": ratio,
        "time": "" if ratio is None else f"× {ratio:.2f}",
        "ms": "" if row["latency_ms"] is None else f"{row['latency_ms']:.3g} ms",
    }  # fmt: skip


def _attempt(row: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"], "attack": one["attack"], "evasion": one["evasion"], "seed": one["seed"],
        "queries": one["queries"], "folder": one["folder"],
        "success": one["scores"].get("success"), "ap50": one["scores"].get("AP50"),
    }  # fmt: skip
