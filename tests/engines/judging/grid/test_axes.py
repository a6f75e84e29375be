"""The axes of a grid: which scenes can set which, and which options hold a cell's conditions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from physadv.app.config.schema import AxesConfig
from physadv.core.errors import BadOption
from physadv.engines.judging.grid.axes import AXES, cells, chosen_axes, held
from physadv.parts.render.options import EotConfig
from physadv.parts.scenes.options import CocoConfig, FolderConfig, RoadConfig


def test_cells_are_every_value_alone_and_every_pair_of_the_map() -> None:
    made = cells({"distance_m": [5.0, 8.0], "yaw_deg": [0.0]}, ("distance_m", "yaw_deg"))
    assert made == [
        (("distance_m", 5.0),), (("distance_m", 8.0),), (("yaw_deg", 0.0),),
        (("distance_m", 5.0), ("yaw_deg", 0.0)), (("distance_m", 8.0), ("yaw_deg", 0.0)),
    ]  # fmt: skip


def test_jpeg_quality_is_the_opposite_of_compression() -> None:
    assert AXES["jpeg_quality"].option(30.0) == 70.0


def settings(scenes: Any) -> dict[str, Any]:
    """The options of scenes and world as plain values."""
    return {"scenes": asdict(scenes), "eot": asdict(EotConfig())}


def able(scenes: Any, name: str, *asked: str) -> dict[str, list[float]]:
    """The axes that these scenes can set."""
    return chosen_axes(asdict(AxesConfig()), asked, settings(scenes), name)


def test_an_axis_that_the_scenes_lack_is_refused_with_its_remedy() -> None:
    with pytest.raises(BadOption, match=r"scenes=folder cannot set distance_m: .*scenes=road"):
        able(FolderConfig(), "folder", "distance_m")
    with pytest.raises(BadOption, match=r"scenes=coco cannot set yaw_deg: .*patch_yaw_deg"):
        able(CocoConfig(), "coco", "yaw_deg")
    with pytest.raises(BadOption, match=r"scenes=road cannot set patch_yaw_deg: there yaw_deg"):
        able(RoadConfig(), "road", "patch_yaw_deg")
    with pytest.raises(BadOption, match="Did you mean 'distance_m'"):
        able(CocoConfig(), "coco", "distnce_m")


def test_a_yaw_of_the_patch_alone_has_a_name_of_its_own() -> None:
    everything = able(CocoConfig(), "coco")
    assert "patch_yaw_deg" in everything
    assert "yaw_deg" not in everything
    drawn = able(RoadConfig(), "road")
    assert "yaw_deg" in drawn
    assert "patch_yaw_deg" not in drawn
    cell = (("distance_m", 10.0), ("patch_yaw_deg", 30.0))
    assert held(cell, settings(CocoConfig())) == {"scenes.distance_m": [10.0] * 2, "eot.jitter.yaw_deg": [30.0] * 2}
