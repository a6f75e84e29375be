"""What is written is what was counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from physadv.core.errors import BadOutput, BadShape
from physadv.library.metrics import coco_format
from physadv.library.metrics.average_precision import own_precision
from physadv.library.metrics.tables import Findings
from tests.library.metrics.test_average_precision import random_tables
from tests.library.metrics.toy_tables import BOX, Row, found


def test_the_written_file_holds_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco_format, "_AT_ONCE", 7)
    _, findings = random_tables(0)
    for some in (findings, findings[np.zeros(0, dtype=np.int64)], findings.compact()):
        path = coco_format.write_results(tmp_path / "coco" / "r.json", some)
        assert json.loads(path.read_text()) == coco_format.results(some)


def test_a_float32_score_is_written_in_its_own_digits(tmp_path: Path) -> None:
    path = coco_format.write_results(tmp_path / "r.json", found((0, BOX, 0.1, 0)).compact())
    assert path.read_text() == '[{"image_id":1,"category_id":1,"bbox":[0.0,0.0,100.0,100.0],"score":0.1}]'


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadOutput, match="not a folder"):
        coco_format.write_results(tmp_path / "file" / "r.json", found())
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_compact_findings_give_the_same_precision_in_half_the_room() -> None:
    truth, findings = random_tables(1)
    small = findings.compact()
    assert np.array_equal(own_precision(truth, small), own_precision(truth, findings))
    columns = [[f.view_of, f.boxes_xyxy_px, f.scores, f.category] for f in (small, findings)]
    sizes = [sum(column.nbytes for column in some) for some in columns]
    assert sizes[0] * 2 == sizes[1]


def test_a_cap_keeps_the_best_of_each_view_and_category_in_their_order() -> None:
    rows = found((0, BOX, 0.2, 0), (1, BOX, 0.1, 0), (0, BOX, 0.9, 0), (0, BOX, 0.3, 1), (0, BOX, 0.5, 0))
    kept = rows.capped(2)
    assert kept.scores.tolist() == [0.1, 0.9, 0.3, 0.5]
    assert kept.view_of.tolist() == [1, 0, 0, 0]


def test_a_cap_of_a_hundred_changes_no_precision() -> None:
    truth, findings = random_tables(2, crowded=True)
    many = Findings.joined([findings] * 4)
    assert len(many.capped()) < len(many)
    assert np.array_equal(own_precision(truth, many.capped()), own_precision(truth, many))


@pytest.mark.parametrize("row", [(0, (0.0, 0.0, np.nan, 9.0), 0.5, 0), (0, BOX, np.inf, 0)])
def test_what_is_no_number_is_refused_before_it_is_counted_or_written(row: Row) -> None:
    with pytest.raises(BadShape, match="1 of 2 reports"):
        found((0, BOX, 0.5, 0), row)
