"""What may change of ``adaptive.*`` when a table of defences goes on: attacks may be added, none is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from physadv.core.errors import BadOption

_MAY_GROW = "restarts and queries may be raised, lambdas added, and adaptive=true set"


def expect_only_more(folder: Path, before: Any, now: Any) -> None:
    """Refuse other attacks than those of the run, and some more.

    ``before`` and ``now`` are the options below ``adaptive``; of a command without them, or an older run, anything.
    """
    if not isinstance(before, dict) or not isinstance(now, dict):
        return
    changed = [key for key in now if not _only_more(key, before.get(key), now[key], was_on=before.get("on") is True)]
    if changed:
        told = ", ".join(f"adaptive.{key} from {before.get(key)} to {now[key]}" for key in changed)
        raise BadOption(
            f"{folder} was started with other attacks, and a table that goes on can only get more of them: {told}. "
            f"{_MAY_GROW[0].upper()}{_MAY_GROW[1:]}; for anything else start afresh with another out="
        )


def _only_more(key: str, before: Any, now: Any, *, was_on: bool) -> bool:
    if not was_on or before == now:
        return True
    if key == "lambdas":
        return set(before) <= set(now)
    if key in ("restarts", "queries"):
        return bool(now >= before)
    return False
