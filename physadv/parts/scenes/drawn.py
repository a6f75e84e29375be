"""How drawn scenes choose: even cover of two quantities, seeds of pictures, light."""

from __future__ import annotations

import numpy as np
import torch

from physadv.library.roads.sign_canvas import F64

GOLDEN = (0.7548776662466927, 0.5698402909980532)  # R2 sequence: covers (distance, yaw) evenly with few pictures


def triangular(quantile: float) -> float:
    """Inverse distribution function of the symmetric triangle on [0, 1]: most signs nearly face the road."""
    return float(np.sqrt(quantile / 2) if quantile < 0.5 else 1 - np.sqrt((1 - quantile) / 2))


def light_gain(exposure_ev: float, temperature_k: float) -> F64:
    """Linear gain per channel of a white surface in full light. The exponent is the cast that white balance leaves."""
    cast = (6500 / temperature_k) ** 0.35
    return np.asarray(np.array([cast, 1.0, 1 / cast]) * 2.0**exposure_ev)


def numpy_rng(generator: torch.Generator, part: tuple[int, ...] = ()) -> np.random.Generator:
    """Drawing code runs on NumPy; one number of the torch generator seeds each picture."""
    number = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
    return np.random.default_rng([number, *part] if part else number)


def between(rng: np.random.Generator, limits: list[float]) -> float:
    return float(rng.uniform(limits[0], limits[1]))
