"""``defenses.csv``: the table of defences for spreadsheets, one line a score."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = (
    "victim", "defense", "kinds", "attack", "of", "evasion", "seed", "queries", "score", "value", "low", "high", "n",
    "clean_cost_AP50", "clean_cost_AP50_low", "clean_cost_AP50_high", "clean_cost_recall", "clean_cost_recall_low",
    "clean_cost_recall_high", "latency_ms", "latency_ratio", "incomplete", "suspect",
)  # fmt: skip


def defenses_csv(table: Mapping[str, Any]) -> str:
    """Every score of every attack on every victim behind its defences."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(line for row in table["rows"] for line in _lines(row))
    return stream.getvalue()


def _lines(row: Mapping[str, Any]) -> Iterator[list[Any]]:
    cost = row["clean_cost"] or {}
    lost = [(cost.get(name) or {}).get(end) for name in ("AP50", "recall") for end in ("value", "low", "high")]
    about = [
        *(_number(value) for value in (*lost, row["latency_ms"], row["latency_ratio"])),
        row["incomplete"], " and ".join(row["suspect"]),
    ]  # fmt: skip
    for attack, cell in row["cells"].items():
        if cell is None:
            continue
        made = [cell["of"], *("" if cell[key] is None else cell[key] for key in ("evasion", "seed", "queries"))]
        for name, score in cell["scores"].items():
            numbers = [_number(score[key]) for key in ("value", "low", "high")]
            yield [
                row["victim"], row["defense"], "+".join(row["kinds"]), attack, *made, name, *numbers, score["n"],
                *about,
            ]  # fmt: skip


def _number(value: float | None) -> Any:
    return "" if value is None else round(value, 6)
