"""What varies in a preset is shown one stage at a time."""

from __future__ import annotations

from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig, OpticsConfig, PlaceConfig
from physadv.parts.render.single_stages import single_stages


def test_each_stage_that_varies_stands_alone_at_the_end_of_its_range() -> None:
    preset = EotConfig(
        place=PlaceConfig(x_mm=40.0),
        jitter=JitterConfig(yaw_deg=[-20.0, 30.0]),
        light=LightConfig(key_to_ambient=[0.0, 2.0], gloss=[0.0, 1.0]),
        optics=OpticsConfig(motion_px=[0.0, 3.0], motion_spread_deg=40.0),
    )
    stages = dict(single_stages(preset))
    names = ["jitter.yaw_deg 30", "light.key_to_ambient 2", "light.gloss 1", "optics.motion_px 3"]
    assert list(stages) == ["nothing varies", *names, "everything, drawn"]
    assert {stage.place.x_mm for stage in stages.values()} == {40.0}
    assert stages["jitter.yaw_deg 30"] == EotConfig(place=preset.place, jitter=JitterConfig(yaw_deg=[30.0, 30.0]))
    assert stages["light.gloss 1"].light.key_to_ambient == [2.0, 2.0]  # without light nothing shines
    assert stages["optics.motion_px 3"].optics == OpticsConfig(motion_px=[3.0, 3.0], motion_spread_deg=40.0)
    assert stages["everything, drawn"] is preset


def test_a_preset_in_which_nothing_varies_has_no_stage() -> None:
    assert [title for title, _ in single_stages(EotConfig())] == ["nothing varies", "everything, drawn"]
