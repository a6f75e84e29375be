"""Run folders with everything that a report can show, made without judging anything."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from physadv.library.report.pictures import contact_sheet
from physadv.library.report.pictures.pair_pictures import save_pairs
from physadv.library.runs import record

Json = dict[str, Any]
ROLES = {"clean": "clean", "grey": "control", "random": "control"}
KINDS = ("misclassified", "badly localised", "both", "duplicate", "background", "missed")


def score(name: str, value: float | None, n: int = 100, higher_is: str = "more attacked") -> Json:
    """A score with Wilson's interval, as judging writes it."""
    if value is None:
        return {"name": name, "value": None, "low": None, "high": None, "n": n, "higher_is": higher_is}
    z, share = 1.96, min(max(value, 0.0), 1.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return {"name": name, "value": value, "low": low, "high": high, "n": n, "higher_is": higher_is}


def arm(name: str, success: float | None, n: int = 100) -> Json:
    """One arm of one victim; ``success`` ``None`` for the clean one."""
    left = 1 - 0.8 * (success or 0.0)
    found = [score("AP", 0.6 * left, n, "safer"), score("AP50", 0.9 * left, n, "safer"),
             score("recall", 0.95 * left, n, "safer")]  # fmt: skip
    if name != "clean":
        found.append(score("success", success, n))
    bins = []
    for low, high, words, share, objects in (
        (5.0, 10.0, "5–10 m", 1.2, 45), (10.0, 20.0, "10–20 m", 1.0, 60), (20.0, None, "≥ 20 m", 0.5, 12),
    ):  # fmt: skip
        inside = [score("recall", min(left * share, 1.0), objects, "safer")]
        if name != "clean":
            inside.append(score("success", None if success is None else min(success * share, 1.0), objects))
        bins.append({"by": "distance_m", "low": low, "high": high, "words": words, "scores": inside})
    made: Json = {
        "condition": name, "role": ROLES.get(name, "patch"), "scores": found,
        "outcomes": {
            "detected": round(n * left), "misclassified": 3, "badly localised": 2, "missed": n - round(n * left),
        },
        "bins": bins,
        "errors": [{"kind": kind, "count": 3 * i, "share": score("share", 0.03 * i, n)}
                   for i, kind in enumerate(KINDS)],
    }  # fmt: skip
    if name != "clean":
        made["distances"] = [score("L2", 0.02, n), score("Linf", 0.6, n), score("SSIM", 0.98, n, "safer")]
    if ROLES.get(name) is None:
        common = {"minus": "grey", "n": n}
        made["differences"] = [
            {"score": "success", "value": 0.41, "low": 0.28, "high": 0.53, "higher_is": "more attacked", **common},
            {"score": "AP50", "value": -0.02, "low": -0.11, "high": 0.06, "higher_is": "safer", **common},
        ]
    return made


def scores(
    victims: Sequence[str] = ("sign-nano", "onnx/yolox_nano", "torchvision/resnet50"),
    patches: Sequence[str] = ("patch", "seed-1"),
    n: int = 100,
    protocol: str = "physadv",
) -> Json:
    """What ``scores.json`` holds; the k-th patch is strongest against the k-th victim."""
    rows = []
    for place, victim in enumerate(victims):
        arms = [arm("clean", None, n), arm("grey", 0.06, n), arm("random", 0.09, n)]
        arms += [arm(p, 0.86 if place == i else 0.31, n) for i, p in enumerate(patches)]
        rows.append({
            "name": victim, "file": f"v{place}", "digest": f"{place}abc123", "confidence": 0.4, "kind": "detector",
            "unseen": {p: place != i for i, p in enumerate(patches)}, "conditions": arms,
        })  # fmt: skip
    shown = [c["condition"] for c in rows[0]["conditions"]]
    table: Json = {"trained_on": {p: [victims[i]] for i, p in enumerate(patches) if i < len(victims)}}
    for name in ("success", "AP50"):
        table[name] = {
            "rows": shown, "columns": list(victims),
            "cells": [[next((s for s in row["conditions"][c]["scores"] if s["name"] == name), None) for row in rows]
                      for c in range(len(shown))],
        }  # fmt: skip
    return {
        "protocol": {
            "goal": "hide", "success": "the object was detected without the patch and is not detected with it",
            "labels": ["stop sign"], "truth_from": "annotations", "split": "judged on other scenes", "images": 50,
            "draws": 2, "objects": n, "not_judged": 3, "patch_mm": [305.0, 406.0],
            "conditions": {"clean": "no patch", "grey": "plain grey", "patch": "the patch"},
            "detected": "matched one to one with its own label at IoU >= 0.5",
            "outcomes": "misclassified: another label",
            "average_precision": "COCO's 101-point interpolation", "intervals": "95 %: Wilson for shares", "seed": 0,
            "batch": 8, "name": protocol, "version": 1, "source": "a paper", "differs": ["the scenes are rendered"],
            "iou": 0.5, "minimum_n": 30,
        },
        "patches": [
            {"condition": p, "name": f"run of {p}", "mm": [305.0, 406.0], "digest": "d" * 64, "queries": None,
             "trained_on": [victims[min(i, len(victims) - 1)]]} for i, p in enumerate(patches)
        ],
        "victims": rows, "transfer": table, "gap": None,
    }  # fmt: skip


def grid() -> Json:
    """What ``grid.json`` holds: distance and yaw, with few objects far away."""
    metres, degrees = [5, 10, 20, 40], [-45, -20, 0, 20, 45]
    axes = [{"name": "distance_m", "words": "distance", "unit": "m", "values": metres},
            {"name": "yaw_deg", "words": "yaw", "unit": "°", "values": degrees}]  # fmt: skip

    def cell(metre: int, degree: int, share: float) -> Json | None:
        if (metre, degree) == (40, 45):
            return None
        return score("success", share * max(0.0, 1 - metre / 45) * (1 - abs(degree) / 90), 12 if metre == 40 else 80)

    curves, strength = [], {"grey": 0.15, "patch": 1.0}
    for name, share in strength.items():
        role = ROLES.get(name, "patch")
        common = {"victim": "sign-nano", "condition": name, "role": role, "score": "success"}
        curves.append({"axis": "distance_m", **common, "at": metres, "scores": [cell(m, 0, share) for m in metres]})
        curves.append({"axis": "yaw_deg", **common, "at": degrees, "scores": [cell(10, d, share) for d in degrees]})
    maps = [{"x": "distance_m", "y": "yaw_deg", "victim": "sign-nano", "condition": "patch", "score": "success",
             "cells": [[cell(m, d, 1.0) for m in metres] for d in degrees]}]  # fmt: skip
    usable = [{"victim": "sign-nano", "condition": "patch", "axis": "distance_m", "score": "success", "at_least": 0.5,
               "low": 4, "high": 12, "words": "4–12 m"},
              {"victim": "sign-nano", "condition": "grey", "axis": "distance_m", "score": "success", "at_least": 0.5,
               "low": None, "high": None, "words": ""}]  # fmt: skip
    return {"axes": axes, "curves": curves, "maps": maps, "usable": usable}


def save_pictures(folder: Path, patches: Sequence[str] = ("patch", "seed-1")) -> None:
    """Pairs of two views, a contact sheet and a patch."""
    names = ["clean", "grey", *patches]
    box = (60.0, 40.0, 130.0, 110.0)
    rows = []
    for number, title in enumerate(("works best", "fails")):
        tiles = []
        for place, name in enumerate(names):
            frame = torch.rand(3, 150, 200, generator=torch.Generator().manual_seed(number)) * 0.3 + 0.4
            frame[place % 3, 60:90, 80:110] = 1.0
            hit = name not in ROLES and number == 0
            marks = (
                contact_sheet.ReportMark(box, "bus" if place % 2 else "stop sign", 0.9 - 0.2 * place, place % 2 == 0),
            )
            tiles.append(contact_sheet.ArmTile(name, frame, () if hit else marks))
        rows.append(contact_sheet.ObjectRow(title, f"{6 + 10 * number} m", "stop sign", box, tuple(tiles)))
    save_pairs(rows, {n: ROLES.get(n, "patch") for n in names}, "sign-nano", folder)
    contact_sheet.sheet(rows, folder / "contact.png")
    Image.radial_gradient("L").convert("RGB").save(folder / "patch.png")


def save_run(folder: Path, *, name: str = "sticker", content: Json | None = None, sweep: bool = True) -> Path:
    """A run folder with everything."""
    folder.mkdir(parents=True, exist_ok=True)
    made = scores() if content is None else content
    (folder / "scores.json").write_text(json.dumps(made))
    if sweep:
        (folder / "grid.json").write_text(json.dumps(grid()))
    steps = [
        f"{i},{5 * math.exp(-i / 60):.4f},{1 - math.exp(-i / 80):.3f},{2 if i % 50 == 0 else ''},0.1"
        for i in range(300)
    ]
    (folder / "curves.csv").write_text("\n".join(["step,loss,success,held_out,seconds", *steps]) + "\n")
    save_pictures(folder, [c["condition"] for c in made["victims"][0]["conditions"] if c["role"] == "patch"])
    config = {"patch": {"width_mm": 305}, "judge": {"images": 50, "draws": 2}}
    record.write(
        folder, record.RunRecord("generate", name, 0, choices={"scenes": "road", "eot": "drive"}, config=config)
    )
    made_by = record.read(folder)
    made_by["environment"]["commit"] = "c" * 40  # the checkout's own may change while tests run
    (folder / record.FILE).write_text(json.dumps(made_by))
    return folder
