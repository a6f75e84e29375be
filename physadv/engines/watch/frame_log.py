"""``frames.jsonl``: one line a frame, written at once, so that a stopped or killed run keeps all it has seen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from physadv.core.errors import BadInput, BadOutput
from physadv.core.types import Frame, Pose
from physadv.engines.watch.tracked_victim import ViewResult
from physadv.library.fiducials.find import DetectedBoard
from physadv.library.files.reading import MB, json_of, read_text

FILE = "frames.jsonl"
FORMAT = 1
LIMIT = 2000 * MB  # some hundred hours
Json = dict[str, Any]


class FrameLog:
    """The open file. Its first line says what the run is."""

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self._path = path
        try:
            self._file = path.open("x", encoding="utf-8")
        except OSError as error:
            raise BadOutput(f"cannot write {str(path)!r}: {error.strerror}. Choose another out=.") from error
        self.write({"format": FORMAT, "run": dict(run)})

    def write(self, line: Mapping[str, Any]) -> None:
        """One line, handed to the system at once. Raises :class:`BadOutput` where the disk takes no more."""
        try:
            self._file.write(json.dumps(line, allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            raise BadOutput(
                f"cannot write {str(self._path)!r}: {error.strerror}. What was written is whole; free the disk."
            ) from error

    def __enter__(self) -> FrameLog:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def read_log(path: Path) -> tuple[Json, Iterator[Json]]:
    """Read the facts of the run, and its frames. A last line that a kill cut short is left out.

    Raises :class:`BadInput` for another kind of file.
    """
    lines = read_text(path, LIMIT).split("\n")
    rows = [json_of(line, f"{path}, line {number}") for number, line in enumerate(lines[:-1], 1) if line]
    if not rows or not all(isinstance(row, dict) for row in rows) or not isinstance(rows[0].get("run"), dict):
        raise BadInput(f"{path} is not a file that watch wrote. Name the frames.jsonl of a run folder of watch.")
    head, *rest = rows
    run = dict(head["run"])
    return run, iter(rest)


def frame_line(
    frame: Frame,
    inferred_s: float,
    boards: list[tuple[DetectedBoard, Pose | None]],
    seen: Mapping[str, Mapping[str, ViewResult]],
) -> Json:
    """The first victim's views under ``views``, the others' under ``others``."""
    first, *others = seen.items()
    line: Json = {
        "index": frame.index, "time_s": round(frame.time_s, 4), "inferred_s": round(inferred_s, 4),
        "dropped": frame.dropped, "size_px": [frame.bgr_u8.shape[1], frame.bgr_u8.shape[0]],
        "boards": [_board(sighting, pose) for sighting, pose in boards],
        "views": {view: _seen(one) for view, one in first[1].items()},
    }  # fmt: skip
    if others:
        line["others"] = {name: {view: _seen(one) for view, one in views.items()} for name, views in others}
    return line


def _board(sighting: DetectedBoard, pose: Pose | None) -> Json:
    return {
        "role": sighting.board.role,
        "tags": len(sighting.ids),
        "corners_px": [[round(v, 3) for v in corner] for corner in corners_px(sighting)],
        "pose": None if pose is None else {
            "distance_m": round(pose.distance_m, 4), "yaw_deg": round(pose.yaw_deg, 3),
            "pitch_deg": round(pose.pitch_deg, 3), "roll_deg": round(pose.roll_deg, 3),
            "reprojection_px": round(pose.reprojection_px, 4), "ambiguity": round(pose.ambiguity, 4),
        },
    }  # fmt: skip


def corners_px(sighting: DetectedBoard) -> list[tuple[float, float]]:
    """Of what the board carries: TL TR BR BL, pixel centres at integers."""
    width, height = sighting.board.size_mm
    h = sighting.image_from_board
    found = []
    for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y, w = (float(r[0] * sx * width / 2 + r[1] * sy * height / 2 + r[2]) for r in h)
        found.append((x / w, y / w))
    return found


def _seen(seen: ViewResult) -> Json:
    return {
        "detections": [
            {"box": [round(v, 2) for v in r.box_xyxy_px], "label": r.label, "score": round(r.score, 4),
             "track": r.track}
            for r in seen.reports
        ],
        "expected": None if seen.expected is None else [round(v, 2) for v in seen.expected],
        "success": seen.success,
        **({} if seen.alarm is None else {"alarm": round(seen.alarm, 4)}),
    }  # fmt: skip
