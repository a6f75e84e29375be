"""Sentences about closed loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.plain_words import amount

FILE = "drive.json"
RETURN = "return"

Row = Mapping[str, Any]


def told(score: Row | None) -> str:
    """ "87 % [79, 92]", "-0.21 [-0.3, -0.1]"; without an interval where too few episodes stand behind it."""
    if score is None or score["value"] is None:
        return "–"
    percent = bool(score.get("share"))
    if score["low"] is not None:
        return amount(score, percent=percent)
    value = f"{100 * score['value']:.0f} %" if percent else f"{score['value']:.3g}"
    return f"{value} (n = {score['n']})"


def changed(difference: Row | None) -> str:
    """ "-1.2 [-1.5, -0.9]": against no attack on the same episodes."""
    if difference is None or difference["value"] is None:
        return "–"
    sign = "+" if difference["value"] >= 0 else ""
    if difference["low"] is None:
        return f"{sign}{difference['value']:.3g} (n = {difference['n']})"
    return f"{sign}{difference['value']:.3g} [{difference['low']:.3g}, {difference['high']:.3g}]"


def score_of(row: Row, name: str) -> dict[str, Any] | None:
    """One measure of a row."""
    return next((score for score in row["scores"] if score["name"] == name), None)


def words_of(row: Row) -> str:
    """An arm with its size, and whose gradients made it."""
    size = f", {row['told']}" if row["told"] else ""
    source = f", from {row['source']}" if row["source"] else ""
    timed = f", {row['timed']}" if row["timed"] not in ("", "every step") else ""
    return f"{row['name']}{size}{timed}{source}"


def telling(content: Row) -> str:
    """The measure that says most: a share that the driver wants low, such as violations; else the return."""
    measures = content["worlds"][0]["measures"]
    return next((one["name"] for one in measures if one["share"] and one["better"] == "less"), RETURN)


def headline(content: Row) -> str:
    """The attack that does most harm to the first policy, and what its controls do."""
    rows = _first(content)
    clean = next(row for row in rows if row["role"] == "clean")
    name = telling(content)
    attacks = [row for row in rows if row["role"] == "attack" and _value(row, name) is not None]
    if not attacks:
        return f"{clean['policy']} in {clean['world']} without an attack: {name} {told(score_of(clean, name))}."
    worst = (min if name == RETURN else max)(attacks, key=lambda row: _value(row, name) or 0.0)
    controls = [f"{row['name']} {told(score_of(row, name))}" for row in controls_of(rows, worst)]
    return (
        f"{words_of(worst)}: {name} of {worst['policy']} {told(score_of(worst, name))}; no attack "
        f"{told(score_of(clean, name))}{''.join(f', {one}' for one in controls)}."
    )


def controls_of(rows: Sequence[Row], attack: Row) -> list[Row]:
    """The controls that stand beside an attack, in the same world and of the same policy."""
    same = [row for row in rows if row["role"] == "control" and row["means"] == attack["means"]
            and row["told"] == attack["told"]]  # fmt: skip
    return [row for row in same if (row["policy"], row["world"]) == (attack["policy"], attack["world"])]


def said(content: Row) -> list[str]:
    """One line an arm, for the terminal."""
    lines = []
    for row in content["rows"]:
        scores = ", ".join(f"{score['name']} {told(score)}" for score in row["scores"] if score["value"] is not None)
        where = f"{row['policy']} in {row['world']}: " if _several(content) else ""
        attacked = f"; {100 * row['attacked']:.0f} % of the steps attacked" if row["means"] == "noise" else ""
        lines.append(f"{where}{words_of(row)}: {scores}{attacked}")
    return lines


def cautions(content: Row) -> list[str]:
    """Objections of a careful reader."""
    found = [
        f"Incomplete: {policy['name']} was attacked only with the gradients of another policy, which says nothing of "
        "how well it withstands its own. Add threat=[white,transfer]."
        for policy in content["policies"] if policy["incomplete"]
    ]  # fmt: skip
    few = [row["scores"][0]["n"] for row in content["rows"] if row["role"] == "clean"]
    if few and min(few) < content["minimum_seeds"]:
        found.append(
            f"Only {min(few)} episodes: below {content['minimum_seeds']} no interval is quoted, for without luck in "
            "the starts episodes are alike."
        )
    name = telling(content)
    alike = [words_of(row) for row in _first(content) if row["role"] == "attack" and _no_better(content, row, name)]
    if alike:
        found.append(f"A control of the same size does as much harm within the intervals as {'; '.join(alike)}.")
    still = [row["policy"] for row in content["rows"] if row["role"] == "clean" and _bad_without(row, name)]
    if still:
        found.append(f"{still[0]} does badly without any attack: what is said of attacks on it means little.")
    return found


def _first(content: Row) -> list[Row]:
    first = content["rows"][0]
    return [row for row in content["rows"] if (row["policy"], row["world"]) == (first["policy"], first["world"])]


def _several(content: Row) -> bool:
    return len(content["policies"]) > 1 or len(content["worlds"]) > 1


def _value(row: Row, name: str) -> float | None:
    score = score_of(row, name)
    return None if score is None else score["value"]


def _no_better(content: Row, attack: Row, name: str) -> bool:
    """Whether a control's interval reaches the attack's."""
    own = score_of(attack, name)
    if own is None or own["low"] is None:
        return False
    for row in controls_of(content["rows"], attack):
        score = score_of(row, name)
        if score is None or score["low"] is None:
            continue
        reaches = score["low"] <= own["high"] if name == RETURN else score["high"] >= own["low"]
        if reaches:
            return True
    return False


def _bad_without(row: Row, name: str) -> bool:
    value = _value(row, name)
    return name != RETURN and value is not None and value > 0.5
