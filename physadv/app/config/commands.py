"""Commands, their options, and the kinds of part they choose. Imports neither hydra nor torch."""

from __future__ import annotations

from physadv.app.config.calibrate_eot_options import CalibrateEotConfig
from physadv.app.config.calibrate_options import CalibrateCameraConfig, CalibrateColourConfig
from physadv.app.config.schema import EvaluateConfig, GenerateConfig, GridConfig, PreviewConfig, TrainDetectorConfig
from physadv.app.config.sheet_options import SheetConfig
from physadv.app.config.watch_options import WatchConfig

GROUPS = {"scenes": "scenes", "patch": "patches", "victim": "victims", "goal": "goals", "attack": "attacks"}
"""Config group → kind of part."""

COMMANDS = {
    "generate": GenerateConfig,
    "evaluate": EvaluateConfig,
    "grid": GridConfig,
    "sheet": SheetConfig,
    "watch": WatchConfig,
    "calibrate_colour": CalibrateColourConfig,
    "calibrate_camera": CalibrateCameraConfig,
    "calibrate_eot": CalibrateEotConfig,
    "eot_preview": PreviewConfig,
    "train_detector": TrainDetectorConfig,
}
"""Command → schema of its options."""

PARTS = {
    "generate": tuple(GROUPS),
    "evaluate": ("scenes", "victim", "goal"),
    "grid": ("scenes", "victim", "goal"),
    "calibrate_eot": ("scenes", "victim", "goal"),
    "eot_preview": ("scenes", "victim"),
    "watch": ("victim", "goal"),
}
"""Command → the config groups it chooses parts from."""


def penalty_key(name: str) -> str:
    """The config key of a penalty: "acme/ink-cost" is set by ``penalties.acme_ink_cost.weight=``."""
    return name.replace("/", "_").replace("-", "_")
