"""``report.html``: one file that explains a run to someone who was not there, offline and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.report.arms import names, role, score_named, score_names
from physadv.library.report.cautions import caution, voiding
from physadv.library.report.grid_words import reach
from physadv.library.report.pages.defenses import defenses_of
from physadv.library.report.pages.html import filled
from physadv.library.report.pictures.pairs import read_pairs
from physadv.library.report.plain_words import FEW, basis, grid_caution, headline
from physadv.library.report.plots import grid_plots, score_plots, stage_plots, training_curves
from physadv.library.runs import record
from physadv.library.runs.options import read_object_if_there

FILE = "report.html"
OUTCOMES = ("detected", "misclassified", "badly localised", "missed")
_BINNED = ("success", "recall")
_MAIN = ("success", "AP50")  # differences that are shown at once


def write_report(folder: Path) -> Path:
    """Make ``report.html`` from what lies in a run folder; parts that are not there are left out."""
    run, scores, grid = files_of(folder)
    with understood(folder):
        html = filled("page.html.j2", content(folder, run, scores, grid))
    return write_text(folder / FILE, html)


def files_of(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """``run.json``, ``scores.json`` and ``grid.json`` of a run folder; empty where one is not there, but not all.

    Raises :class:`BadInput` where there is nothing to report.
    """
    if not folder.is_dir():
        raise BadInput(f"no run folder {str(folder)!r}. Name the folder that generate or evaluate wrote.")
    run, scores, grid = (read_object_if_there(folder / name) for name in (record.FILE, "scores.json", "grid.json"))
    if not run and not scores and not grid:
        raise BadInput(
            f"{str(folder)!r} holds neither run.json nor scores.json, so there is nothing to report. "
            "Name a folder that generate or evaluate wrote."
        )
    return run, scores, grid


@contextmanager
def understood(folder: Path) -> Iterator[None]:
    """Raise :class:`BadInput` where the files of a run folder hold something else than they should."""
    try:
        yield
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(
            f"the scores.json, grid.json or run.json in {folder} is not one that this version writes: {error}. "
            "Judge again."
        ) from error


def content(folder: Path, run: dict[str, Any], scores: dict[str, Any], grid: dict[str, Any]) -> dict[str, Any]:
    """Everything that the template needs."""
    victims, protocol = scores.get("victims", []), scores.get("protocol") or grid.get("protocol") or {}
    few = int(protocol.get("minimum_n", FEW))
    curves = folder / "curves.csv"
    return {
        "name": run.get("name") or folder.resolve().name,
        "command": run.get("command", ""),
        "made": str(run.get("made", ""))[:16].replace("T", " "),
        "headline": headline(protocol, victims[0]) if victims else reach(grid) or "This run was not judged.",
        "reach": reach(grid) if victims else "",
        "basis": basis(protocol) if victims else "",
        "voiding": voiding(protocol),
        "cautions": [*caution(protocol, victims), *grid_caution(grid, few)],
        "minimum_n": few,
        "bars": score_plots.headline_bars(victims[0], few) if victims else None,
        "protocol": protocol,
        "differs": protocol.get("differs", []),
        "patches": scores.get("patches", []),
        "victims": [_victim(victim, few) for victim in victims],
        "several": [p for name in ("success", "AP50") if (p := score_plots.over_victims(victims, name, few))],
        "transfer": [
            p for name in ("success", "AP50") if (p := score_plots.transfer(scores.get("transfer"), name, few))
        ],
        "defenses": defenses_of(read_object_if_there(folder / "defenses.json"), folder, data_uri, few),
        "differences": _differences(victims),
        "distances": _distances(victims),
        "conditions": names(victims),
        "curves": grid_plots.curves(grid, few),
        "maps": grid_plots.maps(grid, few),
        "usable": grid_plots.usable(grid),
        "notes": [axis["note"] for axis in grid.get("axes", ()) if axis.get("note")],
        "outcome_names": OUTCOMES,
        "pairs": read_pairs(folder),
        "contact": data_uri(folder / "contact.png"),
        "stages": scores.get("stages", []),
        "waterfalls": stage_plots.waterfalls(scores.get("stages", [])),
        "gap": scores.get("gap"),
        "gap_picture": data_uri(folder / "gap.png"),
        "patch": data_uri(folder / "patch.png"),
        "proof": _proof(folder),
        "patch_mm": protocol.get("patch_mm") or run.get("patch_mm") or [],
        "sheets": sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.pdf")),
        "attack": training_curves.curves(curves) if curves.is_file() else None,
        "provenance": _provenance(run, protocol, victims),
        "config": flat(run.get("config", {})),
        "versions": run.get("environment", {}).get("packages", {}),
    }


def _victim(victim: dict[str, Any], minimum_n: int) -> dict[str, Any]:
    shown = victim["conditions"]
    return victim | {
        "table": {name: [score_named(c["scores"], name) for c in shown] for name in score_names(shown)},
        "shown": [c["condition"] for c in shown],
        "outcome_rows": [(c["condition"], c["outcomes"], sum(c["outcomes"].values()) or 1) for c in shown],
        "by_bin": [p for name in _BINNED if (p := score_plots.by_bin(victim, name, minimum_n))],
        "errors": score_plots.errors(victim, minimum_n),
        "seen_in_training": sorted(name for name, unseen in victim.get("unseen", {}).items() if unseen is False),
    }


def _differences(victims: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Paired differences, a row each; ``beyond`` chance where the interval excludes zero."""
    rows = [
        {
            "victim": victim["name"], "condition": arm["condition"], **found,
            "main": role(arm) == "patch" and found["score"] in _MAIN,
            "beyond": None not in (found["low"], found["high"]) and not found["low"] <= 0 <= found["high"],
        }
        for victim in victims
        for arm in victim["conditions"]
        for found in arm.get("differences", ())
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row["score"] != "success")


