"""Options of a judgement at other values: as dataclasses and as plain values alike."""

from __future__ import annotations

from dataclasses import asdict

from physadv.app.config.judging_options import JudgingOptions
from physadv.app.config.schema import JudgeConfig
from physadv.core.clip import ClipConfig
from physadv.engines.judging.options import ProtocolConfig
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig
from physadv.parts.scenes.options import RoadConfig


def options() -> JudgingOptions:
    scenes, eot = RoadConfig(), EotConfig()
    return JudgingOptions(
        name="grid", seed=0, progress=False, choices={"scenes": "road"}, scenes=scenes, eot=eot, ink=InkConfig(),
        victim=None, victims=(), defense=None, defenses=(), goal=None, judge=JudgeConfig(),
        protocol=ProtocolConfig(), clip=ClipConfig(),
        settings={"scenes": asdict(scenes), "eot": asdict(eot), "seed": 0},
    )  # fmt: skip


def test_a_condition_is_held_in_the_options_and_in_what_is_recorded_of_them() -> None:
    before = options()
    after = before.holding({"scenes.distance_m": [5.0, 5.0], "eot.jitter.yaw_deg": [30.0, 30.0]})
    assert after.scenes.distance_m == [5.0, 5.0]
    assert after.eot.jitter.yaw_deg == [30.0, 30.0]
    assert after.settings == {"scenes": asdict(after.scenes), "eot": asdict(after.eot), "seed": 0}
    assert before.scenes == RoadConfig()
    assert before.settings["eot"] == asdict(EotConfig())


def test_a_sign_wears_the_patch_by_its_name() -> None:
    assert (options().label, options().wearer) == ("stop", "stop sign")
