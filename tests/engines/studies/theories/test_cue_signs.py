"""Signs that keep one cue of a stop sign."""

from __future__ import annotations

import numpy as np
import torch

from physadv.core.types import Detections
from physadv.engines.studies.theories.cue_signs import CUES, CueRoad
from physadv.engines.studies.theories.really_learn import about
from physadv.library.roads.sign_canvas import SignFace

FACES: dict[str, SignFace] = {cue.name: cue.draw(0) for cue in CUES}


def test_a_sign_without_colour_is_as_light_as_the_whole_one() -> None:
    grey, whole = FACES["no colour"].pyramid[2], FACES["whole"].pyramid[2]
    assert float(np.ptp(grey[..., :3], axis=2).max()) == 0
    weights = np.array([0.2126, 0.7152, 0.0722])
    np.testing.assert_allclose(grey[..., 0], whole[..., :3] @ weights, atol=1e-5)


def test_tiles_change_places_and_nothing_else() -> None:
    pieces, whole = FACES["16 tiles"].pyramid[0], FACES["whole"].pyramid[0]
    assert not np.array_equal(pieces, whole)
    np.testing.assert_allclose(np.sort(pieces, axis=None), np.sort(whole, axis=None))


def test_roads_are_the_same_for_every_sign_away_from_it() -> None:
    road = CueRoad.drawn(0, 0)
    one, other = road.with_sign(FACES["whole"]), road.with_sign(FACES["grey disc"])
    changed = (one - other).abs().amax(0)
    left, top, right, bottom = (round(v) for v in road.box_xyxy_px.tolist())
    assert float(changed.max()) > 0.3
    assert float(changed[:, : left - 25].max()) == 0
    assert float(changed[: max(1, top - 25)].max()) == 0
    assert 20 < right - left < 160
    assert bottom <= one.shape[1]
    assert torch.equal(CueRoad.drawn(0, 0).with_sign(FACES["whole"]), one)
    assert not torch.equal(CueRoad.drawn(1, 0).with_sign(FACES["whole"]), one)


def test_only_reports_about_the_place_count() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [100, 100, 110, 110]])
    found = Detections(boxes, torch.tensor([0.9, 0.8]), torch.tensor([1, 4]))
    assert about(found, torch.tensor([1.0, 1, 11, 11])) == [1]
    assert about(Detections(boxes[:0], torch.zeros(0), torch.zeros(0, dtype=torch.int64)), boxes[0]) == []
