"""What would fail after the optimisation fails before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from physadv.app.config.early import check_late_options
from physadv.app.config.schema import GenerateConfig
from physadv.core.errors import BadInput, BadOption, IncompatibleParts, PhysadvError
from physadv.core.types import PatchImage
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.readiness import check_trial, check_writable, worn_labels
from physadv.parts.printing.sheet import SheetOptions, check_sheet, write_sheet
from tests.engines.judging.toy_trial import trial
from tests.toys import ToyDetector, ToyScenes


@pytest.mark.parametrize(
    "typed",
    [
        "paper=frob", "paper=0x0", "judge.batch=0", "judge.draws=0", "judge.images=-1", "judge.quality=frob",
        "judge.share=1", "judge.share=.nan", "protocol.truth=frob", "protocol.iou=.nan", "protocol.side=0",
        "protocol.side=.nan", "protocol.up=.nan", "protocol.kept_from=1", "protocol.min_height_px=.nan",
        "protocol.min_height_px=-1", "protocol.truth=detections", "protocol.count=frob",
    ],
)  # fmt: skip
def test_options_that_are_used_late_are_checked_first(typed: str) -> None:
    key, _, value = typed.partition("=")
    config = OmegaConf.structured(GenerateConfig)
    check_late_options(config)
    OmegaConf.update(config, key, float("nan") if value == ".nan" else value)
    with pytest.raises(BadOption, match=key.rpartition(".")[2]):
        check_late_options(config)


@dataclass(frozen=True)
class Bare(ToyScenes):
    """Nothing wears the patch in the first pictures."""

    bare: int = 3

    def sweep(self, size: int, skip: int = 0) -> Any:
        at = skip * size
        for scene in super().sweep(size, skip):
            number = at + torch.arange(len(scene.keys))
            yield replace(scene, wears=number >= self.bare)
            at += len(scene.keys)


def test_a_judgement_without_a_wearer_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to judge: 3 images with 3 objects"):
        check_trial(trial(scenes=Bare(3)))
    with pytest.raises(BadInput, match="nothing to judge: 2 images"):
        check_trial(trial(scenes=Bare(6), images=2))
    assert worn_labels(check_trial(trial(scenes=Bare(6), batch=2))[0]) == ["board"]


def test_a_judgement_without_a_picture_is_refused() -> None:
    with pytest.raises(BadInput, match="not one image"):
        check_trial(trial(scenes=ToyScenes(0)))


@dataclass(frozen=True)
class Renamed(ToyScenes):
    """The boards are called otherwise."""

    def sweep(self, size: int, skip: int = 0) -> Any:
        for scene in super().sweep(size, skip):
            yield replace(scene, label_names=("sign", "ghost"))


def test_a_victim_that_does_not_know_the_wearer_is_refused() -> None:
    with pytest.raises(IncompatibleParts, match=r"does not know 'sign'.*It knows: board, ghost"):
        check_trial(trial(scenes=Renamed(4), victims=[ToyDetector()]))
    many = ToyDetector(labels=("sign", "ghost"))
    with pytest.raises(IncompatibleParts, match="'toy' does not know"):
        check_trial(trial(scenes=Renamed(4), victims=[many, ToyDetector()]))


def test_only_pictures_up_to_the_first_wearer_are_looked_at() -> None:
    looked: list[int] = []

    class Counting(Bare):
        def sweep(self, size: int, skip: int = 0) -> Any:
            for scene in super().sweep(size, skip):
                looked.append(len(scene.keys))
                yield scene

    check_trial(trial(scenes=Counting(40), batch=4))
    assert sum(looked) == 4


def test_a_cache_that_cannot_be_written_is_refused_and_one_that_can_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadOption, match=r"judge\.cache=.*file/x cannot be written to: Not a directory"):
        check_trial(trial(cache=tmp_path / "file" / "x"))
    check_writable(tmp_path / "a" / "b", "judge.cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_protocol_that_does_not_fit_is_refused() -> None:
    with pytest.raises(PhysadvError, match="one label that wears"):
        check_trial(trial(protocol=ProtocolConfig(truth="detections", placement="box")))


def test_pages_are_counted_before_anything_is_drawn(tmp_path: Path) -> None:
    patch = PatchImage(torch.zeros(3, 8, 8), torch.ones(1, 8, 8), 400.0)
    options = SheetOptions(paper="a4", tags="auto")
    pages = check_sheet((patch.width_mm, patch.height_mm), options)
    assert write_sheet(patch, tmp_path / "sheet.pdf", options).pages in (pages, pages + 1)  # an overview before tiles
    with pytest.raises(BadOption, match="pages"):
        check_sheet((20_000.0, 20_000.0), options)
