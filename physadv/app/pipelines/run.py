"""From a composed configuration to a finished run folder."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import folder
from physadv.app.config.bounds import check_numbers
from physadv.app.config.choices import job_of_sweep
from physadv.app.config.early import check_late_options
from physadv.app.registry import Registry
from physadv.core.masking import MaskedFormatter

_PIPELINES = {
    "generate": "physadv.app.pipelines.generate:generate",
    "evaluate": "physadv.app.pipelines.evaluate:evaluate_command",
    "grid": "physadv.app.pipelines.grid:grid_command",
    "eot_preview": "physadv.app.pipelines.eot_preview:eot_preview",
    "watch": "physadv.app.pipelines.watch:watch_command",
    "train_detector": "physadv.app.pipelines.train_detector:train_command",
}
_WITHOUT_FOLDER = {
    "calibrate_colour": "physadv.app.pipelines.calibrate_colour:calibrate_colour",
    "calibrate_camera": "physadv.app.pipelines.calibrate_camera:calibrate_camera",
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
        from physadv.app.pipelines.sheet import make_sheet

        options: Any = OmegaConf.to_object(config)
        make_sheet(options, job_of_sweep())
        return None
    if command in _WITHOUT_FOLDER:
        module, _, name = _WITHOUT_FOLDER[command].partition(":")
        getattr(importlib.import_module(module), name)(OmegaConf.to_object(config))
        return None
    if command == "calibrate_eot":
        from physadv.app.pipelines.calibrate_eot import calibrate_eot

        calibrate_eot(config, Registry())
        return None
    module, _, name = _PIPELINES[command].partition(":")
    place = folder.choose(config)
    with folder.opened(place, config) as out:
        result: float | None = getattr(importlib.import_module(module), name)(config, Registry(), out)
    return result
