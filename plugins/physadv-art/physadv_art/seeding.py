"""ART draws from the global generators of NumPy and torch: seeded here, and as they were afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(random: torch.Generator) -> Iterator[None]:
    """While it lasts they follow from ``random``."""
    drawn = int(torch.randint(2**31, (), generator=random))
    before = np.random.get_state()  # noqa: NPY002 - ART's own
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(drawn)
        np.random.seed(drawn)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
