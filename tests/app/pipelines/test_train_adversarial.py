"""Options of the training that is not meant are refused: they would change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import physadv as typed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["victim=digits", "train.photos=photos"], "train.photos changes nothing here: victim=digits"),
        (["robust.eps=0.1"], "robust.eps changes nothing here: victim=sign-nano"),
    ],
)
def test_options_of_the_other_training_are_refused(line: list[str], words: str, tmp_path: Path) -> None:
    done = typed("train", "adversarial", *line, "dry_run=true", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
