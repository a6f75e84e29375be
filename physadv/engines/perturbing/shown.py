"""Pictures for the page: original, perturbation magnified, adversarial."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from physadv.engines.perturbing.kept import Arrays, KeptOutcomes
from physadv.library.files.atomic import write_bytes
from physadv.library.report.pictures.perturbation_pictures import factor_of, magnified_png, picture_png

FOLDER = "pictures"  # in the run folder
LARGEST = 48  # pictures on a page


def pictures_of(content: Mapping[str, Any], kept: KeptOutcomes, wanted: int, out: Path) -> list[dict[str, Any]]:
    """Write PNGs; of each attack those of its largest bound, the pictures on which it succeeded first."""
    last = list({(arm["line"], arm["norm"]): arm for arm in content["arms"]}.values())
    each = min(wanted, max(1, LARGEST // max(1, len(last)))) if wanted else 0
    shown = []
    for arm in last:
        ranked = sorted(enumerate(arm["rows"]), key=lambda pair: not pair[1]["success"])[:each]
        batches: dict[int, Arrays] = {}
        for row_at, row in ranked:
            picture = content["pictures"][row["picture"]]
            arrays = batches.get(picture["batch"]) or kept.read(arm["key"], picture["batch"])
            if arrays is None:
                continue
            batches[picture["batch"]] = arrays
            at = int(np.flatnonzero(arrays["rows"] == picture["place"])[0])
            clean, made = arrays["clean"][at], arrays["images"][at]
            times, stem = factor_of(made - clean), f"{FOLDER}/{_slug(arm['key'])}-{row['picture']:05d}"
            files = {"clean": picture_png(clean), "change": magnified_png(made - clean, times),
                     "adversarial": picture_png(made)}  # fmt: skip
            for name, png in files.items():
                write_bytes(out / f"{stem}-{name}.png", png)
            shown.append({"arm": arm["key"], "row": row_at, "times": times,
                          "files": {name: f"{stem}-{name}.png" for name in files}})  # fmt: skip
    return shown


def _slug(key: str) -> str:
    return re.sub(r"[^\w.=-]+", "_", key)
