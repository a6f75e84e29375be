"""What a change is worth to an attacker."""

from __future__ import annotations

import pytest
import torch

from physadv.library.perturbations.losses import cross_entropy, logits_ratio, margin

LOGITS = torch.tensor([[2.0, 0.5, 1.0, -1.0]])
LABEL, TARGET = torch.tensor([0]), torch.tensor([1])


def test_the_margin_is_what_the_wanted_label_falls_short_by() -> None:
    assert margin(LOGITS, LABEL).tolist() == [1.0]
    assert margin(LOGITS, LABEL, TARGET).tolist() == [1.5]
    assert margin(LOGITS, torch.tensor([1])).tolist() == [-1.5]


def test_the_logits_ratio_does_not_change_when_logits_are_scaled() -> None:
    assert logits_ratio(LOGITS, LABEL).tolist() == [pytest.approx(1 / 1.5)]
    assert logits_ratio(LOGITS * 1000, LABEL).tolist() == [pytest.approx(1 / 1.5)]
    assert logits_ratio(LOGITS, LABEL, TARGET).tolist() == [pytest.approx(1.5 / (2 - (0.5 - 1) / 2))]
    assert torch.isfinite(logits_ratio(torch.tensor([[1.0, 1.0]]), LABEL)).all()


def test_cross_entropy_falls_where_the_attacker_gains() -> None:
    worse = torch.tensor([[0.0, 3.0, 0.0, 0.0]])
    assert float(cross_entropy(worse, LABEL)) < float(cross_entropy(LOGITS, LABEL))
    assert float(cross_entropy(worse, LABEL, TARGET)) < float(cross_entropy(LOGITS, LABEL, TARGET))
