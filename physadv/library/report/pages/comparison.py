"""One page for several runs: their scores side by side, and whether they may be compared at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import commonpath, relpath
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import UndefinedError

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.report.arms import names, score_named
from physadv.library.report.cautions import voiding
from physadv.library.report.pages.html import filled
from physadv.library.report.pages.run import data_uri, flat
from physadv.library.report.plain_words import FEW
from physadv.library.report.plots.figure import Plot, measured
from physadv.library.report.plots.intervals import Groups, points
from physadv.library.runs import record
from physadv.library.runs.options import read_object_if_there

HEADLINES = ("success", "recall", "AP50", "AP")
_WORDS = (
    "relations",
    "covers",
    "detected",
    "outcomes",
    "average_precision",
    "intervals",
    "conditions",
    "success",
    "differs",
    "source",
)
"""Parts of a protocol that are explanations: they differ only where something else does."""
_SERIOUS = ("protocol", "objects", "scenes", "data", "seed", "judge", "eot", "ink", "victim")
"""Settings that must be equal for numbers to be comparable."""


@dataclass(frozen=True)
class JudgedRun:
    """One run folder that holds a judgement."""

    label: str  # short, and unlike every other run's
    folder: Path
    run: Mapping[str, Any]
    scores: Mapping[str, Any]

    @property
    def protocol(self) -> Mapping[str, Any]:
        """How its numbers were made."""
        found: Mapping[str, Any] = self.scores.get("protocol", {})
        return found

    @property
    def patch_digests(self) -> frozenset[str]:
        """Of all patches; empty where they were not noted."""
        return frozenset(str(p["digest"]) for p in self.scores.get("patches", ()) if p.get("digest"))


def write_comparison(folders: Sequence[Path], out: Path) -> Path:
    """Write one page for the runs in ``folders``; folders of a sweep stand for their jobs.

    Raises :class:`BadInput` for fewer than two judged runs, or files of another version.
    """
    runs = read_runs(folders)
    if len(runs) < 2:
        raise BadInput(
            f"a comparison needs at least two judged runs, got {len(runs)}: {', '.join(map(str, folders)) or 'none'}. "
            "Name more run folders, or the folder of a sweep."
        )
    try:
        html = filled("compare.html.j2", content(runs, out.resolve().parent))
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(
            f"a scores.json in {', '.join(str(r.folder) for r in runs)} is not one that this version writes: {error}. "
            "Judge again."
        ) from error
    return write_text(out, html)


def read_runs(folders: Sequence[Path]) -> list[JudgedRun]:
    """Every judged run, in the order given; each once."""
    found = list(dict.fromkeys(place for folder in folders for place in _expanded(folder)))
    return [
        JudgedRun(label, place, record.read(place), read_object_if_there(place / "scores.json"))
        for label, place in zip(_labels(found), found, strict=True)
    ]


def _expanded(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise BadInput(f"no run folder {str(folder)!r}. Name folders that generate or evaluate wrote.")
    here = folder.resolve()
    if (here / "scores.json").is_file():
        yield here
        return
    jobs = [place.parent for place in here.glob("*/scores.json")]
    if not jobs:
        raise BadInput(
            f"{str(folder)!r} holds no scores.json, and neither do its subfolders. Name a run that was judged, or the "
            "folder of a sweep."
        )
    yield from sorted(
        jobs, key=lambda job: (not job.name.isdigit(), int(job.name) if job.name.isdigit() else 0, job.name)
    )


def _labels(folders: Sequence[Path]) -> list[str]:
    """The paths below what they have in common."""
    if len(folders) < 2:
        return [folder.name for folder in folders]
    common = Path(commonpath(folders))
    return [folder.relative_to(common).as_posix() if folder != common else folder.name for folder in folders]


def content(runs: Sequence[JudgedRun], place: Path) -> dict[str, Any]:
    """Everything that the template needs; links lead from ``place``, where the page will be."""
    few = max(int(run.protocol.get("minimum_n", FEW)) for run in runs)
    settings = differing(runs)
    return {
        "runs": [_about(run, place) for run in runs],
        "labels": [run.label for run in runs],
        "minimum_n": few,
        "settings": settings,
        "warnings": [*_voided(runs), *warnings(runs, settings)],
        "rows": [row for run in runs for row in _rows(run)],
        "headlines": HEADLINES,
        "plots": [plot for score in ("success", "AP50") for plot in _plots(runs, score, few)],
    }


def differing(runs: Sequence[JudgedRun]) -> list[dict[str, Any]]:
    """Settings that are not equal in all runs, the serious ones first."""
    tables = [_settings(run) for run in runs]
    found = []
    for key in dict.fromkeys(key for table in tables for key in table):
        values = [table.get(key, "–") for table in tables]
        if len(set(values)) > 1:
            found.append({"key": key, "values": values, "serious": key.split()[0] in _SERIOUS})
    return sorted(found, key=lambda row: not row["serious"])


def _settings(run: JudgedRun) -> dict[str, str]:
    """The settings, under names whose first word says of what kind they are."""
    protocol = {k: v for k, v in run.protocol.items() if k not in _WORDS}
    counts = {
        k: protocol.pop(k)
        for k in ("objects", "not_judged", "patch_mm", "batch", "seed", "name", "version")
        if k in protocol
    }
    found = {"protocol name": counts.get("name", "not named"), "protocol version": counts.get("version", "–")}
    found |= {f"protocol {k}": v for k, v in flat(protocol)}
    found["seed of judging"] = counts.get("seed", "–")
    found |= {"objects judged": counts.get("objects", "–"), "patch, mm": counts.get("patch_mm", "–")}
    choices, config = run.run.get("choices", {}), run.run.get("config", {})
    found |= {kind: choices[kind] for kind in ("scenes", "eot", "ink") if kind in choices}
    found |= {f"judge {k}": v for k, v in flat(config.get("judge", {}) or {}) if not k.startswith("batch")}
    found |= {f"data {k}": v for k, v in run.run.get("data", {}).items() if k.startswith("judged")}
    found |= {f"victim {v['name']}": f"{v['digest'][:12]}, from {v['confidence']:g}" for v in run.scores["victims"]}
    found["optimising seed"] = run.run.get("seed", "–")
    found["physadv commit"] = (run.run.get("environment", {}).get("commit") or "–")[:12]
    return {key: _text(value) for key, value in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def warnings(runs: Sequence[JudgedRun], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why the numbers of these runs may not be compared; empty where nothing serious differs."""
    serious = [row["key"] for row in settings if row["serious"]]
    protocols = {(run.protocol.get("name"), run.protocol.get("version")) for run in runs}
    digests = {run.patch_digests for run in runs}
    same_patch = len(digests) == 1 and bool(next(iter(digests)))
    found = []
    if len(protocols) > 1 and same_patch:
        found.append(
            f"The same patch under {len(protocols)} protocols: what differs between the rows is how it was measured, "
            "not the patch."
        )
    elif len(protocols) > 1:
        found.append("Different patches under different protocols: the numbers cannot be compared with one another.")
    rest = [key for key in serious if not key.startswith("protocol")] if len(protocols) > 1 else serious
    if rest:
        found.append(
            f"These runs were not measured alike ({', '.join(rest[:8])}{', …' if len(rest) > 8 else ''}): differences "
            "between their numbers may come from that."
        )
    return found


