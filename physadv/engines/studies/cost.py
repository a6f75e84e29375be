"""The cost of an audit, from one batch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from physadv.core.types import SceneBatch
from physadv.engines.studies.gradient_checks import STEPS
from physadv.engines.studies.masking import MaskingTask
from physadv.engines.studies.subject import Subject, audited_scenes
from physadv.library.runs.forecast import Forecast, Part, enough_memory, timed


def masking_forecast(tasks: Sequence[MaskingTask]) -> Forecast:
    """Part by part, one a victim; a batch of each is measured."""
    return Forecast(tasks[0].device, tuple(_part(task) for task in tasks))


def _part(task: MaskingTask) -> Part:
    subject, config = task.subject(), task.config
    scene = audited_scenes(subject, task.scenes, config.batch, config.batch, task.device)[0]
    with enough_memory("audit.batch"):
        _slope(subject, scene)  # the first one is slow
        slope_s, loss_s = timed(lambda: _slope(subject, scene)), timed(lambda: _losses(subject, scene))
    runs = 3.5 if task.bare is not None else 2.5  # of all the steps
    slopes = runs * config.steps + 7
    losses = 2 * config.directions * len(STEPS) + 30 + (config.queries + config.tries) / subject.draws
    batches = math.ceil(config.images / config.batch)
    return Part(task.victim.name, batches * (slopes * slope_s + losses * loss_s), f"{config.images} pictures")


def _slope(subject: Subject, scene: SceneBatch) -> None:
    subject.slope(scene.srgb, scene, "cost", evading=True)


def _losses(subject: Subject, scene: SceneBatch) -> None:
    subject.losses(scene.srgb, scene, "cost")
