"""Findings stand in their folder until they cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from physadv.app.assembly.studying import made
from physadv.app.config.study_options import StudyAllConfig
from physadv.engines.studies.theories.study import FINDINGS, ClaimVerdict, Study, StudyFindings, StudyTask


class CountedStudy(Study):
    """Tells how often it was made."""

    times = 0

    def load(self) -> Callable[[StudyTask], StudyFindings]:
        CountedStudy.times += 1
        words = [f"made {CountedStudy.times} times"]
        return lambda task: StudyFindings(ClaimVerdict.shown, words, ["x"], [[1]], {})


def test_findings_that_are_broken_are_made_again(tmp_path: Path) -> None:
    row = CountedStudy("counted", "?", "", "", "", 1)

    def words() -> str:
        return str(made(row, StudyAllConfig(), tmp_path, lambda part: None)["words"][0])

    assert [words(), words()] == ["made 1 times"] * 2
    whole = (tmp_path / FINDINGS).read_bytes()
    (tmp_path / FINDINGS).write_bytes(whole[:80])
    assert words() == "made 2 times"
