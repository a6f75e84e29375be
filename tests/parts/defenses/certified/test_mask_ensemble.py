"""An object that is proven is found under every patch of the certified size."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.types import Candidates, Detections
from physadv.parts.defenses.certified.mask_ensemble import ROWS, Masked, MaskEnsemble, _best
from physadv.parts.defenses.certified.options import MaskEnsembleConfig
from physadv.parts.defenses.temporal.options import VoteConfig
from physadv.parts.defenses.temporal.vote import Vote
from physadv.testing import ToyGridDetector, one_scene

SIDE, COVER = 12, 0.3


@dataclass(frozen=True)
class RedDetector(ToyGridDetector):
    """Reports one board: the box round all that is red, unless white is to be seen anywhere."""

    def outputs(self, images: Tensor) -> Candidates:
        red = (images[:, 0] > 0.7) & (images[:, 1] < 0.3)
        seen = red.flatten(1).any(1) & ~(images.amin(1) > 0.9).flatten(1).any(1)
        edges = []
        for along in (red.any(1), red.any(2)):  # across, down
            place = torch.arange(along.shape[1])
            low, high = place.masked_fill(~along, SIDE).amin(1), place.masked_fill(~along, -1).amax(1) + 1
            edges.append(torch.stack([low, high], 1) * seen[:, None])
        boxes = torch.stack([edges[0][:, 0], edges[1][:, 0], edges[0][:, 1], edges[1][:, 1]], 1).float()
        return Candidates(boxes[:, None], torch.stack([seen * 0.9, seen * 0.0], 1)[:, None])


def masked(windows: int = 4, inside: float = 0.8, area: float = 9 / SIDE**2) -> Masked:
    made = MaskEnsemble(MaskEnsembleConfig(area, windows, inside, COVER)).around(RedDetector())
    assert isinstance(made, Masked)
    return made


def picture(box: tuple[int, int, int, int]) -> Tensor:
    image = torch.full((3, SIDE, SIDE), 0.2)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = torch.tensor([1.0, 0, 0])[:, None, None]
    return image


def covered(found: Detections, box: tuple[int, int, int, int]) -> float:
    """The largest share of the box that a report of its label covers."""
    thing = torch.tensor([[float(edge) for edge in box]])
    boxes = found.boxes_xyxy_px[found.labels == 0]
    low, high = torch.maximum(boxes[:, :2], thing[:, :2]), torch.minimum(boxes[:, 2:], thing[:, 2:])
    shares = (high - low).clamp(0).prod(1) / (thing[:, 2:] - thing[:, :2]).prod()
    return float(shares.max()) if len(shares) else 0.0


def attacked_everywhere(image: Tensor, side: int) -> tuple[Tensor, list[tuple[int, int]]]:
    shown, places = [], []
    for y, x in itertools.product(range(SIDE - side + 1), repeat=2):
        for colour in ((1.0, 1.0, 1.0), (1.0, 0.0, 0.0)):
            attacked = image.clone()
            attacked[:, y : y + side, x : x + side] = torch.tensor(colour)[:, None, None]
            shown.append(attacked)
            places.append((y, x))
    return torch.stack(shown), places


@pytest.mark.slow
def test_no_patch_anywhere_hides_a_proven_object() -> None:
    kinds = []
    for box in ((2, 1, 10, 11), (4, 4, 8, 8), (0, 7, 11, 12)):
        victim, image = masked(), picture(box)
        certificate = victim.certificate(image[None], torch.tensor([box]).float(), torch.tensor([0]), torch.tensor([0]))
        anywhere, beside = bool(certificate.anywhere), bool(certificate.beside)
        kinds.append((anywhere, beside))
        shown, places = attacked_everywhere(image, certificate.side_px)
        found = victim.decide(victim.outputs(shown))
        x0, y0, x1, y1 = box
        for reports, (y, x) in zip(found, places, strict=True):
            touches = y < y1 and y + 3 > y0 and x < x1 and x + 3 > x0
            if anywhere or (beside and not touches):
                assert covered(reports, box) >= COVER, f"{box} with a patch at {(y, x)}"
        bare = victim.victim.decide(victim.victim.outputs(shown))
        assert min(covered(reports, box) for reports in bare) == 0.0, "the attack is too weak to test anything"
    assert kinds == [(True, True), (False, True), (True, True)]


def test_what_lies_in_a_report_is_not_reported_twice_and_what_does_not_is() -> None:
    victim, image = masked(), picture((2, 1, 10, 11))
    (clean,) = victim.decide(victim.outputs(image[None]))
    assert clean.boxes_xyxy_px.tolist() == [[2, 1, 10, 11]]
    image[:, 0, 0] = 1.0  # white: nothing is reported of the picture itself
    (found,) = victim.decide(victim.outputs(image[None]))
    assert covered(found, (2, 1, 10, 11)) == 1.0
    assert (found.scores.diff() <= 0).all()


def test_another_label_is_not_proven() -> None:
    certificate = masked().certificate(
        picture((2, 1, 10, 11))[None], torch.tensor([[2.0, 1, 10, 11]]), torch.tensor([1]), torch.tensor([0])
    )
    assert not certificate.anywhere.any()


def test_scenes_are_asked_by_name() -> None:
    scene = one_scene(2)
    made = MaskEnsemble(MaskEnsembleConfig(0.01, 4)).around(ToyGridDetector())
    assert isinstance(made, Masked)
    red = torch.zeros_like(scene.srgb)
    red[:, 0] = 0.9
    assert made.certified(red, scene).shape == (2,)


def test_the_best_candidates_are_kept_with_their_gradient() -> None:
    scores = torch.rand(1, ROWS + 50, 2, requires_grad=True)
    kept = _best(Candidates(torch.rand(1, ROWS + 50, 4), scores))
    assert kept.scores.shape == (1, ROWS, 2)
    assert torch.equal(kept.scores.amax(2), scores.amax(2).sort(descending=True).values[:, :ROWS])
    assert _best(Candidates(torch.rand(1, 3, 4), torch.rand(1, 3, 2))).scores[0, 3:].sum() == 0
    (slope,) = torch.autograd.grad(kept.scores.sum(), scores)
    assert slope.sum() == 2 * ROWS


def test_a_memory_comes_first() -> None:
    remembering = Vote(VoteConfig()).around(ToyGridDetector())
    with pytest.raises(IncompatibleParts, match=r"vote-2-of-3 before mask-ensemble"):
        MaskEnsemble(MaskEnsembleConfig()).around(remembering)


def test_behind_a_memory_it_is_remembered_what_is_found_behind_windows() -> None:
    victim = Vote(VoteConfig(2, 3)).around(masked())
    told = []
    for white in (True, True, False, False):  # nothing is reported of the picture where there is white
        image = picture((2, 1, 10, 11)) if len(told) != 2 else torch.full((3, SIDE, SIDE), 0.2)
        image[:, 0, 0] = 1.0 if white else 0.2
        told.append(covered(victim.decide(victim.outputs(image[None]))[0], (2, 1, 10, 11)))
    assert told == [0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("config", [MaskEnsembleConfig(inside=0.0), MaskEnsembleConfig(cover=1.1)])
def test_shares_that_are_none_are_refused(config: MaskEnsembleConfig) -> None:
    with pytest.raises(BadOption, match="of mask-ensemble is a share"):
        MaskEnsemble(config)
