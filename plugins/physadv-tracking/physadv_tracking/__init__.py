"""Curves of an attack where others are already looked at: TensorBoard and MLflow, in local folders.

Installed, it follows every run, with each of the two that is installed too. ``PHYSADV_TRACK`` names which of them,
``none`` neither of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from physadv.api import BadOption, hookimpl
from physadv_tracking.mlflow_curves import MlflowCurves
from physadv_tracking.tensorboard_curves import TensorboardCurves

if TYPE_CHECKING:  # it would import torch, and ``physadv --help`` would wait for it
    from physadv.api import Observer

physadv_api = 2
physadv_permissions = ("network", "writes")  # network only where MLFLOW_TRACKING_URI names a server

VARIABLE = "PHYSADV_TRACK"
_NEIGHBOURS = {"tensorboard": TensorboardCurves, "mlflow": MlflowCurves}


@hookimpl
def physadv_observers() -> Iterable[Observer]:
    """One observer for each neighbour that is wanted; importing a neighbour waits until a run begins."""
    return [_NEIGHBOURS[name]() for name in wanted(os.environ.get(VARIABLE))]


def wanted(said: str | None) -> list[str]:
    """Which neighbours to tell: those named, or, where nothing is said, those that are installed.

    Raises :class:`BadOption` for a name that is unknown, or of one that is not installed.
    """
    present = [name for name in _NEIGHBOURS if find_spec(name) is not None]
    if said is None:
        return present
    names = [name.strip() for name in said.split(",") if name.strip() not in ("", "none")]
    for name in names:
        if name not in _NEIGHBOURS:
            raise BadOption(f"{VARIABLE} names {name!r}. It takes {', '.join(_NEIGHBOURS)}, both with a comma, or none")
        if name not in present:
            raise BadOption(
                f"{VARIABLE} names {name}, which is not installed: pip install 'physadv-tracking[{name}]', "
                f"or set {VARIABLE}=none"
            )
    return list(dict.fromkeys(names))
