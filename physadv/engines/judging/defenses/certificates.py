"""Of how many objects the answer is proven: no attack within the defence's bound takes it away, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from physadv.core.defended import defended_in
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage, Score
from physadv.engines.judging.views import ViewSource
from physadv.library.files.plain_json import plain
from physadv.library.metrics.interval import clustered_wilson
from physadv.parts.patches.controls import CLEAN

CERTIFIED = "certified"
VIEWS = 32  # that are proven, of those in which something wears the patch: a proof asks many questions


def with_certificates(
    scores: Mapping[str, Any], victim: Victim[Any, Any], showing: ViewSource, shown: Mapping[str, PatchImage]
) -> dict[str, Any]:
    """The victim's ``scores`` with ``certified`` under the clean arm; as they are where nothing can be proven."""
    found = _share(victim, showing, shown[CLEAN])
    if found is None:
        return dict(scores)
    arms = [
        {**arm, CERTIFIED: [plain(found)]} if arm["condition"] == CLEAN else arm for arm in scores["conditions"]
    ]  # fmt: skip
    return {**scores, "conditions": arms}


@torch.no_grad()
def _share(victim: Victim[Any, Any], showing: ViewSource, patch: PatchImage) -> Score | None:
    """The share of objects that wear the patch whose answer is proven of the picture without it."""
    behind = defended_in(victim)
    if behind is None:
        return None
    proven: list[bool] = []
    images: list[int] = []
    views = 0
    for view in showing.views():
        wears = view.scene.wears
        if not wears.any():
            continue
        told = behind.certified(showing.render(view, patch), view.scene)
        if told is None:
            return None
        proven += told.cpu()[wears.cpu()].tolist()
        images += view.images[view.scene.image_of[wears].cpu().numpy()].tolist()
        views += len(np.unique(view.numbers))
        if views >= VIEWS:
            break
    true, image_of = np.array(proven, dtype=bool), np.array(images, dtype=np.int64)
    if not len(true):
        return None
    low, high = clustered_wilson(true, image_of, len(true))
    return Score(CERTIFIED, float(true.mean()), low, high, len(true), "safer", len(np.unique(image_of)))
