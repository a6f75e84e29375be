"""How often the 95 % intervals hold the true value, by number of images.

Data sets of ``n`` images are cut from 8000 drawn ones (about 7 objects and 6 reports each, one label), whose own AP50
is taken as true; the second condition lacks 40 % of the reports. 400 resamples, at most 250 data sets.

    OMP_NUM_THREADS=1 python benchmarks/coverage.py
"""

from __future__ import annotations

import numpy as np
import torch
from metrics import tables

from physadv.metrics.average_precision import own_precision, resampled_precision
from physadv.metrics.interval import percentiles, resampled_means, resampled_weights, wilson
from physadv.metrics.tables import F64, Findings, Truth

IMAGES, SHARE = 8000, 0.1


def cut(truth: Truth, findings: Findings, low: int, count: int) -> tuple[Truth, Findings]:
    """The images from ``low`` on."""
    rows = np.flatnonzero((truth.view_of >= low) & (truth.view_of < low + count))
    mine = findings[np.flatnonzero((findings.view_of >= low) & (findings.view_of < low + count))]
    part = Truth(
        np.arange(count), truth.view_of[rows] - low, rows, truth.boxes_xyxy_px[rows], truth.category[rows],
        truth.judged[rows], truth.crowd[rows],
    )  # fmt: skip
    return part, Findings(mine.view_of - low, mine.boxes_xyxy_px, mine.scores, mine.category)


def precision(truth: Truth, findings: Findings, weights: F64) -> F64:
    return resampled_precision(truth, findings, weights, (0.5,))[:, 0]


def main() -> None:
    truth, findings = tables(IMAGES, 6, 1)
    rng = np.random.default_rng(1)
    fewer = findings[np.flatnonzero(rng.random(len(findings)) < 0.6)]
    true = [float(own_precision(truth, one, (0.5,))[0]) for one in (findings, fewer)]
    print(f"true AP50 {true[0]:.3f}, true difference {true[1] - true[0]:.3f}, true share {SHARE:g}")
    for count in (5, 10, 30, 100):
        held, sets = np.zeros(4), min(250, IMAGES // count)
        for place in range(sets):
            weights = resampled_weights(count, 400, torch.Generator().manual_seed(place))
            here, there = (precision(*cut(truth, one, place * count, count), weights) for one in (findings, fewer))
            hits = (rng.random(count) < SHARE).astype(float)
            made = (
                (percentiles(here), true[0]),
                (percentiles(there - here), true[1] - true[0]),
                (percentiles(resampled_means(hits, np.arange(count), weights)), SHARE),
                (wilson(hits.sum(), count), SHARE),
            )
            held += [low <= value <= high for (low, high), value in made]
        words = ("AP50", "difference", "share by bootstrap", "share by Wilson")
        print(f"{count:4d} images:", ", ".join(f"{w} {100 * h / sets:.0f} %" for w, h in zip(words, held, strict=True)))


if __name__ == "__main__":
    main()
