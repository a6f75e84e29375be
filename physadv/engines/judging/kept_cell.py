"""A judged cell, read back from its file, so that what was stopped goes on."""

from __future__ import annotations

import logging
from collections.abc import Set
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.runs.options import read_object

logger = logging.getLogger(__name__)


def kept_cell(file: Path, keys: Set[str]) -> dict[str, Any] | None:
    """The cell; ``None`` where it has to be judged: there is no file, it is damaged, or lacks one of the ``keys``."""
    if not file.exists():
        return None
    try:
        content = read_object(file)
    except BadInput as error:
        logger.warning("%s The cell is judged again.", error)
        return None
    return content if content.keys() >= keys else None
