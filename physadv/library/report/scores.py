"""``scores.json`` for programs and ``scores.csv`` for spreadsheets: the same numbers, each with n and interval."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from physadv.library.files.plain_json import plain

FORMAT = 1  # of scores.json and grid.json
COLUMNS = ("victim", "condition", "score", "by", "from", "to", "value", "low", "high", "n", "higher_is")


def scores_json(scores: dict[str, Any]) -> str:
    """JSON without NaN: what could not be measured is ``null``, and so is an open upper end of a bin."""
    return json.dumps({"format": FORMAT, **plain(scores)}, indent=1, allow_nan=False, ensure_ascii=False)


def scores_csv(scores: dict[str, Any]) -> str:
    """One row a score. ``by``, ``from`` and ``to`` are empty for scores over all objects.

    A paired difference has ``by`` "minus" and the other arm in ``from``.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(plain(scores)))
    return stream.getvalue()


def _rows(scores: dict[str, Any]) -> Iterator[list[Any]]:
    for victim in scores["victims"]:
        for arm in victim["conditions"]:
            groups = [("", "", "", [*arm["scores"], *arm.get("distances", ())])]
            groups += [(b["by"], b["low"], b["high"], b["scores"]) for b in arm["bins"]]
            groups += [("minus", d["minus"], "", [d | {"name": d["score"]}]) for d in arm.get("differences", ())]
            for by, low, high, found in groups:
                for score in found:
                    yield [
                        victim["name"], arm["condition"], score["name"], by, low, "" if high is None else high,
                        *("" if score[k] is None else round(score[k], 6) for k in ("value", "low", "high")),
                        score["n"], score["higher_is"],
                    ]  # fmt: skip
