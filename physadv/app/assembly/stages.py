"""The way from the screen to the street, as the options of a judgement ask for it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from physadv.app.assembly import parts
from physadv.app.config.judging_options import JudgingOptions
from physadv.core.errors import BadOption
from physadv.core.scene_protocols import RendersItself
from physadv.engines.judging.rungs import rungs
from physadv.engines.judging.trial import Trial


def on_the_way(trial: Trial, options: JudgingOptions) -> Trial:
    """The trial with all worlds between screen and street. Raises :class:`BadOption` where there is no such way."""
    if options.protocol.digital:
        raise BadOption("stages=true leads from the screen to the street, and protocol.digital=true stays on the "
                        "screen. Leave one of the two out.")  # fmt: skip
    if isinstance(trial.scenes, RendersItself):
        raise BadOption(
            f"stages=true takes the stages of eot= apart, and scenes={options.choices['scenes']} renders by itself. "
            "Choose scenes of photos, or drawn ones such as scenes=street."
        )
    build = partial(parts.renderer, quality=options.judge.quality)
    return replace(trial, rungs=rungs(options.eot, parts.ink(options.ink), build))
