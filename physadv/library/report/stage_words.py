"""The way from the screen to the street in words: what is left of the effect, and which stage takes most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.library.report.plain_words import amount, difference


def stage_lines(scores: Mapping[str, Any]) -> list[str]:
    """A line for every victim; none where the stages were not judged."""
    return [f"{way['victim']}: {stage_line(way)}" for way in scores.get("stages", ())]


def stage_line(way: Mapping[str, Any]) -> str:
    """From the screen to the street, the step down that costs most, and what helps most when left out."""
    screen, street = way["added"][0], way["added"][-1]
    if screen["success"]["patch"]["value"] is None:
        return "nothing is seen without the patch both on the screen and in the street, so nothing can be lost"
    ends = [
        f"{amount(end['success']['patch'], percent=True)} (grey {amount(end['success']['grey'], percent=True)})"
        for end in (screen, street)
    ]
    steepest = min(way["added"][1:], key=lambda row: row["change"]["patch"]["value"])
    dearest = max(way["left_out"], key=lambda row: row["change"]["patch"]["value"])
    return (
        f"success {ends[0]} on the screen, {ends[1]} with all stages; the largest step down is {steepest['stage']}, "
        f"{difference(steepest['change']['patch'])}; left out alone, {dearest['stage']} gives back most, "
        f"{difference(dearest['change']['patch'])}"
    )
