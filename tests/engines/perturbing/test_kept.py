"""What was kept is used again only where it is whole, and of the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from physadv.engines.perturbing.kept import KeptOutcomes
from physadv.engines.perturbing.run import PerturbTask, outcomes
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from tests.engines.perturbing.toys import toy_task


def test_kept_batches_that_are_broken_are_made_again(tmp_path: Path) -> None:
    kept = KeptOutcomes(tmp_path)
    kept.write("pgd", 0, {"x": np.arange(3)})
    found = kept.read("pgd", 0)
    assert found is not None
    assert found["x"].tolist() == [0, 1, 2]
    (tmp_path / "adversarial" / "pgd" / "000000.npz").write_bytes(b"broken")
    assert kept.read("pgd", 0) is None
    assert kept.read("pgd", 1) is None


def sizes(task: PerturbTask, kept: KeptOutcomes) -> list[list[Any]]:
    made = outcomes(task, kept, [], lambda arm, count: None)
    return [arrays[task.arms[0].key]["l2"].tolist() for _, arrays in made]


def test_what_was_kept_of_other_pictures_is_made_again(tmp_path: Path) -> None:
    task, kept = toy_task(Fgsm(), batch=3), KeptOutcomes(tmp_path)
    first = sizes(task, kept)
    key = task.arms[0].key
    other, own = kept.read(key, 0), kept.read(key, 1)
    assert other is not None
    assert own is not None
    kept.write(key, 1, other)  # as if the pictures of the batch had been exchanged before it went on
    assert sizes(task, kept) == first
    again = kept.read(key, 1)
    assert again is not None
    assert np.array_equal(again["images"], own["images"])
