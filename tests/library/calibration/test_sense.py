"""Photos and films that cannot be right are refused, whatever numbers could be fitted to them."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.core.errors import BadInput
from physadv.library.calibration.colour import level
from physadv.library.calibration.colour_sense import check_colours, check_error
from physadv.library.calibration.conditions import BoardFrame
from physadv.library.calibration.film_sense import check_film
from physadv.library.calibration.lens_sense import impossible
from physadv.library.calibration.sharpness import Optics
from physadv.library.calibration.swatches import SwatchReadings
from tests.library.calibration.chart_photo import Photo, chart

ASKED = np.array([s.srgb for s in chart().swatches])
MATRIX = np.array([[800.0, 0, 480], [0, 800, 360], [0, 0, 1]])
MILD = np.array([-0.2, 0.05, 0.0, 0.0, 0.0])


def readings(exposure: float, usable: float = 1.0) -> SwatchReadings:
    """What the made-up camera sees of the chart, of which a share is not clipped."""
    truth = Photo().truth(ASKED)
    linear = np.where(truth <= 0.04045, truth / 12.92, ((truth + 0.055) / 1.055) ** 2.4) * exposure
    seen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    nothing = np.zeros(len(ASKED), bool)
    clipped = np.arange(len(ASKED)) >= usable * len(ASKED)
    return SwatchReadings(seen, np.ones(len(ASKED)), clipped & ~(ASKED == 1).all(1), nothing, nothing)


@pytest.mark.parametrize("exposure", [0.01, 0.05, 0.09])
def test_a_dark_photo_is_refused_with_its_remedy(exposure: float) -> None:
    with pytest.raises(BadInput, match=r"underexposed, the white paper has code \d+ .* stops brighter"):
        level(readings(exposure), chart().swatches, "a.jpg")


def test_a_dim_photo_is_doubted_and_a_good_one_is_not() -> None:
    assert "is dark" in level(readings(0.2), chart().swatches, "a.jpg").doubt
    assert not level(readings(0.8), chart().swatches, "a.jpg").doubt


def test_a_photo_of_which_little_is_usable_is_refused() -> None:
    with pytest.raises(BadInput, match="fields of the chart can be used"):
        level(readings(0.8, usable=0.4), chart().swatches, "a.jpg")


def test_the_colours_of_a_photo_are_plausible() -> None:
    check_colours(ASKED, Photo().truth(ASKED))


@pytest.mark.parametrize(
    ("case", "said"),
    [("grey", "do not tell"), ("exchanged", "do not tell"), ("fog", "darkest fields"), ("rotated", "do not tell")],
)  # fmt: skip
def test_colours_that_no_print_has_are_refused(case: str, said: str) -> None:
    seen = Photo().truth(ASKED)
    wrong = {
        "grey": np.repeat(seen.mean(1, keepdims=True), 3, 1), "exchanged": seen[:, ::-1],
        "fog": 0.8 + 0.2 * seen, "rotated": seen[:, [1, 2, 0]],
    }  # fmt: skip
    with pytest.raises(BadInput, match=said):
        check_colours(ASKED, wrong[case])


def test_a_table_that_predicts_nothing_is_refused() -> None:
    check_error(1.0)
    with pytest.raises(BadInput, match="no better than without"):
        check_error(12.0)


def test_usual_lenses_are_possible() -> None:
    for strength in (-0.35, -0.2, 0.0, 0.2):
        assert not impossible(MATRIX, np.array([strength, 0.1 * (strength < 0), 0, 0, 0]), (960, 720), 4.0)


@pytest.mark.parametrize(
    ("matrix", "distortion", "deviation", "said"),
    [
        ([[90.0, 0, 480], [0, 90, 360]], MILD, 0.1, "field of view"),
        ([[90000.0, 0, 480], [0, 90000, 360]], MILD, 0.1, "field of view"),
        ([[800.0, 0, 480], [0, 1200, 360]], MILD, 1.0, "as wide as high"),
        ([[800.0, 0, 900], [0, 800, 360]], MILD, 1.0, "off its middle"),
        ([[800.0, 0, 480], [0, 800, 360]], MILD, 300.0, "±"),
        ([[800.0, 0, 480], [0, 800, 360]], MILD, float("nan"), "±"),
        ([[800.0, 0, 480], [0, 800, 360]], np.array([-1.5, 0.0, 0, 0, 0]), 1.0, "folds the picture"),
    ],
)
def test_intrinsics_that_no_camera_has_are_named(
    matrix: list[list[float]], distortion: np.ndarray, deviation: float, said: str
) -> None:
    assert said in impossible(np.array([*matrix, [0, 0, 1.0]]), distortion, (960, 720), deviation)


def frames(white: float = 0.7, black: float = 0.03, distance_m: float = 3.0) -> list[BoardFrame]:
    optics = Optics(0.8, 0.8, (white, white, white), black, 1e-5, 1e-5)
    return [BoardFrame(i, distance_m, 20.0, 0.0, 0.0, 0.1, (320.0, 240.0), optics) for i in range(12)]


def test_a_film_of_a_print_is_plausible() -> None:
    assert not check_film(frames(), [0.002] * 12, "walk")
    assert not check_film([BoardFrame(0, 3.0, 0, 0, 0, 0.1, (0.0, 0.0))], [0.002], "walk")


def test_a_film_with_overexposed_paper_is_doubted() -> None:
    assert "overexposed" in check_film(frames(white=0.99), [0.002] * 12, "walk")


@pytest.mark.parametrize(
    ("seen", "miss", "said"),
    [
        (frames(), 0.08, "miss the board's model"), (frames(), float("nan"), "miss the board's model"),
        (frames(white=0.02, black=0.001), 0.002, "nearly black"), (frames(black=0.5), 0.002, "as bright as the paper"),
        (frames(distance_m=900.0), 0.002, "900 m away"), (frames(distance_m=0.01), 0.002, "0.01 m away"),
    ],
)  # fmt: skip
def test_a_film_that_cannot_be_right_is_refused(seen: list[BoardFrame], miss: float, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_film(seen, [miss] * 12, "walk")
