"""Drawn people: as tall as asked for, the same from the same seed, and only where they are."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.library.people.drawing import paste_person, some_person
from physadv.library.people.mesh import U8
from physadv.library.people.pose import STANCES


def grey() -> U8:
    return np.full((200, 160, 3), 128, np.uint8)


def test_a_pasted_person_is_as_tall_as_asked_and_nothing_else_changes() -> None:
    photo = grey()
    box = paste_person(photo, np.random.default_rng(1), 120, (80, 180))
    assert box is not None
    assert box[3] - box[1] == pytest.approx(120, abs=8)
    assert box[3] == pytest.approx(180, abs=6)
    ys, xs = np.nonzero((photo != 128).any(-1))
    assert xs.min() >= box[0] - 4
    assert xs.max() <= box[2] + 4
    assert ys.min() >= box[1] - 4


def test_the_same_seed_pastes_the_same_person() -> None:
    first, again, other = grey(), grey(), grey()
    for photo, seed in ((first, 3), (again, 3), (other, 4)):
        paste_person(photo, np.random.default_rng(seed), 100, (80, 180))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_somebody_beside_the_picture_is_not_pasted() -> None:
    photo = grey()
    assert paste_person(photo, np.random.default_rng(0), 100, (900, 180)) is None
    assert (photo == 128).all()


@pytest.mark.parametrize("stance", STANCES)
def test_every_stance_stands_on_the_ground(stance: str) -> None:
    person = some_person(np.random.default_rng(5), stance, detail=0.5)
    lowest = person.figure.mesh.points[:, 1].max()
    assert lowest == pytest.approx(0, abs=0.03)
    tall = -person.figure.mesh.points[:, 1].min()
    assert tall == pytest.approx(person.figure.build.stature_m, rel=0.06)
