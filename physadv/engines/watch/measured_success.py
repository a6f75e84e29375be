"""How often the attack reached its goal in films of printed boards, with intervals that know of neighbouring frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from physadv.core.seeding import generator
from physadv.engines.watch.recordings import Film
from physadv.library.calibration.conditions import block_bootstrap
from physadv.library.metrics.interval import resampled_weights, wilson

RESAMPLES = 2000
_FILM_APART_S = 1e6  # so that no second of one film is one of another


def success_by_role(films: Sequence[Film], first: str, seed: int) -> dict[str, dict[str, Any]]:
    """Role of a board → success over all frames in which it was judged; the role ``first`` comes first.

    A row has ``value``, its 95 % interval ``low`` and ``high``, and the number of ``frames``.
    """
    roles = {success.role for film in films for success in film.success}
    return {role: _of_role(films, role, seed) for role in sorted(roles, key=lambda role: (role != first, role))}


def _of_role(films: Sequence[Film], role: str, seed: int) -> dict[str, Any]:
    tries = [
        (success.hit, success.time_s + _FILM_APART_S * number)
        for number, film in enumerate(films)
        for success in film.success
        if success.role == role
    ]
    value, low, high = block_bootstrap(
        [hit for hit, _ in tries],
        [time_s for _, time_s in tries],
        lambda blocks: resampled_weights(blocks, RESAMPLES, generator(seed, "calibrate/bootstrap")),
    )
    if low == high:  # seconds that all agree tell a bootstrap nothing
        seconds = len({int(time_s) for _, time_s in tries})
        low, high = wilson(value * seconds, seconds)
    return {"value": value, "low": low, "high": high, "frames": len(tries)}