def _distances(victims: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How far each arm's pictures are from the clean ones; every victim saw the same pictures."""
    for victim in victims[:1]:
        rows = [c for c in victim["conditions"] if c.get("distances") and role(c) != "clean"]
        if rows:
            columns = list(dict.fromkeys(s["name"] for c in rows for s in c["distances"]))
            found = [(c["condition"], [score_named(c["distances"], name) for name in columns]) for c in rows]
            return {"columns": columns, "rows": found}
    return {}


def data_uri(path: Path) -> str:
    """A PNG as a link that needs no file; empty where there is none."""
    if not path.is_file():
        return ""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _proof(folder: Path) -> dict[str, Any]:
    """The patch on screen and in print; empty where print changes nothing."""
    found = read_object_if_there(folder / "proof.json")
    if not found:
        return {}
    asked = data_uri(folder / "asked.png") or data_uri(folder / "patch.png")
    return found | {"asked": asked, "printed": data_uri(folder / "proof.png")}


def _provenance(
    run: Mapping[str, Any], protocol: Mapping[str, Any], victims: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    environment = run.get("environment", {})
    rows = [
        ("made", run.get("made")),
        ("command", run.get("command")),
        ("choices", ", ".join(f"{k}={v}" for k, v in run.get("choices", {}).items())),
        ("seed", run.get("seed", protocol.get("seed"))),
        *((f"victim {v['name']}", f"sha256 {v['digest']}, reports from {v['confidence']:g}") for v in victims),
        ("data", ", ".join(f"{k} {v}" for k, v in run.get("data", {}).items())),
        ("wall time", None if run.get("seconds") is None else f"{run['seconds']:.0f} s"),
        ("queries while optimising", run.get("queries")),
        ("device", run.get("device")),
        ("physadv", environment.get("physadv")),
        ("commit", environment.get("commit")),
        ("python", environment.get("python")),
        ("platform", environment.get("platform")),
    ]
    return [(name, str(value)) for name, value in rows if value not in (None, "")]


def flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as ``a.b`` → text."""
    rows: list[tuple[str, str]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            rows += flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", str(value)))
    return rows
