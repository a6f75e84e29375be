"""Axes of a grid that are named alone."""

from __future__ import annotations

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.axes_shorthand import only_these_axes

GRID, EVALUATE = (COMMANDS[name] for name in ("grid", "evaluate"))
WHOLE = "axes={distance_m:[8,5],yaw_deg:[0,30]}"


@pytest.mark.parametrize("typed", ["axes=distance_m", "axes=[distance_m]", "axes= distance_m"])
def test_axes_are_named_instead_of_emptied(typed: str) -> None:
    assert only_these_axes(GRID, ["seed=1", typed]) == ["seed=1", "only=[distance_m]"]
    assert only_these_axes(EVALUATE, [typed]) == [typed]
    assert only_these_axes(GRID, [WHOLE, "axes.distance_m=[5]"]) == [WHOLE, "axes.distance_m=[5]"]
    assert only_these_axes(GRID, ["axes=", "axes=[]"]) == ["axes=", "axes=[]"]
    assert only_these_axes(GRID, ["axes=[distance_m,yaw_deg]"]) == ["only=[distance_m,yaw_deg]"]
