"""How often the 95 % intervals hold the true value, by number of photos.

Precision: data sets of ``n`` photos are cut from 8000 drawn ones (about 7 objects and 6 reports each, one label), whose
own AP50 is taken as true; the second arm lacks 40 % of the reports. 400 resamples, at most 250 data sets.
Shares: 4000 data sets whose photos hold 1 to 8 objects, alike within a photo (beta-binomial, correlation 0.3).

    OMP_NUM_THREADS=1 python benchmarks/coverage.py
"""

from __future__ import annotations

import numpy as np
import torch
from metrics import tables

from physadv.library.metrics.average_precision import own_precision, resampled_precision
from physadv.library.metrics.interval import clustered_wilson, percentiles, resampled_weights, studentised, wilson
from physadv.library.metrics.tables import F64, Findings, Truth

IMAGES, PHOTOS = 8000, (5, 10, 30, 100)
SHARES, ALIKE = (0.1, 0.5, 0.9), 0.3


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


def precisions() -> None:
    """Coverage of AP50 and of its paired difference: percentiles, and what is quoted."""
    truth, findings = tables(IMAGES, 6, 1)
    rng = np.random.default_rng(1)
    fewer = findings[np.flatnonzero(rng.random(len(findings)) < 0.6)]
    true = [float(own_precision(truth, one, (0.5,))[0]) for one in (findings, fewer)]
    print(f"true AP50 {true[0]:.3f}, true difference {true[1] - true[0]:.3f}")
    for count in PHOTOS:
        held, sets = np.zeros(4), min(250, IMAGES // count)
        for place in range(sets):
            weights = resampled_weights(count, 400, torch.Generator().manual_seed(place))
            weights = np.concatenate([np.ones((1, count)), weights])
            here, there = (precision(*cut(truth, one, place * count, count), weights) for one in (findings, fewer))
            change, right = there - here, true[1] - true[0]
            made = (
                (percentiles(here[1:]), true[0]),
                (studentised(here[0], here[1:], count, (0.0, 1.0)), true[0]),
                (percentiles(change[1:]), right),
                (studentised(change[0], change[1:], count), right),
            )
            held += [low <= value <= high for (low, high), value in made]
        words = ("AP50 percentiles", "AP50 quoted", "difference percentiles", "difference quoted")
        print(f"{count:4d} photos:", ", ".join(f"{w} {100 * h / sets:.0f} %" for w, h in zip(words, held, strict=True)))


def shares() -> None:
    """Coverage of shares of objects that share photos: plain Wilson, and what is quoted."""
    rng, sets = np.random.default_rng(2), 4000
    for share in SHARES:
        for count in PHOTOS:
            held = np.zeros(2)
            for _ in range(sets):
                size = rng.integers(1, 9, count)
                chance = rng.beta(*(np.array([share, 1 - share]) * (1 / ALIKE - 1)), count)
                photo = np.repeat(np.arange(count), size)
                true = rng.random(len(photo)) < chance[photo]
                made = wilson(float(true.sum()), len(true)), clustered_wilson(true, photo, len(true))
                held += [low <= share <= high for low, high in made]
            plain, quoted = 100 * held / sets
            print(f"share {share:g}, {count:4d} photos: plain Wilson {plain:.0f} %, quoted {quoted:.0f} %")


if __name__ == "__main__":
    shares()
    precisions()
