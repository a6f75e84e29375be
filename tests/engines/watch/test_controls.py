"""Keys and buttons change what they say."""

from __future__ import annotations

import pytest

from physadv.engines.watch.controls import Controls


def test_keys_change_what_they_say() -> None:
    controls = Controls(overlay=True, victims=2)
    for command in ("pause", "overlay", "boxes", "detector", "snapshot", "snapshot", "more", "more", "less"):
        assert controls.press(command)
    assert (controls.paused, controls.overlay, controls.boxes, controls.shown) == (True, False, False, 1)
    assert controls.snapshot_wanted()
    assert not controls.snapshot_wanted()
    assert controls.moved(0.5) == pytest.approx(0.55)
    assert controls.moved(0.55) == 0.55
    assert not controls.press("reformat")


def test_without_a_patch_the_overlay_cannot_be_switched_on() -> None:
    controls = Controls(overlay=False, can_overlay=False)
    controls.press("overlay")
    assert not controls.overlay
