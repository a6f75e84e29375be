"""How often a defence raises its alarm, with and without a patch, on the pictures that are judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from physadv.core.defended import defended_in
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage
from physadv.engines.judging.views import ViewSource
from physadv.library.files.plain_json import plain
from physadv.library.metrics.alarms import alarm_scores
from physadv.library.metrics.tables import F64
from physadv.parts.patches.controls import CLEAN

RAISED = 1.0
"""What an alarm's score exceeds when it is raised; the defence has set its threshold on other, clean pictures."""


def with_alarms(
    scores: Mapping[str, Any], victim: Victim[Any, Any], showing: ViewSource, shown: Mapping[str, PatchImage]
) -> dict[str, Any]:
    """The victim's ``scores`` with ``alarms`` under every arm but the clean one; as they are where it has no alarm.

    AUROC, the share of attacked pictures with an alarm, and the share of clean ones, as JSON has scores.
    """
    told = _told(victim, showing, shown)
    if told is None:
        return dict(scores)
    arms = [
        arm if arm["condition"] == CLEAN
        else {**arm, "alarms": plain(alarm_scores(told[CLEAN], told[arm["condition"]], RAISED))}
        for arm in scores["conditions"]
    ]  # fmt: skip
    return {**scores, "conditions": arms}


@torch.no_grad()
def _told(victim: Victim[Any, Any], showing: ViewSource, shown: Mapping[str, PatchImage]) -> dict[str, F64] | None:
    """Arm → the score of every picture in which something wears the patch."""
    behind = defended_in(victim)
    if behind is None:
        return None
    told: dict[str, list[F64]] = {arm: [] for arm in shown}
    for view in showing.views():
        worn = np.isin(np.arange(len(view.images)), view.scene.image_of[view.scene.wears].cpu().numpy())
        for arm, patch in shown.items():
            scores = behind.alarm(showing.render(view, patch))
            if scores is None:
                return None
            told[arm].append(scores.double().cpu().numpy()[worn])
    return {arm: np.concatenate(parts) for arm, parts in told.items()}
