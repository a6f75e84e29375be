"""Thresholds from a user's own photos."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.library.files.images import save_png
from physadv.parts.defenses.localisation.chroma import ChromaLocaliser
from physadv.parts.defenses.localisation.clean_pictures import thresholds_from
from physadv.parts.defenses.localisation.masks import fitted
from physadv.parts.defenses.options import ChromaConfig, EntropyConfig


def _photos(folder: Path, count: int = 3, side: int = 32) -> list[torch.Tensor]:
    made = []
    for index in range(count):
        codes = torch.randint(256, (3, side, side), generator=torch.Generator().manual_seed(index))
        made.append(codes / 255)
        save_png(made[-1], folder / f"{index}.png")
    (folder / "notes.txt").write_text("no photo")
    return made


def test_thresholds_are_fitted_to_the_photos(tmp_path: Path) -> None:
    localiser = ChromaLocaliser()
    expected = fitted([localiser.localise(photo[None]) for photo in _photos(tmp_path)])
    assert thresholds_from(str(tmp_path), 416, localiser) == expected


def test_larger_photos_are_shrunk(tmp_path: Path) -> None:
    _photos(tmp_path)
    localiser = ChromaLocaliser()
    assert thresholds_from(str(tmp_path), 16, localiser).low < thresholds_from(str(tmp_path), 32, localiser).low


def test_own_thresholds_are_in_the_name(tmp_path: Path) -> None:
    _photos(tmp_path)
    registry = Registry(discover=False)
    names = [
        registry.build("defenses", "chroma", config).name
        for config in (ChromaConfig(), ChromaConfig(low=0.05), ChromaConfig(clean=str(tmp_path)))
    ]
    assert names[0] == "chroma"
    assert names[1] == "chroma-0.05-0.125"
    assert len(set(names)) == 3


def test_without_a_photo_there_is_no_threshold(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no photo in"):
        thresholds_from(str(tmp_path), 416, ChromaLocaliser())
    with pytest.raises(BadInput, match="no such folder"):
        thresholds_from(str(tmp_path / "away"), 416, ChromaLocaliser())


@pytest.mark.parametrize("config", [ChromaConfig(low=0.0), ChromaConfig(low=0.5), EntropyConfig(clean_px=0)])
def test_thresholds_that_cannot_be_are_refused(config: ChromaConfig | EntropyConfig) -> None:
    name = "chroma" if isinstance(config, ChromaConfig) else "entropy"
    with pytest.raises(BadOption, match=f"of {name} must be"):
        Registry(discover=False).build("defenses", name, config)
