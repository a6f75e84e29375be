"""How long an object stays unseen in a film, and when it is first seen.

frame         1    2    3    4    5    6
reported      –    –    yes  –    –    –
blind run                    ├─────────┤   3 frames, the longest
first seen    after 2 frames
"""

from __future__ import annotations

import numpy as np

from physadv.core.types import Score
from physadv.library.metrics.interval import resampled_means, studentised
from physadv.library.metrics.tables import F64, Bool, Truth


def film_scores(truth: Truth, found: Bool, watched: Bool, frames: int, weights: F64) -> tuple[Score, ...]:
    """The longest blind run, and the frames before an object is first seen (all of them, where it never is).

    Means over films of ``frames`` views each, which follow each other; ``found`` and ``watched`` are ``(M,)``, the
    latter the objects that count: in films in which it holds for one frame at least. Nothing where there are none.
    """
    rows = np.flatnonzero(truth.judged)
    film = np.stack([truth.object_of[rows], truth.view_of[rows] // frames], 1)
    films, of_row = np.unique(film, axis=0, return_inverse=True)
    reported, counts = np.zeros((len(films), frames), dtype=np.bool_), np.zeros(len(films), dtype=np.bool_)
    reported[of_row, truth.view_of[rows] % frames] = found[rows]
    np.logical_or.at(counts, of_row, watched[rows])
    if not counts.any():
        return ()
    image = np.zeros(len(films), dtype=np.int64)
    image[of_row] = truth.image_of_view[truth.view_of[rows]]
    run, longest = np.zeros(len(films)), np.zeros(len(films))
    for frame in reported.T:
        run = np.where(frame, 0, run + 1)
        longest = np.maximum(longest, run)
    first = np.where(reported.any(1), reported.argmax(1), frames).astype(np.float64)
    n, photos = len(np.unique(films[counts, 0])), len(np.unique(image[counts]))

    def mean(name: str, values: F64) -> Score:
        value, replicates = float(values[counts].mean()), resampled_means(values[counts], image[counts], weights)
        return Score(name, value, *studentised(value, replicates, photos, (0.0, frames)), n, "more attacked", photos)

    return mean("blind run", longest), mean("first seen", first)
