"""``source=world`` films the chosen world with a print in it, and says what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.app.assembly.world_feed import feed_of
from physadv.app.config.watch_options import WatchConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.types import PatchImage
from physadv.library.files.patches import save_patch
from physadv.parts.printing.options import InkConfig
from physadv.parts.worlds.options import StopGoConfig


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


@pytest.fixture(scope="module")
def patch(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("hung")
    save_patch(PatchImage(torch.tensor([0.0, 1, 1]).view(3, 1, 1).expand(3, 8, 8), torch.ones(1, 8, 8), 500.0), folder)
    return str(folder)


def options(**named: Any) -> WatchConfig:
    return WatchConfig(source="world", world=StopGoConfig(height_px=48, width_px=80), ink=InkConfig(), **named)


def test_the_print_hangs_in_the_world_as_it_is_printed(registry: Registry, patch: str) -> None:
    frames = []
    for hung in ("", patch):
        feed = feed_of(registry, options(hung=hung, episodes=1, seed=3), "stop-go")
        frames.append(list(feed))
    bare, worn = frames
    assert len(bare) == len(worn) > 10
    assert bare[0].bgr_u8.shape == (48, 80, 3)
    assert any((one.bgr_u8 != other.bgr_u8).any() for one, other in zip(bare, worn, strict=True))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"slot": "sing"}, "slot=sing is a place for a print, but there is none"),
        ({"slot": "sing", "hung": True}, r"no slot 'sing'. Did you mean 'sign'\? It has sign, billboard, shirt"),
        ({"slot": "shirt", "hung": True}, "larger than the slot 'shirt'"),
    ],
)
def test_what_does_not_fit_is_said(registry: Registry, patch: str, named: dict[str, Any], message: str) -> None:
    if named.get("hung"):
        named = named | {"hung": patch}
    with pytest.raises(BadOption, match=message):
        feed_of(registry, options(**named), "stop-go")


def test_a_print_needs_a_world(registry: Registry, patch: str) -> None:
    with pytest.raises(BadOption, match="Say source=world"):
        feed_of(registry, WatchConfig(source="0", hung=patch), "stop-go")
