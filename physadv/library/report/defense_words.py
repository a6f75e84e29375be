"""The table of defences in plain words, with what is missing from it and what cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.library.report.plain_words import amount, difference

Row = Mapping[str, Any]  # of ``defenses.json``

_NOT_KNOWN = "no attack that knows the defense was made, so nothing tells how it holds: judge with adaptive=true"
_KNEW = "the patch that is judged was optimised behind this very defense"
_OF_SUSPECT = {
    "unaware": "a patch optimised without the defense does better than those optimised through it",
    "black box": "a search that sees scores alone does better than the attacks that follow gradients",
}


def verdicts(table: Mapping[str, Any]) -> list[str]:
    """A sentence for every victim behind a defence, and one for everything that spoils its row."""
    said = []
    for row in table["rows"]:
        if row["defense"] != "none":
            said.append(verdict(row, _bare(table, row)))
        said += [f"caution {row['name']}: {text}" for text in objections(row)]
    return said


def verdict(row: Row, bare: Row | None) -> str:
    """ "yolox behind jpeg-50: fooled on 40 % [28, 53] by a patch that … ; without the defense …"."""
    attempts = {name: _success(row, name) for name in ("unaware", "adaptive", "black box")}
    who = {
        "unaware": "by the patch that does not know the defense",
        "adaptive": f"by one that does{_worst_of(row)}",
        "black box": "by a black box search",
    }
    told = [f"{amount(score)} {who[name]}" for name, score in attempts.items() if score is not None]
    worst = None if bare is None else _worst(bare)
    without = "" if worst is None else f"; without the defense on {amount(worst)}"
    return f"{row['name']}: fooled on {', on '.join(told) or '–'}{without}{_price(row)}."


def objections(row: Row) -> list[str]:
    """What spoils a row."""
    knew = [f"no test of an unaware attack: {_KNEW}"] * bool(row["knew"])
    if row["incomplete"]:
        return [*knew, f"incomplete: {_NOT_KNOWN}"] if row["defense"] != "none" else []
    return knew + [
        f"suspect: {_OF_SUSPECT[name]}, so these have failed and say nothing about the defense. More steps, draws or "
        "other weights (adaptive.steps, adaptive.lambdas) may mend that"
        for name in row["suspect"]
    ]


def lost(row: Row, name: str) -> str:
    """ "-1 points [-3, 0]": by how much a score of clean pictures changes; empty where nobody can tell."""
    cost = (row["clean_cost"] or {}).get(name)
    if not cost:
        return ""
    low, high = (None if cost[end] is None else -cost[end] + 0.0 for end in ("high", "low"))
    changed = {"score": name, "value": -cost["value"] + 0.0, "low": low, "high": high}
    return difference(changed).removesuffix(" [?, ?]")


def proven(row: Row) -> str:
    """ "31 % [18, 48]" of the objects; empty where the defence proves nothing."""
    score = (row["cells"]["no attack"] or {"scores": {}})["scores"].get("certified")
    return amount(score) if score else ""


def _price(row: Row) -> str:
    clean = [f"{name} {text}" for name in ("recall", "AP50") if (text := lost(row, name))]
    told = [f"{', '.join(clean)} on clean pictures"] * bool(clean)
    told += [f"× {row['latency_ratio']:.2f} in time"] * (row["latency_ratio"] is not None)
    shown = f"; it costs {', '.join(told)}" if told else ""
    return shown + (f"; proven for {text} of the objects" if (text := proven(row)) else "")


def _worst_of(row: Row) -> str:
    cell = row["cells"]["adaptive"]
    return f" (the worst of {cell['of']})" if cell and cell["of"] > 1 else ""


def _bare(table: Mapping[str, Any], row: Row) -> Row | None:
    return next((r for r in table["rows"] if r["victim"] == row["victim"] and r["defense"] == "none"), None)


def _worst(row: Row) -> Mapping[str, Any] | None:
    known = [score for name in ("unaware", "adaptive") if (score := _success(row, name)) is not None]
    return max(known, key=lambda score: float(score["value"]), default=None)


def _success(row: Row, attack: str) -> Mapping[str, Any] | None:
    cell = row["cells"][attack]
    score = cell["scores"].get("success") if cell else None
    return score if score and score["value"] is not None else None
