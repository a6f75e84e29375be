"""Ranges of conditions from the frames of a film, and the preset they become."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml

from physadv.library.calibration.conditions import BoardFrame, Range, block_bootstrap, ranges
from physadv.library.calibration.preset import PLACES, placed, preset_text
from physadv.library.calibration.sharpness import Optics
from physadv.library.metrics.interval import resampled_weights


def weights(blocks: int) -> npt.NDArray[np.float64]:
    return resampled_weights(blocks, 500, torch.Generator().manual_seed(0))


def film(count: int = 100, open_share: float = 0.5, defocus_px: float = 0.8) -> list[BoardFrame]:
    """A print that swings sideways, with a shutter that is open for a share of the frame's time."""
    frames, before = [], 0.0
    for index in range(count):
        x = 40 * math.sin(index / 5)
        smear = open_share * (x - before if index else 0.0)
        across = math.sqrt(defocus_px**2 + smear**2 / 12)
        optics = Optics(across, defocus_px, (0.5 * 2 ** (index / 100), 0.5, 0.4), 0.02, 6e-4, 2e-4)
        frames.append(BoardFrame(index, 2 + index / 50, index - 50.0, 3.0, 0.0, 0.1, (x, 100.0), optics))
        before = x
    return frames


def test_a_range_is_the_central_part_so_that_one_misread_frame_does_not_widen_it() -> None:
    frames = [*film(), BoardFrame(100, 90.0, 0.0, 0.0, 0.0, 0.1, (0, 0))]
    found = ranges([frames], 1.0)["distance_m"]
    assert 2.0 < found.low < 2.1
    assert 3.8 < found.high < 4.0


def test_angles_that_may_be_mirrored_do_not_count() -> None:
    frames = [*film(), *(BoardFrame(i, 3.0, 75.0, 0.0, 0.0, 0.95, (0, 0)) for i in range(200, 260))]
    assert ranges([frames], 1.0)["yaw_deg"].high < 50


def test_defocus_and_motion_are_told_apart() -> None:
    found = ranges([film(open_share=0.5, defocus_px=0.8)], 1.0)
    assert found["defocus_px"].median == pytest.approx(0.8, rel=0.05)
    assert found["motion_px"].high == pytest.approx(0.5 * 8, rel=0.1)  # the swing passes its middle at 8 px a frame


def test_blur_and_noise_are_given_for_the_pictures_that_are_judged() -> None:
    large, small = ranges([film()], 1.0), ranges([film()], 0.5)
    assert small["defocus_px"].high == pytest.approx(large["defocus_px"].high / 2)
    assert small["shot"].high == pytest.approx(large["shot"].high / 4)


def test_few_frames_make_no_range() -> None:
    assert ranges([film(count=5)], 1.0) == {}


def test_frames_of_one_second_count_as_one_trial() -> None:
    time_s = np.arange(100) / 20  # five seconds
    hits = (time_s.astype(int) % 2 == 0).tolist()
    value, low, high = block_bootstrap(hits, time_s.tolist(), weights)
    assert value == 0.6
    assert high - low > 0.6  # of 100 independent frames it would be 0.19


def test_only_what_was_measured_differs_from_the_parent_preset() -> None:
    found = {"roll_deg": Range(-3.0, 4.0, 0.5, 80), "shot": Range(1e-5, 2e-5, 1.5e-5, 80)}
    options = placed(found, [key for keys in PLACES.values() for key in keys], (0.0, 0.0))
    text = preset_text("sign_driveby", "here", options, ["What was seen."], 640, [])
    content = yaml.safe_load(text)
    assert content == {
        "defaults": ["sign_driveby", "_self_"], "jitter": {"roll_deg": [-3.0, 4.0]}, "sensor": {"shot": [1e-5, 2e-5]}
    }  # fmt: skip
    assert [line[:2] for line in text.splitlines()[:2]] == ["# ", "# "]
    assert "optics.motion_px" in text  # said to be unmeasured


def test_the_pose_goes_to_the_scenes_where_they_have_one() -> None:
    found = {"yaw_deg": Range(-20.0, 30.0, 0.0, 50)}
    (drawn,) = placed(found, ["scenes.yaw_deg", "eot.jitter.yaw_deg"], (0.0, 0.0))
    (photos,) = placed(found, ["eot.jitter.yaw_deg"], (0.0, 0.0))
    assert (drawn.key, photos.key) == ("scenes.yaw_deg", "eot.jitter.yaw_deg")


def test_the_scenes_own_blur_is_taken_off() -> None:
    (made,) = placed({"defocus_px": Range(0.3, 1.0, 0.6, 50)}, ["eot.optics.defocus_px"], (0.4, 0.8))
    assert made.low == 0.0
    assert made.high == pytest.approx(0.6)
