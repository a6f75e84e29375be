"""``report.html``: one file that explains a run to someone who was not there, offline and on paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from physadv.atomic import write_text
from physadv.errors import BadInput
from physadv.report import plots, record
from physadv.report.words import amount, caution, headline, score_named

FILE = "report.html"
ORDER = ("clean", "grey", "random", "patch")
OUTCOMES = ("detected", "misclassified", "badly localised", "missed")


def write_report(folder: Path) -> Path:
    """Make ``report.html`` from what lies in a run folder; parts that are not there are left out."""
    if not folder.is_dir():
        raise BadInput(f"no run folder {str(folder)!r}. Name the folder that generate or evaluate wrote.")
    run, scores = record.read(folder), record.read_json(folder / "scores.json")
    if not run and not scores:
        raise BadInput(f"{str(folder)!r} holds neither run.json nor scores.json, so there is nothing to report.")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["amount"] = amount
    try:
        html = environment.get_template("page.html.j2").render(_content(folder, run, scores))
    except (UndefinedError, KeyError) as error:
        raise BadInput(
            f"{folder / 'scores.json'} is not one that this version writes: {error}. Judge again."
        ) from error
    return write_text(folder / FILE, html)


def _content(folder: Path, run: dict[str, Any], scores: dict[str, Any]) -> dict[str, Any]:
    victims = scores.get("victims", [])
    protocol = scores.get("protocol", {})
    curves = folder / "curves.csv"
    return {
        "name": run.get("name") or folder.resolve().name,
        "command": run.get("command", ""),
        "made": str(run.get("made", ""))[:16].replace("T", " "),
        "headline": headline(protocol, victims[0]) if victims else "This run was not judged.",
        "cautions": caution(protocol, victims),
        "bars": _bars(victims[0]) if victims else [],
        "protocol": protocol,
        "victims": [_victim(victim) for victim in victims],
        "order": ORDER,
        "outcome_names": OUTCOMES,
        "contact": _data_uri(folder / "contact.png"),
        "gap": scores.get("gap"),
        "gap_picture": _data_uri(folder / "gap.png"),
        "patch": _data_uri(folder / "patch.png"),
        "proof": _proof(folder),
        "patch_mm": protocol.get("patch_mm") or run.get("patch_mm") or [],
        "sheets": sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.pdf")),
        "curves": Markup(plots.curves(curves)) if curves.is_file() else "",
        "provenance": _provenance(run, protocol, victims),
        "config": _flat(run.get("config", {})),
        "versions": run.get("environment", {}).get("packages", {}),
    }


def _bars(victim: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Success under each condition, for the bars beside the headline."""
    found = [(c["condition"], score_named(c["scores"], "success")) for c in victim["conditions"]]
    return [
        {"condition": name, "score": score} for name, score in reversed(found) if score and score["value"] is not None
    ]


def _victim(victim: dict[str, Any]) -> dict[str, Any]:
    conditions = {c["condition"]: c for c in victim["conditions"]}
    shown = [conditions[name] for name in ORDER if name in conditions]
    return victim | {
        "table": {
            name: [score_named(c["scores"], name) for c in shown] for name in ("AP50", "AP", "recall", "success")
        },
        "shown": [c["condition"] for c in shown],
        "outcome_rows": [(c["condition"], c["outcomes"], sum(c["outcomes"].values()) or 1) for c in shown],
        "success_by_bin": Markup(
            plots.by_bin([c for c in shown if c["condition"] != "clean"], "success", "success, %")
        ),
        "recall_by_bin": Markup(plots.by_bin(shown, "recall", "detected, %")),
    }


def _data_uri(path: Path) -> str:
    if not path.is_file():
        return ""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _proof(folder: Path) -> dict[str, Any]:
    """The patch on screen and in print; empty where print changes nothing."""
    found = record.read_json(folder / "proof.json")
    if not found:
        return {}
    asked = _data_uri(folder / "asked.png") or _data_uri(folder / "patch.png")
    return found | {"asked": asked, "printed": _data_uri(folder / "proof.png")}


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


def _flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", str(value)))
    return rows
