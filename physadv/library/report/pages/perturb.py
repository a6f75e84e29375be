"""The page of ``physadv perturb``: one file with pictures, plots and tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.report.pages.html import filled
from physadv.library.report.pages.run import data_uri, flat, understood
from physadv.library.report.perturb_words import FILE, cautions, headline, score_of, words_of
from physadv.library.report.plots.perturb_plots import accuracy_over_eps, norms_of, sizes, success_over_queries
from physadv.library.runs import record
from physadv.library.runs.options import read_object

NORMS = ("l0", "l1", "l2", "linf")
SCORES = ("success", "noise success", "success rounded", "robust accuracy")


def write_perturb_report(folder: Path) -> Path:
    """Make ``report.html`` from ``perturb.json`` and the pictures beside it."""
    if not (folder / FILE).is_file():
        raise BadInput(f"{str(folder)!r} holds no {FILE}. Name a folder that physadv perturb wrote")
    found = read_object(folder / FILE)
    with understood(folder):
        html = filled("perturb.html.j2", content(folder, found))
    return write_text(folder / "report.html", html)


def content(folder: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template needs."""
    run = record.read(folder)
    arms = {arm["key"]: arm for arm in found["arms"]}
    return {
        **{name: found[name] for name in ("name", "seed", "victim", "scenes", "targets", "restarts", "budget", "goal",
                                          "device", "defense")},
        "headline": headline(found), "cautions": cautions(found), "clean": found["clean"][0],
        "count": len(found["pictures"]), "minimum_n": 30,
        "arms": [_arm(arm) for arm in found["arms"]],
        "curves": [plot for norm in norms_of(found) if (plot := accuracy_over_eps(found, norm))],
        "queries": success_over_queries(found),
        "sizes": [plot for norm in norms_of(found) if (plot := sizes(found, norm))],
        "shown": [(words_of(arms[key]), own) for key, own in _shown(folder, found, arms).items()],
        "config": flat(run.get("config", {})), "made": str(run.get("made", ""))[:16].replace("T", " "),
    }  # fmt: skip


def csv_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for every picture under every attack."""
    pictures = found["pictures"]
    return [
        {
            "attack": arm["name"], "threat": arm["threat"], "norm": arm["norm"], "eps": arm["eps"],
            "picture": pictures[row["picture"]]["key"], "label": pictures[row["picture"]]["label"],
            "target": row.get("target", ""),
            **{name: row[name] for name in ("decided", "confidence", "success", "rounded_success", "noise_success",
                                            "queries", "gradients", "steps", *NORMS)},
        }
        for arm in found["arms"] for row in arm["rows"]
    ] or [{"attack": ""}]  # fmt: skip


def _arm(arm: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: arm[name] for name in ("name", "norm", "eps", "told", "threat", "surrogate", "queries", "gradients")},
        "scores": [score_of(arm, name) for name in SCORES], "distances": [arm["distances"][norm] for norm in NORMS],
    }  # fmt: skip


def _shown(
    folder: Path, found: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """By attack: the three pictures of each, and what is said of them."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for one in found["shown"]:
        row = arms[one["arm"]]["rows"][one["row"]]
        picture = found["pictures"][row["picture"]]
        shown.setdefault(one["arm"], []).append({
            "surrogate": arms[one["arm"]]["surrogate"],
            "key": picture["key"], "label": picture["label"], "clean": picture, "row": row, "times": one["times"],
            "uris": {name: data_uri(folder / file) for name, file in one["files"].items()},
            "distances": [(norm, row[norm]) for norm in NORMS],
        })  # fmt: skip
    return shown
