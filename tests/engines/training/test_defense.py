"""Training the localisers: one short run each, and their resumption."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput, BadOption, BadOutput
from physadv.engines.training.defense import DefenseProgress, defense_forecast, train_defense
from physadv.engines.training.defense_options import DefenseTraining
from physadv.engines.training.defense_pictures import gather
from physadv.parts.defenses.localisation.learned import read_learned


@pytest.fixture
def config(tmp_path: Path) -> DefenseTraining:
    """Five small photos and a patch."""
    rng = np.random.default_rng(0)
    for folder, count in (("photos", 5), ("further", 2), ("patches", 1)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            coarse = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), cv2.resize(coarse, (96, 72)))
    return DefenseTraining(
        photos=str(tmp_path / "photos"), validate=str(tmp_path / "further"), patches=str(tmp_path / "patches"),
        held_out_patches=str(tmp_path / "patches"), renders=0, steps=4, batch=2, save_every=2,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reconstruct", "segment"])
def test_a_stopped_training_goes_on_to_the_same_weights(name: str, config: DefenseTraining, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(progress: DefenseProgress) -> None:
        if progress.step == 3:
            raise Stopped

    with pytest.raises(Stopped):
        train_defense(name, config, tmp_path / "stopped", stop)
    resumed = train_defense(name, config, tmp_path / "stopped")
    straight = train_defense(name, config, tmp_path / "straight")
    assert resumed["digest"] == straight["digest"]
    assert resumed["families"] == straight["families"]
    stored = read_learned(name, str(tmp_path / "straight" / f"{name}.safetensors"))
    assert stored.digest == straight["digest"]
    assert stored.thresholds == straight["thresholds"]
    card = (tmp_path / "straight" / f"{name}.md").read_text()
    assert straight["digest"] in card
    assert "| stripes | no |" in card
    assert f"| random | {'yes' if name == 'segment' else 'no'} |" in card
    with pytest.raises(BadOutput, match="other settings"):
        train_defense(name, replace(config, seed=1), tmp_path / "straight")


def test_no_picture_is_dealt_twice(config: DefenseTraining) -> None:
    data = gather(config)
    assert (len(data.learned), len(data.thresholds), len(data.figures)) == (3, 2, 2)
    every = [picture.tobytes() for picture in (*data.learned, *data.thresholds, *data.figures)]
    assert len(set(every)) == 7


def test_the_cost_is_told_without_writing(config: DefenseTraining) -> None:
    assert "4 steps" in defense_forecast("reconstruct", config).words()


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("chroma", {}, "name must be one of reconstruct, segment"),
        ("segment", {"photos": ""}, "photos is empty"),
        ("segment", {"thresholds": 1.0}, "between 0 and 1"),
        ("segment", {"size_px": 8}, "size_px must be at least 64"),
        ("segment", {"steps": 0}, "steps must be at least 1"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_written(
    name: str, changed: dict[str, object], said: str, config: DefenseTraining, tmp_path: Path
) -> None:
    with pytest.raises(BadOption, match=said):
        train_defense(name, replace(config, **changed), tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_without_photos_is_refused(config: DefenseTraining, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for photos, said in ((tmp_path / "nowhere", "no such folder"), (tmp_path / "empty", "no photo in")):
        with pytest.raises(BadInput, match=said):
            gather(replace(config, photos=str(photos)))
