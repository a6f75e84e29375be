"""Sentences about attacks on images."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from physadv.library.report.plain_words import shown

Content = Mapping[str, Any]

FILE = "perturb.json"  # of a run folder


def headline(content: Content) -> str:
    """One sentence: the attack that fools most, and what noise of the same size does."""
    best = max(content["arms"], key=lambda arm: score_of(arm, "success")["value"] or 0.0)
    success, noise = score_of(best, "success"), score_of(best, "noise success")
    pictures = f"{success['n']} picture{'' if success['n'] == 1 else 's'}"
    return (
        f"{words_of(best)} fools {content['victim']['name']} on {percent(success)} of the {pictures} it recognised; "
        f"random noise of the same size on {percent(noise)}."
    )


def said(content: Content) -> list[str]:
    """One line an attack, for the terminal."""
    lines = [f"{'clean':<28} recognised {shown(content['clean'][0])}"]
    for arm in content["arms"]:
        queries = arm["queries"] or {"mean": 0}
        size = arm["distances"][arm["norm"]]
        median = f", median {arm['norm']} {size['median']:.4g}" if size else ""
        lines.append(
            f"{words_of(arm):<28} success {shown(score_of(arm, 'success'))}, noise "
            f"{shown(score_of(arm, 'noise success'))}, robust {shown(score_of(arm, 'robust accuracy'))}{median}, "
            f"{queries['mean']:.0f} questions a picture{' to the surrogate' if arm['surrogate'] else ''}"
        )
    return lines


def words_of(arm: Mapping[str, Any]) -> str:
    """An attack with its bound."""
    size = f"{arm['norm']} {arm['told']}" if arm["eps"] is not None else f"smallest {arm['norm']}"
    return f"{arm['line']}, {size}"


def cautions(content: Content) -> list[str]:
    """Objections of a careful reader."""
    found = []
    clean = content["clean"][0]
    if clean["value"] is not None and clean["value"] < 0.5:
        found.append(
            f"The victim recognises only {percent(clean)} of the pictures without any attack: what is said of an "
            "attack rests on the others."
        )
    labels = {picture["label"] for picture in content["pictures"]}
    if len(labels) == 1 and content["victim"]["task"] == "classification" and len(content["pictures"]) > 1:
        found.append(f"All pictures show {next(iter(labels))!r}: an answer that never changes would be right on each.")
    alike = [words_of(arm) for arm in content["arms"] if _no_better_than_noise(arm)]
    if alike:
        found.append(f"Noise of the same size does as well within the intervals as {'; '.join(alike)}.")
    undone = [f"{percent(score_of(arm, 'success rounded'))} of {words_of(arm)}" for arm in content["arms"]
              if _undone_by_rounding(arm)]  # fmt: skip
    if undone:
        found.append(f"Rounded to 8 bits a colour, as files are, fewer pictures still fool: {'; '.join(undone)}.")
    found += [
        f"{line} does worse with a larger bound than with a smaller one: it is stuck." for line in _stuck(content)
    ]
    return found


def _undone_by_rounding(arm: Mapping[str, Any]) -> bool:
    success, rounded = score_of(arm, "success"), score_of(arm, "success rounded")
    return bool(success["value"] and rounded["value"] is not None and rounded["high"] < success["low"])


def _no_better_than_noise(arm: Mapping[str, Any]) -> bool:
    success, noise = score_of(arm, "success"), score_of(arm, "noise success")
    return bool(success["value"] and noise["value"] is not None and noise["high"] >= success["low"])


def score_of(arm: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One score of an attack."""
    found: dict[str, Any] = next(score for score in arm["scores"] if score["name"] == name)
    return found


def percent(score: Mapping[str, Any]) -> str:
    """ "87 %"; a dash where nothing was tried."""
    return "–" if score["value"] is None else f"{100 * score['value']:.0f} %"


def _stuck(content: Content) -> list[str]:
    """Attacks that do worse with a larger bound, beyond their intervals."""
    lines: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for arm in content["arms"]:
        if arm["eps"] is not None:
            lines.setdefault((arm["line"], arm["norm"]), []).append(arm)
    return [
        line for (line, _), arms in lines.items()
        if any(score_of(b, "success")["high"] < score_of(a, "success")["low"]
               for a, b in pairwise(arms))
    ]  # fmt: skip
