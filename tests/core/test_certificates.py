"""Certificates say what is proven of each picture, and of each object by its own label."""

from __future__ import annotations

import pytest
import torch

from physadv.core.certificates import LabelCertificate, RecallCertificate, victim_labels
from physadv.core.errors import BadShape
from physadv.testing import one_scene


def test_an_object_is_proven_by_its_own_label_alone() -> None:
    scene = one_scene(3)  # of boards
    certificate = LabelCertificate(torch.tensor([1, 1, 0]), torch.tensor([4.0, 0.0, 4.0]), "px")
    assert certificate.of_objects(scene, ("ghost", "board")).tolist() == [True, False, False]
    assert certificate.of_objects(scene, ("ghost", "witch")).tolist() == [False, False, False]


def test_labels_are_the_victim_s_or_one_past_its_last() -> None:
    assert victim_labels(one_scene(2), ("witch", "board")).tolist() == [1, 1]
    assert victim_labels(one_scene(2), ("witch",)).tolist() == [1, 1]


def test_a_certificate_checks_itself() -> None:
    with pytest.raises(BadShape, match="radii"):
        LabelCertificate(torch.tensor([0]), torch.zeros(2), "px")
    with pytest.raises(BadShape, match=r"beside must be \(N,\) bool"):
        RecallCertificate(torch.tensor([True]), torch.tensor([1]), 3)
