"""The page of a film: where the print works, how it compares with its digital self, and how steadily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from physadv.atomic import write_text
from physadv.errors import BadInput
from physadv.report import record
from physadv.report.heat import Side, heat
from physadv.report.html import filled
from physadv.report.plot import Plot
from physadv.report.points import Groups, one_bar_a_condition, points
from physadv.report.words import amount, difference

FILE = "report.html"
SUMMARY = "summary.json"


def write_watch_report(folder: Path) -> Path:
    """Make ``report.html`` from the ``summary.json`` of a run folder."""
    content = record.read_json(folder / SUMMARY)
    if not content:
        raise BadInput(f"{str(folder)!r} holds no {SUMMARY}, so there is nothing to report. Name a folder of watch.")
    run = record.read(folder)
    try:
        html = filled("watch.html.j2", _content(content, run))
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(f"{folder / SUMMARY} is not one that this version writes: {error}. Watch again.") from error
    return write_text(folder / FILE, html)


def headline(content: Mapping[str, Any]) -> str:
    """One sentence: what the print did, beside its digital self and the controls."""
    victim = content["victims"][0]
    found = {c["condition"]: c["success"] for c in victim["conditions"]}
    frames = f"{content['frames']} frames"
    if not found:
        return f"Nothing could be measured in {frames}: neither a print nor a {content['object']} was found."
    parts = [f"{name} {amount(score)}" for name, score in found.items()]
    gap = victim["gap"] and victim["gap"]["all"]
    said = f"; overlay minus print {difference(gap)}" if gap else ""
    return f"Success ({content['goal']}) against {victim['name']} in {frames}: {', '.join(parts)}{said}."


def cautions(content: Mapping[str, Any]) -> list[str]:
    """What a careful reader would object."""
    found = []
    if not content["posed"]:
        found.append(
            "No tags were found, so distance and angle are not known, and the object is expected where the detector "
            "last reported it: what it never reports is not counted. Film a sheet with tags to measure a print."
        )
    elif content["ambiguous"] > content["posed"] / 10:
        found.append(
            f"In {content['ambiguous']} of {content['posed']} frames the tilt could be mirrored (small or frontal "
            "print): read yaw without its sign there."
        )
    if content["posed"] and str(content["camera"]).startswith("guess"):
        found.append(f"The camera is a {content['camera']}: distances are wrong by as much as that is. Calibrate it.")
    found += [text for victim in content["victims"] if (text := _control_caution(victim))]
    if content["ended"] == "the source died":
        found.append(f"The source died before its end: {content['reason']}")
    if content["dropped"]:
        found.append(f"{content['dropped']} frames of the source were passed over, because looking took longer.")
    return found


def _control_caution(victim: Mapping[str, Any]) -> str:
    """Where a control does as much as the patch; empty where none does."""
    controls = [c for c in victim["conditions"] if c["role"] == "control"]
    highest = max(controls, key=lambda c: c["success"]["high"], default=None)
    same = [c["condition"] for c in victim["conditions"]
            if highest and c["role"] == "patch" and 0 < c["success"]["low"] <= highest["success"]["high"]]  # fmt: skip
    if highest is None or not same:
        return ""
    return (
        f"{victim['name']}: {highest['condition']} does about as much as {' and '.join(same)}, so covering the object "
        "(the white of the board included) may explain the effect."
    )


def _content(content: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    few = int(content["minimum_n"])
    return {
        "name": content["name"], "made": str(run.get("made", ""))[:16].replace("T", " "),
        "headline": headline(content), "cautions": cautions(content), "minimum_n": few, "content": content,
        "victims": [_victim(victim, content, few) for victim in content["victims"]],
        "provenance": _provenance(content, run), "versions": run.get("environment", {}).get("packages", {}),
    }  # fmt: skip


def _victim(victim: Mapping[str, Any], content: Mapping[str, Any], few: int) -> dict[str, Any]:
    found = {c["condition"]: c["success"] for c in victim["conditions"]}
    return {
        "name": victim["name"],
        "bars": one_bar_a_condition(f"success against {victim['name']}", "success", found, minimum_n=few)
        if found else None,
        "curves": [plot for by, words in (("distance", content["distance_words"]), ("yaw", content["yaw_words"]))
                   if (plot := _curve(victim, by, words, few))],
        "maps": [plot for c in victim["conditions"] if (plot := _map(c, victim["name"], content, few))],
        "gap": victim["gap"],
        "gap_rows": _gap_rows(victim["gap"], content),
        "steadiness": victim["steadiness"],
    }  # fmt: skip


def _curve(victim: Mapping[str, Any], by: str, words: Sequence[str], few: int) -> Plot | None:
    series = {c["condition"]: c[f"by_{by}"] for c in victim["conditions"] if any(c[f"by_{by}"])}
    if not words or not series:
        return None
    title = f"success by {by} against {victim['name']}"
    return points(title, "success", Groups(by, words, counted=False), series, minimum_n=few)


def _map(condition: Mapping[str, Any], victim: str, content: Mapping[str, Any], few: int) -> Plot | None:
    if not any(cell for row in condition["cells"] for cell in row):
        return None
    x, y = Side("distance", content["distance_words"]), Side("yaw", content["yaw_words"])
    title = f"{condition['condition']}: success by distance and yaw, {victim}"
    return heat(title, "success", x, y, condition["cells"], minimum_n=few)


def _gap_rows(gap: Mapping[str, Any] | None, content: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Distance, yaw, difference: every cell with a frame."""
    if not gap:
        return []
    rows = [("all", "all", gap["all"])]
    rows += [(word, "all", cell) for word, cell in zip(content["distance_words"], gap["by_distance"], strict=True)]
    rows += [
        (distance, yaw, cell)
        for yaw, row in zip(content["yaw_words"], gap["cells"], strict=True)
        for distance, cell in zip(content["distance_words"], row, strict=True)
    ]
    return [row for row in rows if row[2]]


def _provenance(content: Mapping[str, Any], run: Mapping[str, Any]) -> list[tuple[str, str]]:
    times, lag = content["times"], content["lag_s"]
    rows = [
        ("source", f"{content['source']}{', live' if content['live'] else ''}; {content['ended']}"),
        ("object", content["object"] + _size(content)),
        ("goal", content["goal"]),
        ("camera", content["camera"]),
        ("patch", content["patch"]), ("sheet", content["boards"]),
        *((f"victim {v['name']}", f"sha256 {v['digest']}, reports from {v['confidence']:g}")
          for v in content["victims_asked"]),
        ("frames", f"{content['frames']}, of which {content['posed']} show the print's tags; "
                   f"{content['dropped']} passed over"),
        ("speed", f"{times['fps']:.1f} frames a second; a frame took {_ms(times['detect_ms'])} in the detector, "
                  f"{_ms(times['overlay_ms'])} for the overlay, {_ms(times['rest_ms'])} for all else"),
        ("lag", lag and f"median {1000 * lag['median']:.0f} ms, 95 % below {1000 * lag['p95']:.0f} ms"),
        ("intervals", content["intervals"]),
        ("seed", content["seed"]), ("started", content["started"]), ("device", run.get("device")),
        *((key, run.get("environment", {}).get(key)) for key in ("physadv", "commit", "python", "platform")),
    ]  # fmt: skip
    return [(name, str(value)) for name, value in rows if value not in (None, "")]


def _size(content: Mapping[str, Any]) -> str:
    if not content["object_mm"]:
        return ""
    (width, height), (x, y) = content["object_mm"], content["board_at_mm"]
    return f", {width:.0f} × {height:.0f} mm, print {x:+.0f} mm right and {y:+.0f} mm below its centre"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
