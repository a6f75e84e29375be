"""``physadv eot preview``, as a user types it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from physadv.parts.patches.testcard import SIZE_PX, card
from tests.running import physadv

SMALL = ["scenes.images=12", "scenes.width_px=320", "scenes.height_px=224", "draws=4", "progress=false"]


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["sign_driveby", "tshirt_indoor", "desk_webcam"])
def test_a_sheet_of_draws_and_a_picture_of_the_stages(preset: str, tmp_path: Path) -> None:
    done = physadv("eot", "preview", f"eot={preset}", *SMALL, "out=seen", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "seen" / "draws.csv").read_text().splitlines()))
    assert len(rows) == 4
    assert len({row["jitter.yaw_deg"] for row in rows}) == 4
    assert size(tmp_path / "seen" / "draws.png")[0] > 800
    assert size(tmp_path / "seen" / "stages.png")[1] > 1000


@pytest.mark.slow
def test_the_same_seed_shows_the_same_sheet_and_nothing_varying_has_one_row(tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = physadv("eot", "preview", "eot=none", *SMALL, f"out={name}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a" / "draws.png").read_bytes() == (tmp_path / "b" / "draws.png").read_bytes()
    assert size(tmp_path / "a" / "stages.png")[1] < 400


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "words"),
    [(["draws=0"], "draws must be"), (["patch=none.png"], "no such patch"), (["eot=sign_drivby"], "sign_driveby")],
)
def test_bad_input_is_one_line(typed: list[str], words: str, tmp_path: Path) -> None:
    done = physadv("eot", "preview", *SMALL[:3], *typed, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.rglob("*.png")) == []


def test_the_card_is_a_patch_of_the_size_asked_for() -> None:
    made = card(250.0)
    assert made.srgb.shape == (3, SIZE_PX[1], SIZE_PX[0])
    assert made.height_mm == 150.0
