"""What a defence paints over is shown on one object, under every patch."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from physadv.core.defended import defended_in
from physadv.engines.judging.defenses.mask_pictures import save_masks, seen_through
from physadv.testing.toys import ToyDefense, ToyDetector
from tests.engines.judging.toy_trial import trial

BEHIND = ToyDefense().around(ToyDetector())
TITLES = {"clean": "no patch", "patch": "unaware patch"}


def test_every_arm_has_a_row(tmp_path: Path) -> None:
    one, two = (
        save_masks(trial(victims=[BEHIND]), dict(list(TITLES.items())[:rows]), tmp_path / f"{rows}.png")
        for rows in (1, 2)
    )
    assert one is not None
    assert two is not None
    with Image.open(one) as small, Image.open(two) as tall:
        assert tall.width == small.width
        assert tall.height > small.height


def test_without_a_defence_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert save_masks(trial(), TITLES, tmp_path / "masks.png") is None
    assert not list(tmp_path.iterdir())


def test_the_victim_gets_what_passed_all_defences() -> None:
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    chain = ToyDefense().around(BEHIND)
    outer = defended_in(chain)
    assert outer is not None
    inner = outer.inside
    assert inner is not None
    assert torch.equal(seen_through(outer, images), inner.passed_on(outer.passed_on(images)))
