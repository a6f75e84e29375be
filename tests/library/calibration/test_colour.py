"""From a photo of a chart to measured colours, against inks and a camera whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import torch

from physadv.core.errors import BadInput
from physadv.library.calibration.colour import Levelled, MeasuredColours, level, merged
from physadv.library.calibration.colour_fit import ColourFit, bake, difference, fit_colours
from physadv.library.calibration.light import light_field
from physadv.library.calibration.swatches import SwatchReadings, read_swatches
from physadv.library.colour.print_proof import ProofLut
from physadv.library.fiducials.find import Finder
from physadv.library.files.boards import Board
from tests.library.calibration.chart_photo import Photo, chart

F64 = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(1).random((2000, 3))


def offset(asked: F64) -> F64:
    codes = torch.from_numpy(np.ascontiguousarray(asked.T)).float()[..., None]
    printed: F64 = ProofLut.load()(codes)[..., 0].numpy().T.astype(np.float64)
    return printed


PRIORS = {"coated-offset": offset, "none": lambda asked: asked}


@cache  # a photo takes a second to draw
def read(board: Board, photo: Photo, shown: Board | None = None) -> SwatchReadings:
    """``shown`` is what was printed, where it is not the board that is looked for."""
    image = photo.taken(shown or board)
    (seen,) = Finder([board]).find(image)
    return read_swatches(np.ascontiguousarray(image[..., ::-1]), seen.image_from_board, board.swatches, "a.jpg")


def measured(board: Board, *photos: Photo) -> MeasuredColours:
    levelled: list[Levelled] = [level(read(board, photo), board.swatches, "a.jpg") for photo in photos]
    return merged(levelled, board.swatches)


@cache
def fit(board: Board, photo: Photo, prior: str) -> ColourFit:
    found = measured(board, photo)
    return fit_colours(found.asked, found.seen, {prior: PRIORS[prior]})


@pytest.mark.slow
def test_swatches_are_read_as_the_camera_saw_them() -> None:
    board, photo = chart(), Photo()
    found = measured(board, photo)
    assert len(found.asked) == 133
    assert difference(found.seen, photo.truth(found.asked)).mean() < 0.5
    assert np.nanpercentile(found.copies, 95) < 0.5


@pytest.mark.slow
def test_a_table_predicts_colours_that_were_not_on_the_chart() -> None:
    photo = Photo()
    table = bake(fit(chart(), photo, "none").model, 17)
    codes = torch.from_numpy(np.ascontiguousarray(RANDOM.T)).float()[..., None]
    predicted = ProofLut(torch.from_numpy(table))(codes)[..., 0].numpy().T.astype(np.float64)
    errors = difference(predicted, photo.truth(RANDOM))
    assert errors.mean() < 0.5
    assert difference(offset(RANDOM), photo.truth(RANDOM)).mean() > 5  # what it would have been


@pytest.mark.slow
def test_the_left_out_error_is_an_honest_forecast() -> None:
    photo = Photo(noise=4.0, quality=75)
    found = fit(chart(), photo, "none")
    truth = difference(found.model(RANDOM), photo.truth(RANDOM))
    assert 0.5 * found.errors.mean() < truth.mean() < 2 * found.errors.mean()


def test_the_prior_that_predicts_better_is_taken() -> None:
    found = measured(chart(levels=3), Photo())
    assert fit_colours(found.asked, found.seen, PRIORS).prior == "none"  # these inks are not offset
    printed = offset(found.asked)
    assert fit_colours(found.asked, printed, PRIORS).prior == "coated-offset"


def test_a_prior_helps_where_the_chart_is_small() -> None:
    few = chart(levels=2)
    asked = np.unique(np.array([s.srgb for s in few.swatches]).round(4), axis=0)
    left_out = {name: fit_colours(asked, offset(asked), {name: prior}).model for name, prior in PRIORS.items()}
    errors = {name: difference(model(RANDOM), offset(RANDOM)).mean() for name, model in left_out.items()}
    assert errors["coated-offset"] < 0.5 * errors["none"]


@pytest.mark.slow
def test_light_that_falls_off_is_taken_out() -> None:
    board, photo = chart(), Photo(fall_off=0.4, vignette=0.3)
    even = difference(measured(board, photo).seen, photo.truth(measured(board, photo).asked))
    readings = read(board, photo)
    assert level(readings, board.swatches, "a.jpg").light_range > 1.5
    raw = difference(readings.srgb / readings.srgb.max(), photo.truth(np.array([s.srgb for s in board.swatches])))
    assert even.mean() < 2 < 3 < raw.mean()


def test_the_field_is_found_exactly_where_only_light_varies() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(-80, 80, (120, 2))
    colour_of = np.repeat(np.arange(60), 2)
    colours = rng.uniform(0.1, 0.9, (60, 3))[colour_of]
    shade = np.exp(0.3 * places[:, 0] / 80 - 0.2 * (places[:, 1] / 80) ** 2)
    linear = colours * shade[:, None]
    linear[7] *= 3  # a highlight
    field = light_field(linear, places, colour_of, np.ones(120, bool))
    assert field.factor is not None
    ratio = field.factor / shade
    assert ratio.std() / ratio.mean() < 0.01


def test_without_copies_the_light_is_left_alone() -> None:
    field = light_field(
        np.full((20, 3), 0.5), np.random.default_rng(0).random((20, 2)), np.arange(20), np.ones(20, bool)
    )
    assert field.factor is None
    assert field.range == 1.0


@pytest.mark.slow
def test_a_highlight_costs_only_the_fields_under_it() -> None:
    readings = read(chart(), Photo(glare=True))
    assert 4 <= readings.saturated.sum() <= 16
    assert readings.good.sum() > 250
    photo = Photo(glare=True)
    found = measured(chart(), photo)
    assert difference(found.seen, photo.truth(found.asked)).mean() < 0.5


@pytest.mark.slow
def test_overexposed_paper_is_refused() -> None:
    with pytest.raises(BadInput, match="overexposed"):
        measured(chart(), Photo(exposure=1.6))


@pytest.mark.slow
def test_the_board_file_of_another_sheet_is_refused() -> None:
    with pytest.raises(BadInput, match="not those of this board file"):
        read(chart(seed=1), Photo(), shown=chart(seed=0))


@pytest.mark.slow
def test_a_chart_far_away_is_refused() -> None:
    board = chart()
    image = Photo().taken(board)
    (seen,) = Finder([board]).find(image)
    far = np.diag([0.1, 0.1, 1.0]) @ seen.image_from_board
    with pytest.raises(BadInput, match="Come nearer"):
        read_swatches(np.ascontiguousarray(image[::10, ::10, ::-1]), far, board.swatches, "a.jpg")


def test_a_photo_that_shows_half_the_chart_gives_half_of_it() -> None:
    board = chart()
    image = Photo().taken(board)[:650]
    (seen,) = Finder([board]).find(image)
    readings = read_swatches(np.ascontiguousarray(image[..., ::-1]), seen.image_from_board, board.swatches, "a.jpg")
    assert 60 < readings.outside.sum() < 212


@pytest.mark.slow
def test_two_photos_mend_what_one_lacks() -> None:
    board, glaring = chart(), Photo(glare=True)
    lost = ~np.isnan(level(read(board, glaring), board.swatches, "a.jpg").srgb).any(1)
    assert not lost.all()
    assert len(measured(board, glaring, replace(glaring, glare=False)).asked) == 133


def test_too_few_colours_are_refused() -> None:
    with pytest.raises(BadInput, match="only 8 colours"):
        fit_colours(RANDOM[:8], RANDOM[:8], PRIORS)


def test_a_table_stays_in_range() -> None:
    table = bake(fit_colours(RANDOM[:40], np.clip(3 * RANDOM[:40] - 1, 0, 1), {"none": PRIORS["none"]}).model, 9)
    assert table.shape == (9, 9, 9, 3)
    assert table.min() >= 0
    assert table.max() <= 1
