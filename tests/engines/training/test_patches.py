"""Patches that localisers are trained on, and how they are laid into pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput
from physadv.engines.training.patch_families import SIDE_PX, families, read_patches
from physadv.engines.training.worn_patches import Wear, filed, worn

PHOTO = np.random.default_rng(0).integers(0, 256, (70, 90, 3)).astype(np.uint8)
RED = np.full((SIDE_PX, SIDE_PX, 3), (255, 0, 0), np.uint8)


def test_no_family_is_both_learned_and_held_out_and_each_makes_patches() -> None:
    made = families([PHOTO], [RED], {"thys": RED})
    assert not made.learned.keys() & made.held_out.keys()
    for family in (made.learned | made.held_out).values():
        first, again = family(np.random.default_rng(1)), family(np.random.default_rng(1))
        assert first.shape == (SIDE_PX, SIDE_PX, 3)
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, again)


def test_without_optimised_patches_that_family_is_left_out() -> None:
    assert "optimised" not in families([PHOTO], [], {}).learned


def test_patches_are_read_by_name_and_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "own.png"), RED[..., ::-1])
    np.testing.assert_array_equal(read_patches(str(tmp_path))["own"], RED)
    assert read_patches("") == {}
    (tmp_path / "own.png").unlink()
    with pytest.raises(BadInput, match="no picture of a patch"):
        read_patches(str(tmp_path))
    with pytest.raises(BadInput, match="no such folder"):
        read_patches(str(tmp_path / "nowhere"))


def test_a_patch_is_where_its_share_says_and_the_rest_of_the_picture_as_it_was() -> None:
    grey = np.full((80, 100, 3), 128, np.uint8)
    for seed in range(8):
        seen, share = worn(grey, RED, np.random.default_rng(seed), Wear())
        np.testing.assert_array_equal(seen[share == 0], 128)
        inside = seen[share > 0.99].astype(int)
        assert len(inside) > 10
        assert (inside[:, 0] - inside[:, 1] > 50).all()
        assert share.max() <= 1 + 1e-6
    assert (grey == 128).all()


def test_a_file_changes_little() -> None:
    smooth = cv2.GaussianBlur(PHOTO, (0, 0), 4)
    assert np.abs(filed(smooth, np.random.default_rng(0)).astype(int) - smooth).mean() < 6
