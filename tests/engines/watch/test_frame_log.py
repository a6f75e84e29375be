"""The log of a film: whole up to the last frame, however a run ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from physadv.core.errors import BadInput
from physadv.engines.watch.frame_log import FrameLog, read_log
from tests.engines.watch.lines import line


def test_the_log_survives_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    with FrameLog(tmp_path / "frames.jsonl", {"source": "x"}) as log:
        log.write(line(0, printed=True, digital=None))
        assert len((tmp_path / "frames.jsonl").read_text().splitlines()) == 2  # written at once
    with (tmp_path / "frames.jsonl").open("a") as file:
        file.write('{"index": 1, "tim')
    run, frames = read_log(tmp_path / "frames.jsonl")
    assert run == {"source": "x"}
    assert [frame["index"] for frame in frames] == [0]


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"hello": 1}) + "\n")
    with pytest.raises(BadInput, match="not a file that watch wrote"):
        read_log(tmp_path / "a.jsonl")
