import torch

from physadv.core.types import Candidates
from physadv.parts.victims.detections import MAX_SUPPRESSED, decide

BOX = [10.0, 10.0, 50.0, 50.0]
BESIDE = [12.0, 10.0, 52.0, 50.0]  # overlaps BOX by IoU 0.9
FAR = [100.0, 100.0, 140.0, 140.0]


def candidates(boxes: list[list[float]], scores: list[list[float]]) -> Candidates:
    return Candidates(torch.tensor([boxes]), torch.tensor([scores]))


def test_the_weaker_double_goes_and_the_rest_comes_best_first() -> None:
    (found,) = decide(candidates([BESIDE, FAR, BOX], [[0.6, 0.0], [0.7, 0.0], [0.9, 0.0]]), 0.5, 0.5)
    assert found.boxes_xyxy_px.tolist() == [BOX, FAR]
    assert found.labels.tolist() == [0, 0]


def test_boxes_of_two_classes_are_no_doubles() -> None:
    (found,) = decide(candidates([BOX, BESIDE], [[0.9, 0.0], [0.0, 0.8]]), 0.5, 0.5)
    assert found.labels.tolist() == [0, 1]


def test_a_score_at_the_threshold_is_reported() -> None:
    (found,) = decide(candidates([BOX], [[0.5]]), 0.5, 0.5)
    assert len(found.scores) == 1


def test_one_candidate_reports_its_best_class_or_on_request_every_class() -> None:
    seen = candidates([BOX], [[0.6, 0.9]])
    assert decide(seen, 0.5, 0.5)[0].labels.tolist() == [1]
    assert decide(seen, 0.5, 0.5, every_class=True)[0].labels.tolist() == [1, 0]


def test_no_candidate_at_all_is_an_empty_report() -> None:
    none = Candidates(torch.zeros(2, 0, 4), torch.zeros(2, 0, 3))
    for every_class in (False, True):
        found = decide(none, 0.0, 0.5, every_class=every_class)
        assert [tuple(f.boxes_xyxy_px.shape) for f in found] == [(0, 4), (0, 4)]


def test_decisions_carry_no_gradient() -> None:
    scores = torch.tensor([[[0.9]]], requires_grad=True)
    assert not decide(Candidates(torch.tensor([[BOX]]), scores), 0.5, 0.5)[0].scores.requires_grad


def test_a_very_low_threshold_keeps_the_strongest() -> None:
    count = MAX_SUPPRESSED + 50
    scores = torch.linspace(0, 1, count)[None, :, None]
    boxes = torch.tensor(BOX).repeat(1, count, 1) + torch.arange(count)[None, :, None] * 50.0
    (found,) = decide(Candidates(boxes, scores), 0.0, 0.5, top=3)
    assert found.scores.tolist() == scores[0, -3:, 0].flip(0).tolist()
