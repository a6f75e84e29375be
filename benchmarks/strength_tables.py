"""Success, AP50 and their differences over seeds, from the COCO files of a judgement; and success over CPU seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from physadv.core.seeding import generator
from physadv.library.metrics.average_precision import own_precision, resampled_precision
from physadv.library.metrics.interval import percentiles, resampled_means, resampled_weights
from physadv.library.metrics.tables import F64, Bool, Findings, Truth

RESAMPLES = 1000
OURS = ("ours", "ours-print")
Sampled = tuple[float, F64]
"""A score, and the same in every resample of the photos."""


class Judgement:
    """A folder of `physadv evaluate`. The first patch is called "patch" there, every other one by its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = json.loads((folder / "scores.json").read_text())["victims"]
        self.victims = tuple(str(victim["file"]) for victim in self._told)
        self._truth = self._read_truth()
        self.photos = 1 + int(self._truth.image_of_view.max())
        self._weights = resampled_weights(self.photos, RESAMPLES, generator(0, "evaluate/bootstrap"))

    def success(self, victim: str, arm: str) -> Sampled:
        """Share of the people seen without a patch who are not reported with it."""
        threshold = next(v["confidence"] for v in self._told if v["file"] == victim)
        seen, still = (self._found(self._findings(victim, one).above(threshold)) for one in ("clean", arm))
        rows = np.flatnonzero(self._truth.judged & seen)
        gone = (~still[rows]).astype(np.float64)
        image = self._truth.image_of_view[self._truth.view_of[rows]]
        return float(gone.mean()), resampled_means(gone, image, self._weights)

    def ap50(self, victim: str, arm: str) -> Sampled:
        """Average precision of people at IoU 0.5."""
        findings = self._findings(victim, arm)
        kept = np.isin(findings.category, self._truth.judged_categories)
        mine = Findings(
            findings.view_of[kept], findings.boxes_xyxy_px[kept], findings.scores[kept], findings.category[kept]
        )
        value = float(own_precision(self._truth, mine, (0.5,))[0])
        return value, resampled_precision(self._truth, mine, self._weights, (0.5,))[:, 0]

    def seen(self, victim: str) -> int:
        """How many people the victim sees without a patch."""
        threshold = next(v["confidence"] for v in self._told if v["file"] == victim)
        return int((self._truth.judged & self._found(self._findings(victim, "clean").above(threshold))).sum())

    def _read_truth(self) -> Truth:
        content = json.loads((self.folder / "coco" / "ground_truth.json").read_text())
        names = [image["file_name"].partition("#")[0] for image in content["images"]]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        rows = content["annotations"]
        boxes = np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4)
        return Truth(
            image_of_view=np.array([numbers[name] for name in names], dtype=np.int64),
            view_of=np.array([row["image_id"] - 1 for row in rows], dtype=np.int64), object_of=np.arange(len(rows)),
            boxes_xyxy_px=np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
            category=np.array([row["category_id"] - 1 for row in rows], dtype=np.int64),
            judged=np.array([row["area"] >= 0 for row in rows]), crowd=np.array([bool(row["iscrowd"]) for row in rows]),
        )  # fmt: skip

    def _findings(self, victim: str, arm: str) -> Findings:
        rows = json.loads((self.folder / "coco" / f"{victim}-{arm}.json").read_text())
        boxes = np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4)
        return Findings(
            np.array([row["image_id"] - 1 for row in rows], dtype=np.int64),
            np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
            np.array([row["score"] for row in rows], dtype=np.float64),
            np.array([row["category_id"] - 1 for row in rows], dtype=np.int64),
        )

    def _found(self, findings: Findings) -> Bool:
        """``(M,)`` whether a report of its label has IoU 0.5 with the object."""
        boxes, others = self._truth.boxes_xyxy_px, findings.boxes_xyxy_px
        low = np.maximum(boxes[:, None, :2], others[None, :, :2])
        shared = np.clip(np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - low, 0, None).prod(2)
        areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(1) for b in (boxes, others)]
        same = self._truth.view_of[:, None] == findings.view_of[None]
        same &= self._truth.category[:, None] == findings.category[None]
        found: Bool = (same & (shared >= 0.5 * (areas[0][:, None] + areas[1][None] - shared))).any(1)
        return found


def table(folder: Path, world: str, methods: Iterable[str], seeds: int, published: Path | None, white: str) -> str:
    """Rows of methods; for each victim success, what ours has more, and AP50."""
    found, order = Judgement(folder), [f"{m}-{s}" for s in range(seeds) for m in methods]
    arms = {m: ["patch" if f"{m}-{s}" == order[0] else f"{m}-{s}" for s in range(seeds)] for m in methods}
    rows = {"grey": ["grey"], "random": ["random"], **({"published": [published.stem]} if published else {}), **arms}
    best = next(m for m in reversed(OURS) if m in arms) if world == "print" else next(iter(arms))
    others = [v for v in found.victims if v != white]
    lines = [
        f"**{world}**, {found.photos} photos; success | AP50; the last columns are {best} minus the row", "",
        "| patch | " + " | ".join(f"{v} (n = {found.seen(v)})" for v in found.victims)
        + " | more on the white box | more on the unseen | less AP50 on the unseen |",
        "|---" * (len(found.victims) + 4) + "|",
    ]  # fmt: skip
    for name, mine in rows.items():
        cells = [
            f"{_words(_mean(found.success(v, a) for a in mine))} · {_mean(found.ap50(v, a) for a in mine)[0]:.2f}"
            for v in found.victims
        ]
        for score, victims in ((found.success, [white]), (found.success, others), (found.ap50, others)):
            here, there = (
                _mean(score(v, a) for v in victims for a in chosen) if victims else (0.0, np.zeros(RESAMPLES))
                for chosen in (arms[best], mine)
            )
            cells.append("" if name == best else _words((here[0] - there[0], here[1] - there[1]), sign="+"))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(scores: Iterable[Sampled]) -> Sampled:
    values = list(scores)
    return float(np.mean([v for v, _ in values])), np.mean([r for _, r in values], axis=0)


def _words(score: Sampled, sign: str = "") -> str:
    low, high = percentiles(score[1])
    return f"{score[0]:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"


def curve(marks: Path, ends: Path, runs: list[Path], seconds: float, out: Path) -> None:
    """Success on the white box over CPU seconds, of each method's first seed."""
    during, after = Judgement(marks), Judgement(ends)
    victim = during.victims[0]
    points: dict[str, list[tuple[float, float]]] = {}
    for number, run in enumerate(runs):
        method, _, mark = run.name.rpartition("-")
        arm = "patch" if not number else run.name
        points.setdefault(method, []).append((float(mark.removesuffix("s")), during.success(victim, arm)[0]))
    for number, method in enumerate(points):
        points[method].append((seconds, after.success(victim, "patch" if not number else method)[0]))
    mpl.use("Agg")
    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for method, line in points.items():
        axes.plot(*zip(*line, strict=True), marker="o", label=method.rpartition("-")[0])
    axes.axhline(after.success(victim, "grey")[0], color="grey", linestyle=":", label="grey")
    axes.set(xscale="log", ylim=(0, 1), xlabel="CPU seconds of optimising", ylabel=f"success on {victim}")
    axes.legend()
    figure.savefig(out, dpi=120)
    plt.close(figure)
