"""The table of defences as the page of a run shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.defense_words import objections, price, verdict

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


def defenses_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the section needs; empty without a table."""
    if not table:
        return {}
    rows = table["rows"]
    bare = {row["victim"]: row for row in rows if row["defense"] == "none"}
    return {
        "attacks": [(name, _NOTES[name]) for name in table["attacks"]],
        "tables": [(score, made) for score in _SHOWN if (made := _rows(rows, score))],
        "said": [verdict(row, bare.get(row["victim"])) for row in rows if row["defense"] != "none"],
        "objections": [f"{row['name']} is {text}." for row in rows for text in objections(row)],
        "attempts": [_attempt(row, one) for row in rows for one in row["attempts"]],
    }


def _rows(rows: Sequence[Mapping[str, Any]], score: str) -> list[dict[str, Any]]:
    """All victims, or those with an alarm."""
    return [_row(row, score) for row in rows if score not in _ALARMED or score in row["cells"]["unaware"]["scores"]]


def _row(row: Mapping[str, Any], score: str) -> dict[str, Any]:
    cells = row["cells"]
    shown = {name: None if cell is None else cell["scores"].get(score) for name, cell in cells.items()}
    if score == "success" and cells["no attack"]:
        shown["no attack"] = cells["no attack"]["scores"].get("recall")
    if score == "alarms":
        shown["no attack"] = cells["unaware"]["scores"].get("false alarms")
    flags = ["incomplete"] * bool(row["incomplete"] and row["defense"] != "none") + ["suspect"] * bool(row["suspect"])
    return {
        "victim": row["victim"], "defense": row["defense"], "kinds": ", ".join(dict.fromkeys(row["kinds"])) or "–",
        "cells": list(shown.values()), "flags": ", ".join(flags), "price": price(row) or "–",
        "latency": None if row["latency_ms"] is None else f"{row['latency_ms']:.3g} ms, × {row['latency_ratio']:.2f}",
    }  # fmt: skip


def _attempt(row: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"], "attack": one["attack"], "evasion": one["evasion"], "seed": one["seed"],
        "queries": one["queries"], "folder": one["folder"],
        "success": one["scores"].get("success"), "ap50": one["scores"].get("AP50"),
    }  # fmt: skip
