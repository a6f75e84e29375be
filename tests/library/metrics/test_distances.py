"""Distances whose answers can be worked out by hand, and one that another library knows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physadv.core.errors import BadShape
from physadv.library.metrics.distances import distance_scores, image_distances


def test_one_changed_pixel_has_the_distances_one_can_count() -> None:
    clean = torch.full((2, 3, 20, 30), 0.5)
    other = clean.clone()
    other[1, :, 4, 7] = torch.tensor([0.8, 0.5, 0.1])
    made = image_distances(clean, other)
    assert [made[name][0].item() for name in ("L0", "L1", "L2", "Linf", "SSIM")] == [0.0, 0.0, 0.0, 0.0, 1.0]
    told = [made[name][1].item() for name in ("L0", "L1", "L2", "Linf")]
    assert told == pytest.approx([1 / 600, 0.7 / 1800, 0.5, 0.4], abs=1e-6)
    assert made["SSIM"][1] < 1


def test_less_than_half_a_code_is_no_change() -> None:
    clean = torch.zeros(1, 3, 16, 16)
    assert image_distances(clean, clean + 0.9 / 510)["L0"].item() == 0.0
    assert image_distances(clean, clean + 1.1 / 510)["L0"].item() == 1.0


def test_structural_similarity_is_that_of_the_paper() -> None:
    """Against the formula, window by window, in double precision (Wang 2004, equation 13)."""
    seed = torch.Generator().manual_seed(0)
    clean = torch.rand(1, 3, 24, 20, generator=seed)
    other = (clean + 0.1 * torch.randn(clean.shape, generator=seed)).clamp(0, 1)
    x, y = (np.tensordot([0.299, 0.587, 0.114], image[0].double().numpy(), 1) for image in (clean, other))
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    values = []
    for row in range(24 - 10):
        for column in range(20 - 10):
            a, b = (image[row : row + 11, column : column + 11] for image in (x, y))
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * a * a).sum() - mean_a**2, (window * b * b).sum() - mean_b**2
            both = (window * a * b).sum() - mean_a * mean_b
            above = (2 * mean_a * mean_b + 0.01**2) * (2 * both + 0.03**2)
            values.append(above / ((mean_a**2 + mean_b**2 + 0.01**2) * (var_a + var_b + 0.03**2)))
    assert image_distances(clean, other)["SSIM"].item() == pytest.approx(np.mean(values), abs=1e-4)


def test_padding_is_not_part_of_the_picture() -> None:
    seed = torch.Generator().manual_seed(0)
    clean, other = (torch.rand(1, 3, 20, 24, generator=seed) for _ in range(2))
    alone = image_distances(clean, other)
    padded = [
        torch.nn.functional.pad(image, (0, 9, 0, 5), value=value) for image, value in ((clean, 0.2), (other, 0.9))
    ]
    inside = image_distances(*padded, torch.tensor([[20, 24]]))
    for name, value in alone.items():
        assert inside[name].item() == pytest.approx(value.item(), abs=1e-5), name


def test_a_picture_smaller_than_the_window_has_no_structural_similarity() -> None:
    made = image_distances(torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8))
    assert made["SSIM"].isnan().all()
    assert made["L0"].tolist() == [1.0, 1.0]


def test_pictures_of_two_shapes_are_refused() -> None:
    with pytest.raises(BadShape, match="one shape"):
        image_distances(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 17))


def test_scores_count_images_and_leave_out_what_is_unknown() -> None:
    columns = {"L2": np.array([1.0, 3.0, 2.0, 2.0]), "SSIM": np.array([0.5, math.nan, math.nan, math.nan])}
    image = np.array([0, 0, 2, 2])  # the second image was not measured
    norm, similarity = distance_scores(columns, image, np.array([[1.0, 0, 0], [0, 3, 0], [0, 1, 2]]))
    assert (norm.value, norm.low, norm.high, norm.n, norm.higher_is) == (2.0, 2.0, 2.0, 2, "safer")
    assert (similarity.value, similarity.n) == (0.5, 1)


def test_no_picture_at_all_is_unknown() -> None:
    (score,) = distance_scores({"L2": np.zeros(0)}, np.zeros(0, dtype=np.int64), np.ones((3, 2)))
    assert math.isnan(score.value)
    assert score.n == 0
