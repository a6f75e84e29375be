"""The first minute with a camera: who names nothing but the camera sees a person detector, and a print that it misses.

``watch source=0`` becomes ``watch source=0 victim=person-nano patch=demo``. As soon as anything is named that says what
is to be watched, nothing is added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from physadv.app.commands import Command
from physadv.app.config.typed import key_and_value, text_of

FIRST = ("victim=person-nano", "patch=demo")
_CAMERA = re.compile(r"\d+|/dev/video\d+|demo")
_NAMED = frozenset({"patch", "width_mm", "board", "measured_bar_mm", "object", "object_mm", "board_at_mm", "victim",
                    "victims", "goal", "experiment", "hung"})  # fmt: skip


def first_minute(command: Command, typed: Sequence[str]) -> list[str]:
    """The options, with victim and print where only a camera or the drawn film was named."""
    given = {key: text_of(value) for key, value in map(key_and_value, typed)}
    asked = {key.partition(".")[0] for key in given} & _NAMED
    if command.words != "watch" or asked or not _CAMERA.fullmatch(given.get("source", "").strip()):
        return list(typed)
    return [*typed, *FIRST]
