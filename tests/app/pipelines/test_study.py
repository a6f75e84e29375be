"""``physadv study NAME`` and ``physadv study all``, as a user types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import physadv
from physadv.app.python.study_run import StudyRun
from physadv.core.errors import PhysadvError
from tests.running import physadv as typed

SMALL = ["size=smoke", "effort.train=60", "effort.test=12", "effort.epochs=1", "progress=false"]


@pytest.mark.slow
def test_all_studies_are_one_page_and_finished_ones_are_not_made_again(tmp_path: Path) -> None:
    line = ["study", "all", *SMALL, "only=[slices,linearity]", "out=lecture"]
    done = typed(*line, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "lecture"
    page = (folder / "report.html").read_text()
    assert page.index('id="slices"') < page.index('id="linearity"')
    assert "http" not in page.split("<main", 1)[1]
    assert "size=smoke" in page
    told = json.loads((folder / "slices" / "findings.json").read_text())
    assert told["settings"]["effort"]["size"] == "smoke"
    assert all(words[:40].split("'")[0] in page for words in told["words"])
    with (folder / "slices" / "findings.csv").open() as stream:
        columns, *rows = csv.reader(stream)
    assert columns == told["columns"]
    assert len(rows) == len(told["rows"])
    assert {file.stem for file in (folder / "slices").glob("*.png")} == {"maps", "borders"}

    told["words"] = ["It stands as it was found."]  # so that it shows when it is made again
    (folder / "slices" / "findings.json").write_text(json.dumps(told))
    (folder / "run.json").unlink()
    done = typed(*line, "resume=true", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "It stands as it was found." in (folder / "report.html").read_text()


@pytest.mark.slow
def test_a_study_is_a_value_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = physadv.run("study slices", size="smoke", effort={"train": 60, "test": 12, "epochs": 1}, progress=False)
    assert isinstance(made, StudyRun)
    assert made.verdicts.keys() == {"slices"}
    assert {row["direction"] for row in made.table} == {"attack", "random"}
    assert [file.name for file in made.pictures] == ["maps.png", "borders.png"]
    assert made.headlines[0] in repr(made)
    assert made._repr_html_().count("<img") == 2
    again = physadv.load(made.folder)
    assert isinstance(again, StudyRun)
    assert (again.headlines, again.cautions) == (made.headlines, made.cautions)
    (made.folder / "findings.json").unlink()
    with pytest.raises(PhysadvError, match=r"holds no findings.json"):
        physadv.load(made.folder)


def test_a_dry_run_tells_what_it_costs(tmp_path: Path) -> None:
    done = typed("study", "all", "dry_run=true", "out=dry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "min" in done.stderr
    assert not (tmp_path / "dry" / "report.html").exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["slices", "size=huge"], "no size named"),
        (["slices", "effort.seeds=-1"], "effort.seeds must be from 0"),
        (["all", "only=[slice]"], "there is no study 'slice'. Did you mean 'slices'?"),
        (["bags"], "'study bags' is not a command. Did you mean 'bugs'? There are: masking, "),
        (["-m", "slices"], "'study -m' is not a command. Put -m behind its second word: physadv study masking -m"),
        (["slices", "study=bags"], "Did you mean 'bugs'?"),
        (["slices", "data=letters"], "data"),
        (["slices", "device=cuda"], "studies compute on the CPU"),
        (["all", "device=mps"], "studies compute on the CPU"),
    ],
)
def test_bad_input_is_one_line(line: list[str], words: str, tmp_path: Path) -> None:
    done = typed("study", *line, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.rglob("*.json")) == []
