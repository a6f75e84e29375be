"""Objects keep their numbers from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.library.tracking.iou import IouTracker, overlap


def boxes(*corners: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(corners, dtype=float).reshape(-1, 4)


def test_an_object_that_moves_keeps_its_number() -> None:
    tracker = IouTracker()
    numbers = {tracker.update(boxes((3.0 * t, 0, 3.0 * t + 20, 40)), [0])[0] for t in range(30)}
    assert numbers == {1}


def test_two_objects_that_pass_one_another_keep_theirs() -> None:
    tracker = IouTracker()
    for t in range(40):
        left, right = 4.0 * t, 160 - 4.0 * t
        seen = tracker.update(boxes((left, 0, left + 30, 60), (right, 10, right + 30, 70)), [0, 0])
    assert seen == (1, 2)


def test_an_object_of_another_label_is_another_object() -> None:
    tracker = IouTracker()
    tracker.update(boxes((0, 0, 10, 10)), [0])
    assert tracker.update(boxes((0, 0, 10, 10)), [1]) == (2,)


def test_a_gap_shorter_than_the_patience_is_bridged_and_a_longer_one_is_not() -> None:
    for gap, number in ((3, 1), (12, 2)):
        tracker = IouTracker(patience=10)
        for t in range(5):
            tracker.update(boxes((2.0 * t, 0, 2.0 * t + 30, 30)), [0])
        for _ in range(gap):
            tracker.update(boxes(), [])
        start = 2.0 * (5 + gap)
        assert tracker.update(boxes((start, 0, start + 30, 30)), [0]) == (number,)


def test_dropped_frames_count_as_time() -> None:
    tracker = IouTracker()
    for t in range(6):
        tracker.update(boxes((10.0 * t, 0, 10.0 * t + 30, 30)), [0])
    assert tracker.update(boxes((90, 0, 120, 30)), [0], frames=4) == (1,)


def test_a_track_that_is_not_seen_moves_on_and_slows_down() -> None:
    tracker = IouTracker()
    for t in range(6):
        tracker.update(boxes((5.0 * t, 0, 5.0 * t + 30, 30)), [0])
    places = []
    for _ in range(6):
        tracker.update(boxes(), [])
        places.append(tracker.tracks[0].box_xyxy_px[0])
    steps = np.diff([25.0, *places])
    assert (steps > 0).all()
    assert steps[-1] < steps[0]


def test_numbers_are_never_used_again() -> None:
    tracker = IouTracker(patience=0)
    seen = [tracker.update(boxes((100.0 * t, 0, 100.0 * t + 10, 10)), [0])[0] for t in range(5)]
    assert seen == [1, 2, 3, 4, 5]


def test_overlap_is_intersection_over_union() -> None:
    found = overlap(boxes((0, 0, 2, 2)), boxes((1, 1, 3, 3), (0, 0, 2, 2), (5, 5, 6, 6), (0, 0, 0, 0)))
    assert found.tolist() == [[pytest.approx(1 / 7), 1.0, 0.0, 0.0]]
