"""From a composed configuration to a finished run folder."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.config.bounds import check_numbers
from physadv.config.early import check_late_options
from physadv.masking import MaskedFormatter
from physadv.pipelines import folder
from physadv.registry import Registry

_PIPELINES = {
    "generate": "physadv.pipelines.generate:generate",
    "evaluate": "physadv.pipelines.evaluate_command:evaluate_command",
    "grid": "physadv.pipelines.grid_command:grid_command",
    "eot_preview": "physadv.pipelines.eot_preview:eot_preview",
    "watch": "physadv.pipelines.watch_command:watch_command",
    "train_detector": "physadv.pipelines.train_command:train_command",
}
_WITHOUT_FOLDER = {
    "calibrate_colour": "physadv.pipelines.calibrate_colour:calibrate_colour",
    "calibrate_camera": "physadv.pipelines.calibrate_camera:calibrate_camera",
}
"""Commands that write the files they are told to, and no run folder."""


def run_command(command: str, config: DictConfig) -> float | None:
    """Run one job; returns a number that a sweeper can minimise, where there is one."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(MaskedFormatter("%(message)s"))
    for chatty in ("matplotlib", "PIL", "faster_coco_eval", "pikepdf", "hydra", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    check_numbers(OmegaConf.to_container(config, resolve=False))
    check_late_options(config)
    if command == "sheet":
        from physadv.pipelines.sheet import make_sheet

        options: Any = OmegaConf.to_object(config)
        make_sheet(options)
        return None
    if command in _WITHOUT_FOLDER:
        module, _, name = _WITHOUT_FOLDER[command].partition(":")
        getattr(importlib.import_module(module), name)(OmegaConf.to_object(config))
        return None
    if command == "calibrate_eot":
        from physadv.pipelines.calibrate_eot import calibrate_eot

        calibrate_eot(config, Registry())
        return None
    module, _, name = _PIPELINES[command].partition(":")
    place = folder.choose(config)
    with folder.opened(place, config) as out:
        result: float | None = getattr(importlib.import_module(module), name)(config, Registry(), out)
    return result
