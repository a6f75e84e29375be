"""The result in plain words, with its interval, its control and what weakens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FEW = 30  # objects; below this the interval says more than the value

_DOES = {
    "hide": ("hides {share} of the {things} that {victim} sees without it", "hides {share}"),
    "alter": ("makes {victim} take {share} of the {things} it recognises for something else", "does so for {share}"),
    "conjure": ("makes {victim} report what is not there on {share} of the {things}", "does so on {share}"),
}
_OTHER = ("succeeds on {share} of the {things} against {victim}", "succeeds on {share}")


def amount(score: Mapping[str, Any] | None, *, percent: bool = True) -> str:
    """ "87 % [79, 92]"; a dash when there is nothing."""
    if not score or score["value"] is None:
        return "–"
    if not percent:
        return f"{score['value']:.3f} [{_or_unknown(score['low'], '.3f')}, {_or_unknown(score['high'], '.3f')}]"
    return f"{100 * score['value']:.0f} % [{100 * score['low']:.0f}, {100 * score['high']:.0f}]"


def _or_unknown(value: float | None, form: str) -> str:
    return "?" if value is None else format(value, form)


def score_named(scores: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The score of that name, or ``None``."""
    return next((score for score in scores if score["name"] == name), None)


def success_under(victim: Mapping[str, Any], condition: str) -> Mapping[str, Any] | None:
    """A victim's success under a condition, or ``None`` when nothing could be tried."""
    found = next((c for c in victim["conditions"] if c["condition"] == condition), None)
    score = score_named(found["scores"], "success") if found else None
    return score if score and score["value"] is not None else None


def things(labels: Sequence[str]) -> str:
    """ "stop signs", "people", "buses and cars"."""
    return " and ".join(_plural(label) for label in labels) or "objects"


def _plural(label: str) -> str:
    if label == "person":
        return "people"
    return label + ("es" if label.endswith(("s", "x", "ch", "sh")) else "s")


def headline(protocol: Mapping[str, Any], victim: Mapping[str, Any]) -> str:
    """One sentence: what the patch does, and what a grey one of the same size does."""
    many, name = things(protocol["labels"]), victim["name"]
    patch, grey = success_under(victim, "patch"), success_under(victim, "grey")
    if patch is None:
        return f"Nothing could be measured: without any patch, {name} sees none of the {many}."
    first, second = _DOES.get(protocol["goal"], _OTHER)
    sentence = "The patch " + first.format(share=amount(patch), things=many, victim=name)
    if grey is None:
        return f"{sentence}."
    return f"{sentence}; a plain grey patch of the same size {second.format(share=amount(grey))}."


def caution(protocol: Mapping[str, Any], victims: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a careful reader would object."""
    found = []
    for victim in victims:
        patch = success_under(victim, "patch")
        if patch is None:
            continue
        name, controls = victim["name"], [success_under(victim, c) for c in ("grey", "random")]
        if patch["n"] < FEW:
            found.append(f"{name}: only n = {patch['n']} objects. Read the intervals, not the values.")
        highest = max((c["high"] for c in controls if c), default=0.0)
        if patch["low"] <= highest:
            found.append(f"{name}: the interval overlaps that of a control, so covering alone may explain the effect.")
    if protocol.get("truth_from", "annotations") != "annotations":
        found.append(
            f"There are no annotations: the objects are what {protocol['truth_from']} reports in the clean images, so "
            "average precision and recall measure change, not correctness."
        )
    return found
