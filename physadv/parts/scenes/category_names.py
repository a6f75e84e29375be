"""Categories that mean the same, and the one that a user means."""

from __future__ import annotations

from collections import Counter

from physadv.core.errors import BadOption
from physadv.core.labels import nearest, plain, rows_of
from physadv.parts.scenes.remarks import Remarks

_ALIKE = "category name(s) differ only in case, blanks or form and count as one"


def joined(names: list[str], used: list[int], remarks: Remarks) -> tuple[tuple[str, ...], list[int]]:
    """Categories without doubles, and for each old row its new one. ``used`` holds the row of every mark.

    Roboflow's exports begin with a parent category that may be named like the class itself; merged sets repeat theirs.
    The spelling with most marks stays.
    """
    marks = Counter(used)
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(plain(name), []).append(row)
    kept: list[str] = []
    new_row = [0] * len(names)
    for rows in groups.values():
        best = max(rows, key=lambda row: (marks[row], -row))
        for row in rows:
            new_row[row] = len(kept)
            if names[row] != names[best] and marks[row]:
                remarks.add(_ALIKE, f"{names[row]!r} and {names[best]!r}")
        kept.append(names[best])
    return tuple(kept), new_row


def label_among(label: str, categories: tuple[str, ...], where: str) -> int:
    """The row of ``label``, whatever its spelling; its own word before a synonym.

    Raises :class:`BadOption` where none or several are meant.
    """
    rows = rows_of(label, categories)
    if len(rows) == 1:
        return rows[0]
    if rows:
        meant = " or ".join(repr(categories[row]) for row in rows)
        raise BadOption(f"label {label!r} may mean {meant} in {where}. Set scenes.label to one of them.")
    near = nearest(label, categories)
    hint = f" Did you mean {near!r:.80}?" if near else ""
    more = f", … ({len(categories)} in all)" if len(categories) > 12 else ""
    listed = ", ".join(name[:60] for name in categories[:12]) or "none"
    raise BadOption(f"label {label!r} is not a category of {where}.{hint} It has: {listed}{more}.")
