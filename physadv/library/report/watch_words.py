"""A film's outcome in words: the headline, what it assumes, and where the evidence speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.plain_words import amount, difference, things

Json = Mapping[str, Any]
MANY = 0.1  # of the frames counted as success: from here a doubt is said aloud
_ALIKE = 0.12  # a report that differs by less from the expected box speaks for no other size


def headline(content: Json) -> str:
    """The print's effect beside its digital self and the controls, and on what assumption; one or two sentences."""
    victim = content["victims"][0]
    found = {c["condition"]: c["success"] for c in victim["conditions"]}
    frames, many = counted(content["frames"]), things([content["object"]])
    if found and not victim["sighted"]:
        return (
            f"Nothing could be measured: {victim['name']} reports no {content['object']} in any of {frames}, so "
            "nothing shows that it would see this one without the print. Film it without the print, or with the grey "
            "page."
        )
    if not found:
        return _without_success(content, victim, frames, many)
    unsure = {row["condition"]: row for row in victim["doubts"] if _many(row)}
    parts = ", ".join(
        f"{name} {amount(score)}{_weakened(score['n'], content['frames'], unsure.get(name))}"
        for name, score in found.items()
    )
    gap = victim["gap"] and victim["gap"]["all"]
    said = f"; patch minus print {difference(gap)}" if gap else ""
    tried = any(c["role"] == "patch" for c in victim["conditions"])
    begins = "Success" if tried else "Controls alone, no patch: success"
    return f"{begins} ({content['goal']}) against {victim['name']} in {frames}: {parts}{said}.{_assumed(content)}"


def counted(frames: int) -> str:
    """ "1 frame", "24 frames"."""
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _without_success(content: Json, victim: Json, frames: str, many: str) -> str:
    if not content["frames"]:
        return "Nothing could be measured: there was no frame."
    seen = f"{victim['name']} reports {many} in {victim['reported']} of {frames}"
    if not any(view != "as filmed" for view in content["views"]):
        return f"{seen}. There was no patch, on paper or laid over, so there is no success to count."
    return f"Nothing could be measured: {seen}, and in none is one found where a patch was tried."


def _assumed(content: Json) -> str:
    """The size and place that the headline hangs on, where tags say where the object is."""
    if not content.get("posed") or not content.get("object_mm"):
        return ""
    return f" Assumed: a {content['object']} of {assumption(content)}."


def assumption(content: Json) -> str:
    """ "750 × 750 mm, with the print 0 mm right of and 40 mm below its centre"."""
    (width, height), (x, y) = content["object_mm"], content["board_at_mm"]
    across = f"{abs(x):.0f} mm {'right' if x >= 0 else 'left'} of"
    down = f"{abs(y):.0f} mm {'below' if y >= 0 else 'above'}"
    at = "in its middle" if round(x) == round(y) == 0 else f"{across} and {down} its centre"
    return f"{width:.0f} × {height:.0f} mm, with the print {at}"


def said_aloud(content: Json) -> list[str]:
    """Evidence against the headline: for the terminal too, not for the page alone."""
    return [text for v in content["victims"] if v["sighted"] for text in doubts(content, v["name"], v["doubts"])]


def doubts(content: Json, victim: str, rows: Sequence[Json]) -> list[str]:
    """One sentence an arm whose successes the reports speak against; empty where few do.

    ``content`` has ``object``, and ``object_mm`` and ``board_at_mm`` where tags say where the object is.
    """
    return [_doubt(content, victim, row) for row in rows if _many(row)]


def _many(row: Json) -> bool:
    return bool(row["doubtful"] >= MANY * row["successes"])


def _weakened(n: int, frames: int, row: Json | None) -> str:
    """In how many frames it counted, where that is not all, and how many successes are in doubt."""
    said = [f"n = {n}"] if n != frames else []
    said += [f"in doubt: {row['doubtful']} of {row['successes']}"] if row else []
    return f" ({', '.join(said)})" if said else ""


def _doubt(content: Json, victim: str, row: Json) -> str:
    label = content["object"]
    said = (
        f"In {row['doubtful']} of {counted(row['successes'])} counted as success ({row['condition']}), "
        f"{victim} does report a {label}, at up to {row['score']:.2f}, "
    )
    if not content.get("object_mm"):
        return said + "with a box that overlaps the right one by less than the goal's IoU: it is moved, not hidden."
    return (
        said + "over the print or overlapping the box where it is expected. Is the assumption right, a "
        f"{label} of {assumption(content)}?{_remedy(content, row)}"
    )


def _remedy(content: Json, row: Json) -> str:
    """Size and place that fit the reports, where they differ from the assumed ones by more than a detector's jitter."""
    (width, height), (x, y) = content["object_mm"], content["board_at_mm"]
    size = [_rounded(width * row["wide"]), _rounded(height * row["high"])]
    at = [_rounded(x - row["right"] * width), _rounded(y - row["below"] * height)]
    off = max(abs(row["wide"] - 1), abs(row["high"] - 1), abs(row["right"]), abs(row["below"]))
    if off < _ALIKE:
        return ""
    return f" The reports fit object_mm=[{size[0]},{size[1]}] board_at_mm=[{at[0]},{at[1]}]: measure the object."


def _rounded(value_mm: float) -> int:
    return round(value_mm / 10) * 10
