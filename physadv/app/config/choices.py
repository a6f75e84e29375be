"""Hydra's knowledge of a run beside its options: which option was chosen in every group, and which job it is."""

from __future__ import annotations

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode


def choices() -> dict[str, str]:
    """Which option was chosen in every group; the plain configuration does not say."""
    return {k: str(v) for k, v in HydraConfig.get().runtime.choices.items() if v and not k.startswith("hydra/")}


def job_of_sweep() -> int | None:
    """The number of this job; ``None`` where it is no sweep."""
    hydra = HydraConfig.get()
    return int(hydra.job.num) if hydra.mode == RunMode.MULTIRUN else None
