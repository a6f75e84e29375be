"""Curves for TensorBoard: one folder a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv_tracking.followed import Place, curves, run_facts

if TYPE_CHECKING:
    from physadv.api import Step

FOLDER = "PHYSADV_TENSORBOARD_DIR"
DEFAULT = "runs/tensorboard"


class TensorboardCurves:
    """Writes an event file under ``runs/tensorboard``, or where ``PHYSADV_TENSORBOARD_DIR`` says."""

    def __init__(self) -> None:
        self._folder: Path | None = None  # known once a run has begun
        self._place = Place()
        self._writer: Any = None

    def started(self, total: int, first: int) -> None:
        """Open the run's event file; at a second loop of the same run, a further one beside it."""
        from torch.utils.tensorboard import SummaryWriter

        facts = run_facts() if self._folder is None else None
        if facts is not None:
            self._folder = Path(os.environ.get(FOLDER) or DEFAULT).expanduser() / facts.name
        self._writer = SummaryWriter(str(self._folder))
        if facts is not None and facts.chosen:
            rows = "\n".join(f"| {key} | {value} |" for key, value in facts.chosen.items())
            self._writer.add_text("options", f"| option | value |\n|---|---|\n{rows}")

    def stepped(self, step: Step) -> None:
        """A point on every curve."""
        place = self._place.of(step)
        for name, value in curves(step).items():
            self._writer.add_scalar(name.replace(" ", "_"), value, place)

    def ended(self) -> None:
        """Write what is still in memory; also when the loop was stopped."""
        self._place.over()
        self._writer.close()
