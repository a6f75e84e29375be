"""The page of a film: where the print works, how it compares with its digital self, and how steadily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.report.pages.html import filled
from physadv.library.report.pictures.pairs import jpeg_uri
from physadv.library.report.plain_words import difference
from physadv.library.report.plots.figure import Plot
from physadv.library.report.plots.heat_map import Side, heat
from physadv.library.report.plots.intervals import Groups, one_bar_an_arm, points
from physadv.library.report.watch_words import assumption, headline, said_aloud
from physadv.library.runs import record
from physadv.library.runs.options import read_object_if_there

FILE = "report.html"
SUMMARY = "summary.json"
FRAMES = "frames"
_PICKS = {"best": "Where the attack does best", "typical": "A typical frame", "worst": "Where the attack does worst",
          "seen least": "Where the object is seen least", "seen best": "Where the object is seen best"}  # fmt: skip
_ABOUT = {
    "print": "the paper, as it was filmed",
    "printed grey": "the sheet's grey page, as it was filmed: a control",
    "printed random": "the sheet's page of random colours, as it was filmed: a control",
    "patch": "the digital patch, laid over the very same frames by the renderer that patches are optimised through",
    "grey": "plain grey in its place: a control",
    "random": "random colours in its place: a control",
    "as filmed": "frames without tags in sight, as they came; here nothing is counted, they show what there is to hide",
}


def write_watch_report(folder: Path) -> Path:
    """Make ``report.html`` from the ``summary.json`` of a run folder.

    Raises :class:`BadInput` where the summary is missing, or of another version.
    """
    content = read_object_if_there(folder / SUMMARY)
    if not content:
        raise BadInput(f"{str(folder)!r} holds no {SUMMARY}, so there is nothing to report. Name a folder of watch.")
    run = record.read(folder)
    try:
        html = filled("watch.html.j2", _content(content, run, folder))
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(f"{folder / SUMMARY} is not one that this version writes: {error}. Watch again.") from error
    return write_text(folder / FILE, html)


def cautions(content: Mapping[str, Any]) -> list[str]:
    """Objections of a careful reader."""
    found = said_aloud(content)
    if content.get("mirrored"):
        found.append(
            "The picture is mirrored, so the tags of the print cannot be read and nothing is known of its pose; words "
            "and signs in it are mirrored for the detector, too. Turn mirroring off, or unmirror the film: "
            "ffmpeg -i FILE -vf hflip UNMIRRORED."
        )
    elif not content["posed"]:
        found.append(
            "No tags were found, so distance and angle are not known, and only frames count in which the detector "
            "reports the object as filmed. Film a sheet with tags to measure a print."
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
    elif content["ended"] not in ("complete", "stopped"):
        found.append(f"Not the whole source was looked at: {content['ended']}.")
    if content["dropped"]:
        found.append(f"{content['dropped']} frames of the source were passed over, because looking took longer.")
    return found


def _control_caution(victim: Mapping[str, Any]) -> str:
    """Where a control does as much as the patch; empty where none does.

    On the same frames their difference decides; prints and printed controls are filmed one after the other, and short
    films have no interval of a difference: there the intervals are compared.
    """
    paired = {(row["condition"], row["minus"]): row for row in victim["against_controls"]}
    controls = [c for c in victim["conditions"] if c["role"] == "control"]
    same = []
    for patch in (c for c in victim["conditions"] if c["role"] == "patch" and c["success"]["value"]):
        for control in controls:
            row = paired.get((patch["condition"], control["condition"]))
            if row and row["low"] is not None:
                if row["low"] <= 0:
                    same.append(f"{patch['condition']} minus {control['condition']} is {difference(row)}")
            elif patch["success"]["low"] <= control["success"]["high"]:
                same.append(f"{control['condition']} does about as much as {patch['condition']}")
    if not same:
        return ""
    return (
        f"{victim['name']}: {'; '.join(same)}: covering the object (the white of the board included) may explain the "
        "effect."
    )


def _content(content: Mapping[str, Any], run: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    few = int(content["minimum_n"])
    return {
        "name": content["name"], "made": str(run.get("made", ""))[:16].replace("T", " "),
        "headline": headline(content), "cautions": cautions(content), "minimum_n": few, "content": content,
        "victims": [_victim(victim, content, few) for victim in content["victims"]],
        "shots": [_shot(shot, folder / FRAMES) for shot in content["shots"]], "about": _about(content["views"]),
        "provenance": _provenance(content, run), "versions": run.get("environment", {}).get("packages", {}),
    }  # fmt: skip


def _shot(shot: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """One frame with its pictures inside. Only names of files count: what lies outside the folder is not opened."""
    files = [(picture, folder / Path(picture["file"]).name) for picture in shot["pictures"]]
    where = [f"frame {shot['index']}", f"{shot['time_s']:.1f} s"]
    where += [f"{shot['distance_m']:.2f} m"] if shot["distance_m"] is not None else []
    where += [f"yaw {shot['yaw_deg']:+.0f}°"] if shot["yaw_deg"] is not None else []
    return {
        "title": _PICKS.get(shot["pick"], shot["pick"]), "where": ", ".join(where),
        "pictures": [{"condition": picture["condition"], "outcome": picture["outcome"], "data": jpeg_uri(file)}
                     for picture, file in files if file.is_file()],
    }  # fmt: skip


def _about(views: Sequence[str]) -> list[tuple[str, str]]:
    """Descriptions of this film's arms."""
    return [(name, _ABOUT[name]) for name in _ABOUT if name in views]


