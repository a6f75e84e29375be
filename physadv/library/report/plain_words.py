"""The result in plain words, with its interval, its control and what weakens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.core.labels import plural
from physadv.library.report.arms import control_names, score_named, with_role
from physadv.library.report.shares import in_percent

FEW = 30  # objects; below this the interval says more than the value

_NAMED = 3  # more labels than this are just objects

_DOES = {
    "dodge": ("dodges on {share} of the {things} that {victim} recognises without it", "dodges on {share}"),
    "impersonate": ("makes {victim} take {share} of the {things} for something else", "does so on {share}"),
    "hide": ("hides {share} of the {things} that {victim} sees without it", "hides {share}"),
    "alter": ("makes {victim} take {share} of the {things} it recognises for something else", "does so for {share}"),
    "conjure": ("makes {victim} report what is not there on {share} of the {things}", "does so on {share}"),
}
_OTHER = ("succeeds on {share} of the {things} against {victim}", "succeeds on {share}")


def amount(score: Mapping[str, Any] | None, *, percent: bool = True) -> str:
    """ "87 % [79, 92]"; a dash when there is nothing, a question mark for an end that is not known."""
    if not score or score["value"] is None:
        return "–"
    if percent:
        return f"{_whole(score['value'])} % [{_whole(score['low'])}, {_whole(score['high'])}]"
    value, low, high = (_decimal(score[k], _decimals(score)) for k in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def shown(score: Mapping[str, Any] | None) -> str:
    """A score as its name demands: shares in percent, the rest as decimal numbers."""
    return amount(score, percent=bool(score) and score is not None and in_percent(score["name"]))


def difference(row: Mapping[str, Any]) -> str:
    """ "+41 points [28, 53]" for shares, "-0.210 [-0.305, -0.118]" for the rest."""
    if row["value"] is None:
        return "–"
    if in_percent(row["score"]):
        return f"{100 * row['value']:+.0f} points [{_whole(row['low'])}, {_whole(row['high'])}]"
    return f"{'+' if row['value'] >= 0 else ''}{amount(row, percent=False)}"


def rounded(value: float) -> str:
    """Three digits, without an exponent where the number is at least a thousandth: "13 100", "0.0314"."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.3g}"


def _whole(value: float | None) -> str:
    return "?" if value is None else f"{round(100 * value) or 0:d}"  # no "-0"


def _decimals(score: Mapping[str, Any]) -> int:
    """Digits after the point: three for numbers up to 1, fewer for large ones; the same for value and ends."""
    largest = max(abs(v) for k in ("value", "low", "high") if (v := score[k]) is not None)
    return 3 if largest < 2 else 1 if largest < 1000 else 0


def _decimal(value: float | None, digits: int) -> str:
    return "?" if value is None else f"{value:,.{digits}f}".replace(",", "\u202f")


def success_under(victim: Mapping[str, Any], arm: str) -> Mapping[str, Any] | None:
    """A victim's success under an arm, or ``None`` when nothing could be tried."""
    found = next((c for c in victim["conditions"] if c["condition"] == arm), None)
    score = score_named(found["scores"], "success") if found else None
    return score if score and score["value"] is not None else None


_OF_PEOPLE = ("dodge", "impersonate")


def things(labels: Sequence[str]) -> str:
    """ "stop signs", "people", "buses and cars"."""
    few = labels if len(labels) <= _NAMED else ()
    return " and ".join(plural(label) for label in few) or "objects"


def headline(protocol: Mapping[str, Any], victim: Mapping[str, Any]) -> str:
    """One sentence: what the first patch does, what a grey one of the same size does, and what its rivals do."""
    named = protocol["goal"] in _OF_PEOPLE  # whose labels are names
    many, name = "faces" if named else things(protocol["labels"]), victim["name"]
    patches = with_role(victim, "patch")
    patch = success_under(victim, patches[0]["condition"]) if patches else None
    grey = success_under(victim, "grey")
    if patch is None:
        return f"Nothing could be measured: without any patch, {name} sees none of the {many}."
    first, second = _DOES.get(protocol["goal"], _OTHER)
    sentence = "The patch " + first.format(share=amount(patch), things=many, victim=name)
    if protocol["goal"] in ("alter", "impersonate") and protocol.get("target"):
        sentence = sentence.replace("for something else", f"for {protocol['target']}")
    clauses = [f"{sentence} (n = {patch['n']})"]
    if grey is not None:
        clauses.append(f"a plain grey patch of the same size {second.format(share=amount(grey))}")
    for rival in patches[1:]:
        clauses.append(f"{rival['condition']} {second.format(share=amount(success_under(victim, rival['condition'])))}")
    return f"{'; '.join(clauses)}."


def basis(protocol: Mapping[str, Any]) -> str:
    """ "Judged on 14 stop signs in 13 photos; the patch covers 0.32 of one's box; …"; empty where nobody noted it."""
    if protocol.get("photos") is None or protocol.get("smallest_px") is None:
        return ""
    many = things(protocol["labels"])
    covers = protocol.get("covers")
    clauses = [f"Judged on {protocol['objects']} {many} in {protocol['photos']} pictures"]
    if covers is not None:
        clauses.append(f"the patch covers {covers:.2g} of one's box")
    clauses.append(f"the smallest is {protocol['smallest_px']:.0f} px high")
    return f"{'; '.join(clauses)}."


def grid_caution(grid: Mapping[str, Any], minimum_n: int) -> list[str]:
    """The objection of a careful reader to the curves."""
    found = []
    counts = [s["n"] for c in grid.get("curves", ()) for s in c["scores"] if s and s["value"] is not None]
    if counts and min(counts) < minimum_n:
        found.append(
            f"Some points rest on few objects (the least: n = {min(counts)}). Hollow points and grey cells are below "
            f"{minimum_n}: read their intervals, not their values."
        )
    axes = {a["name"]: a["words"] for a in grid.get("axes", ())}
    too = [u for u in grid.get("usable", ()) if u["condition"] in control_names(grid) and u["low"] is not None]
    if too:
        named = ", ".join(dict.fromkeys(axes.get(u["axis"], u["axis"]) for u in too))
        found.append(f"A control reaches the limit too ({named}): there, covering alone may explain the effect.")
    return found
