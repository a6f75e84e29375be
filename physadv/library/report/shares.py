"""The scores that are shares of objects or pictures: they are shown in percent."""

from __future__ import annotations

SHARES = {
    "success", "targeted success", "recall", "robust accuracy", "share", "alarms", "false alarms", "certified",
    "clean accuracy", "noise success", "noise accuracy", "success rounded",
}  # fmt: skip


def in_percent(name: str) -> bool:
    """Whether a score of that name is a share."""
    return name in SHARES
