"""Judge on photos that were not optimised on, and lose none of them: cross-fitting, in two steps around plain commands.

    python examples/tshirt_folds.py split folds coco128/train coco128/val
    physadv generate experiment=tshirt_hide_person scenes.annotations=folds/a.json scenes.images=coco128 out=runs/a ...
    physadv generate experiment=tshirt_hide_person scenes.annotations=folds/b.json scenes.images=coco128 out=runs/b ...
    physadv evaluate patch=runs/a scenes=coco scenes.annotations=folds/b.json against=[thys2019.png] out=runs/a-on-b ...
    physadv evaluate patch=runs/b scenes=coco scenes.annotations=folds/a.json against=[thys2019.png] out=runs/b-on-a ...
    python examples/tshirt_folds.py pool runs/a-on-b runs/b-on-a

`split` deals the photos of COCO folders to two halves, those with the label first. `pool` reads the COCO files that
`evaluate` writes, and gives AP50 and success over all photos with 95 % intervals, and the patch minus each, paired.
`silence` is stricter than success: nothing is reported inside the person's box either, such as the upper half or the
print.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from physadv.core.seeding import generator
from physadv.library.metrics.average_precision import own_precision, resampled_precision
from physadv.library.metrics.interval import percentiles, resampled_means, resampled_weights
from physadv.library.metrics.tables import F64, Bool, Findings, Truth

RESAMPLES = 1000
INSIDE = 0.7  # share of a report that lies inside a person's box and so is about that person


def split(out: Path, folders: list[Path], label: str, seed: int) -> tuple[Path, Path]:
    """Write ``a.json`` and ``b.json``: COCO annotations with absolute file names, each with half of the photos."""
    photos: list[tuple[bool, dict[str, Any], list[dict[str, Any]]]] = []
    categories: list[dict[str, Any]] = []
    for folder in folders:
        content = json.loads((folder / "annotations.json").read_text())
        categories = content["categories"]
        wanted = next(c["id"] for c in categories if c["name"] == label)
        for image in content["images"]:
            boxes = [a for a in content["annotations"] if a["image_id"] == image["id"]]
            file = folder / "images" / Path(image["file_name"]).name
            named = {**image, "file_name": str(file.resolve())}
            photos.append((any(a["category_id"] == wanted for a in boxes), named, boxes))
    random.Random(seed).shuffle(photos)
    photos.sort(key=lambda photo: not photo[0])  # stable: shuffled within those with and those without
    paths = (out / "a.json", out / "b.json")
    out.mkdir(parents=True, exist_ok=True)
    for start, path in enumerate(paths):
        half = photos[start::2]
        images = [{**image, "id": number} for number, (_, image, _) in enumerate(half)]
        boxes = [{**box, "image_id": number} for number, (*_, found) in enumerate(half) for box in found]
        for number, box in enumerate(boxes):
            box["id"] = number
        path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": categories}))
    return paths


def truth_in(run: Path) -> tuple[Truth, tuple[str, ...]]:
    """The objects of a judgement, from its COCO file, and the categories' names."""
    content = json.loads((run / "coco" / "ground_truth.json").read_text())
    images = [image["file_name"].partition("#")[0] for image in content["images"]]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(images))}
    boxes = np.array([a["bbox"] for a in content["annotations"]], dtype=np.float64).reshape(-1, 4)
    rows = content["annotations"]
    return Truth(
        image_of_view=np.array([numbers[name] for name in images], dtype=np.int64),
        view_of=np.array([a["image_id"] - 1 for a in rows], dtype=np.int64),
        object_of=np.arange(len(rows)),
        boxes_xyxy_px=np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
        category=np.array([a["category_id"] - 1 for a in rows], dtype=np.int64),
        judged=np.array([a["area"] >= 0 for a in rows]),
        crowd=np.array([bool(a["iscrowd"]) for a in rows]),
    ), tuple(c["name"] for c in content["categories"])


def findings_in(run: Path, file: str) -> Findings:
    """The reports of one victim under one arm."""
    rows = json.loads((run / "coco" / file).read_text())
    boxes = np.array([r["bbox"] for r in rows], dtype=np.float64).reshape(-1, 4)
    return Findings(
        np.array([r["image_id"] - 1 for r in rows], dtype=np.int64),
        np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
        np.array([r["score"] for r in rows], dtype=np.float64),
        np.array([r["category_id"] - 1 for r in rows], dtype=np.int64),
    )


def pooled(runs: list[Path], file: str, weights: F64) -> tuple[float, F64, int]:
    """AP50 of all runs' views together, its value in every resample of the images, and how many objects that is."""
    truths, found, views, images = [], [], 0, 0
    for run in runs:
        truth, names = truth_in(run)
        kept = [names.index(names[c]) for c in truth.judged_categories]
        findings = findings_in(run, file)
        mine = np.isin(findings.category, kept)  # the label that wears the patch has number 0 everywhere
        truths.append(
            Truth(
                truth.image_of_view + images,
                truth.view_of + views,
                truth.object_of + 10**6 * len(truths),
                truth.boxes_xyxy_px,
                np.where(np.isin(truth.category, kept), 0, 1),
                truth.judged,
                truth.crowd,
            )
        )
        found.append(Findings(findings.view_of + views, findings.boxes_xyxy_px, findings.scores, np.where(mine, 0, 1)))
        views, images = views + len(truth.image_of_view), images + 1 + int(truth.image_of_view.max())
    truth, findings = Truth.joined(truths), Findings.joined(found)
    return (
        float(own_precision(truth, findings, (0.5,))[0]),
        resampled_precision(truth, findings, weights, (0.5,))[:, 0],
        int(truth.judged.sum()),
    )