def _voided(runs: Sequence[JudgedRun]) -> list[str]:
    """Reasons why the figures of single runs say something else than they seem to, with the runs they apply to."""
    labels: dict[str, list[str]] = {}
    for run in runs:
        for told in voiding(run.protocol):
            labels.setdefault(told, []).append(run.label)
    return [f"{', '.join(found)}: {told}" for told, found in labels.items()]


def _about(run: JudgedRun, place: Path) -> dict[str, Any]:
    protocol = run.protocol
    report = run.folder / "report.html"
    return {
        "label": run.label, "name": run.run.get("name") or run.folder.name,
        "protocol": f"{protocol.get('name', 'not named')} {protocol.get('version', '')}".strip(),
        "differs": protocol.get("differs", []), "objects": protocol.get("objects", "–"),
        "patches": ", ".join(sorted(d[:12] for d in run.patch_digests)) or "–",
        "picture": data_uri(run.folder / "patch.png"),
        "report": quote(relpath(report, place)) if report.is_file() else "",
    }  # fmt: skip


def _rows(run: JudgedRun) -> Iterator[dict[str, Any]]:
    for victim in run.scores["victims"]:
        for arm in victim["conditions"]:
            yield {
                "run": run.label, "protocol": run.protocol.get("name", "–"), "victim": victim["name"],
                "condition": arm["condition"],
                "scores": [score_named(arm["scores"], name) for name in HEADLINES],
            }  # fmt: skip


def _plots(runs: Sequence[JudgedRun], score: str, minimum_n: int) -> Iterator[Plot]:
    """One plot for every victim that at least one run has, runs side by side."""
    for victim in dict.fromkeys(v["name"] for run in runs for v in run.scores["victims"]):
        here = [next((v for v in run.scores["victims"] if v["name"] == victim), None) for run in runs]
        series = {
            arm: [_score(found, arm, score) for found in here] for arm in names([found for found in here if found])
        }
        if any(measured(s) for found in series.values() for s in found):
            groups = Groups("run", [run.label for run in runs])
            yield points(f"{score} against {victim}", score, groups, series, minimum_n=minimum_n)


def _score(victim: Mapping[str, Any] | None, arm: str, name: str) -> Mapping[str, Any] | None:
    if victim is None:
        return None
    found = next((c for c in victim["conditions"] if c["condition"] == arm), None)
    return score_named(found["scores"], name) if found else None
