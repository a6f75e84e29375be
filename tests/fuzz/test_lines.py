"""Command lines that cannot be right end in one line and exit code 2, soon, and leave nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from physadv.images import save_png
from tests.fuzz.lines import bad_lines
from tests.fuzz.scale import share
from tests.running import physadv

COUNT = 520
PARTS = 4  # so that workers share them
SLOW_S = 30.0


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    import torch

    place = tmp_path / "desk"
    (place / "folder").mkdir(parents=True)
    save_png(torch.rand(3, 24, 32), place / "p.png")
    (place / "empty.file").touch()
    (place / "text.txt").write_text("no picture, no network, no settings\n")
    os.mkfifo(place / "pipe")
    return place


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_bad_command_lines_are_refused_in_one_line(part: int, desk: Path) -> None:
    before, faults = sorted(desk.rglob("*")), []
    for line in bad_lines(share(COUNT), seed=3)[part::PARTS]:
        begun = time.monotonic()
        done = physadv(*line, cwd=desk, env={"COLUMNS": "400"})
        seconds = time.monotonic() - begun
        said = [row for row in done.stderr.splitlines() if row.startswith("physadv: error:")]
        wrong = [
            f"exit {done.returncode}" if done.returncode != 2 else "",
            "a traceback" if "Traceback" in done.stderr else "",
            f"{len(said)} lines" if len(said) != 1 else "",
            f"{seconds:.0f} s" if seconds > SLOW_S else "",
            f"leaves {[str(f) for f in sorted(desk.rglob('*')) if f not in before]}"
            if sorted(desk.rglob("*")) != before
            else "",
        ]
        if any(wrong):
            faults.append(f"{' '.join(line)}: {', '.join(filter(None, wrong))}: {done.stderr.strip()[-200:]}")
            for file in sorted(desk.rglob("*"), reverse=True):
                if file not in before:
                    file.rmdir() if file.is_dir() else file.unlink()
    assert faults == [], "\n".join(faults)