def hidden(runs: list[Path], victim: str, arm: str, weights: F64, *, silent: bool = False) -> tuple[float, F64, int]:
    """Share of the objects seen on the clean photos that are not reported any more, in all runs together.

    If ``silent``, nothing may be reported that lies mostly inside them, either.
    """
    gone, image_of, images = [], [], 0
    for run in runs:
        truth, _ = truth_in(run)
        scores = json.loads((run / "scores.json").read_text())
        threshold = next(v["confidence"] for v in scores["victims"] if v["file"] == victim)
        clean, found = (findings_in(run, f"{victim}-{c}.json").above(threshold) for c in ("clean", arm))
        seen, still = found_at(truth, clean), found_at(truth, found)
        if silent:
            still |= found_at(truth, found, INSIDE, of_report=True)
        rows = np.flatnonzero(truth.judged & seen)
        gone.append(~still[rows])
        image_of.append(truth.image_of_view[truth.view_of[rows]] + images)
        images += 1 + int(truth.image_of_view.max())
    values = np.concatenate(gone).astype(np.float64)
    return float(values.mean()), resampled_means(values, np.concatenate(image_of), weights), len(values)


def found_at(truth: Truth, findings: Findings, overlap: float = 0.5, *, of_report: bool = False) -> Bool:
    """``(M,)`` whether a report of its own label has this IoU with the object, or this share of itself inside it."""
    low = np.maximum(truth.boxes_xyxy_px[:, None, :2], findings.boxes_xyxy_px[None, :, :2])
    high = np.minimum(truth.boxes_xyxy_px[:, None, 2:], findings.boxes_xyxy_px[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(1) for b in (truth.boxes_xyxy_px, findings.boxes_xyxy_px)]
    whole = areas[1][None] if of_report else areas[0][:, None] + areas[1][None] - shared
    same = (truth.view_of[:, None] == findings.view_of[None]) & (truth.category[:, None] == findings.category[None])
    found: Bool = (same & (shared >= overlap * np.maximum(whole, 1e-9))).any(1)
    return found


def pool(runs: list[Path], unseen: tuple[str, ...] = (), first: str = "patch") -> list[str]:
    """One line a victim, arm and score; then the means over the victims, all and those named as unseen."""
    names = {p.stem for p in (runs[0] / "coco").glob("*.json")} - {"ground_truth"}
    victims = sorted({n.removesuffix(f"-{first}") for n in names if n.endswith(f"-{first}")})
    images = sum(1 + int(truth_in(run)[0].image_of_view.max()) for run in runs)
    weights = resampled_weights(images, RESAMPLES, generator(0, "evaluate/bootstrap"))
    lines = ["score | victim | condition | value | 95 % | patch minus it | 95 % | objects"]
    apart: dict[tuple[str, str, str], tuple[float, F64]] = {}
    for victim in victims:
        arms = sorted(n.removeprefix(f"{victim}-") for n in names if n.startswith(f"{victim}-"))
        for arm in arms:
            for score in ("AP50", "success", "silence"):
                if score != "AP50" and arm == "clean":
                    continue
                mine, here = (
                    pooled(runs, f"{victim}-{c}.json", weights)
                    if score == "AP50"
                    else hidden(runs, victim, c, weights, silent=score == "silence")
                    for c in (first, arm)
                )
                apart[score, victim, arm] = (mine[0] - here[0], mine[1] - here[1])
                less, more = percentiles(mine[1] - here[1])
                low, high = percentiles(here[1])
                lines.append(
                    f"{score} | {victim} | {arm} | {here[0]:.3f} | [{low:.3f}, {high:.3f}] | "
                    f"{mine[0] - here[0]:+.3f} | [{less:+.3f}, {more:+.3f}] | {here[2]}"
                )
    away = [v for v in victims if any(u in v for u in unseen)]
    others = [v for v in victims if v not in away] if away else []
    for what, chosen in (("all", victims), ("unseen", away), ("others", others)):
        for score, arm in sorted({(s, c) for s, _, c in apart}) if chosen else ():
            rows = [apart[score, victim, arm] for victim in chosen]
            low, high = percentiles(np.mean([r for _, r in rows], axis=0))
            mean = np.mean([v for v, _ in rows])
            lines.append(f"{score} | mean of {what} | {arm} | | | {mean:+.3f} | [{low:+.3f}, {high:+.3f}] |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="what", required=True)
    splitting = parts.add_parser("split")
    splitting.add_argument("out", type=Path)
    splitting.add_argument("folders", type=Path, nargs="+")
    splitting.add_argument("--label", default="person")
    splitting.add_argument("--seed", type=int, default=0)
    pooling = parts.add_parser("pool")
    pooling.add_argument("runs", type=Path, nargs="+")
    pooling.add_argument("--unseen", nargs="*", default=[], help="parts of the names of victims not optimised on")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.what == "split":
        print(*split(args.out, args.folders, args.label, args.seed))
    else:
        print("\n".join(pool(args.runs, tuple(args.unseen))))


if __name__ == "__main__":
    main()