def _victim(victim: Mapping[str, Any], content: Mapping[str, Any], few: int) -> dict[str, Any]:
    counted = victim["conditions"] if victim["sighted"] else []
    found = {c["condition"]: c["success"] for c in counted}
    return {
        "name": victim["name"], "nothing": _nothing(victim, content),
        "bars": one_bar_an_arm(f"success against {victim['name']}", "success", found, minimum_n=few)
        if found else None,
        "curves": [plot for by, words in (("distance", content["distance_words"]), ("yaw", content["yaw_words"]))
                   if counted and (plot := _curve(victim, by, words, few))],
        "maps": [plot for c in counted if (plot := _map(c, victim["name"], content, few))],
        "gap_rows": _gap_rows(victim["gap"] if counted else None, content),
        "steadiness": victim["steadiness"], "alarms": victim.get("alarms", ()),
    }  # fmt: skip


def _nothing(victim: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Why there is no success to show; empty where there is."""
    if not victim["sighted"]:
        return f"This detector reports no {content['object']} in any frame, so there is nothing that could be hidden."
    if victim["conditions"]:
        return ""
    seen = f"It reports the label {content['object']} in {victim['reported']} of {content['frames']} frames."
    return f"{seen} Success is counted where a patch is tried, on paper or laid over, on an object that is found."


def _curve(victim: Mapping[str, Any], by: str, words: Sequence[str], few: int) -> Plot | None:
    series = {c["condition"]: c[f"by_{by}"] for c in victim["conditions"] if any(c[f"by_{by}"])}
    if not words or not series:
        return None
    title = f"success by {by} against {victim['name']}"
    return points(title, "success", Groups(by, words, counted=False, shared_out=True), series, minimum_n=few)


def _map(arm: Mapping[str, Any], victim: str, content: Mapping[str, Any], few: int) -> Plot | None:
    if not any(cell for row in arm["cells"] for cell in row):
        return None
    x, y = Side("distance", content["distance_words"]), Side("yaw", content["yaw_words"])
    title = f"{arm['condition']}: success by distance and yaw, {victim}"
    return heat(title, "success", x, y, arm["cells"], minimum_n=few)


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
        ("scale of the print", (bar := content.get("measured_bar_mm")) and f"its bar measures {bar:g} mm, as told"),
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
    return f", {assumption(content)}" if content["object_mm"] else ""


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
