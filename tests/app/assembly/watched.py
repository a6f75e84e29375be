"""Run folders as ``watch`` leaves them, of a film that shows a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from physadv.app.config.seal import seal
from physadv.library.files.boards import Board, Boards, Tag, save_boards

TAGS = tuple(Tag(i + 4, x, y, 40.0) for i, (x, y) in enumerate([(-80, -80), (80, -80), (80, 80), (-80, 80)]))
POSE = {"distance_m": 5.0, "yaw_deg": 0.0, "pitch_deg": 0.0, "roll_deg": 0.0, "reprojection_px": 0.1, "ambiguity": 0.1}
SEEN = {"role": "patch", "tags": 4, "corners_px": [[60, 60], [260, 60], [260, 180], [60, 180]], "pose": POSE}
LINE: dict[str, Any] = {
    "index": 0, "time_s": 0.0, "size_px": [320, 240], "boards": [SEEN], "views": {"filmed": {"success": True}},
}  # fmt: skip


def watched(run: Path, *, sealed: bool, lines: list[Any] | None = None, **settings: Any) -> Path:
    """A run with these lines of its log, by default one; ``sealed`` as those of this account are."""
    (run / "config").mkdir(parents=True)
    save_boards(run / "board.json", Boards("0123456789", "walk", 0, (Board("patch", (200.0, 100.0), TAGS),)))
    config = {"source": str(run / "film.avi"), "patch": "", "board": str(run / "board.json"), **settings}
    (run / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    (run / "config" / "choices.yaml").write_text("{}")
    told = [{"format": 1, "run": {}}, *([LINE] if lines is None else lines)]
    (run / "frames.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))
    if sealed:
        seal(run / "config")
    return run
