"""Command lines that cannot be right end in one line and exit code 2, soon, and leave nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from physadv.library.files.images import save_png
from tests.fuzz.lines import bad_lines
from tests.fuzz.scale import share
from tests.fuzz.worker import Worker

COUNT = 520
PARTS = 2  # so that workers share them
LIMIT_S = 30.0


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
    before, faults, worker = set(desk.rglob("*")), [], Worker(desk, LIMIT_S)
    for line in bad_lines(share(COUNT), seed=3)[part::PARTS]:
        answer = worker.run(line)
        left = sorted(set(desk.rglob("*")) - before, reverse=True)
        said = [row for row in answer.stderr.splitlines() if row.startswith("physadv: error:")]
        wrong = [
            f"no answer in {LIMIT_S:g} s" if answer.code is None else f"exit {answer.code}" if answer.code != 2 else "",
            "a traceback" if "Traceback" in answer.stderr else "",
            f"{len(said)} lines" if answer.code == 2 and len(said) != 1 else "",
            f"leaves {[str(file.relative_to(desk)) for file in left]}" if left else "",
        ]
        if any(wrong):
            faults.append(f"{' '.join(line)}: {', '.join(filter(None, wrong))}: {answer.stderr.strip()[-300:]}")
        for file in left:
            file.rmdir() if file.is_dir() else file.unlink()
    worker.close()
    assert faults == [], "\n".join(faults)
