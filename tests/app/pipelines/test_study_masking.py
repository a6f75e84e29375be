"""``physadv study masking``, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.running import physadv
from tests.small import SMALL_ROAD

SMALL = [*SMALL_ROAD, "scenes.images=4", "audit.images=1", "audit.batch=1", "audit.steps=4", "audit.queries=3",
         "audit.tries=1", "audit.directions=1", "progress=false"]  # fmt: skip


@pytest.mark.slow
def test_every_defense_is_audited_and_a_stopped_study_goes_on(tmp_path: Path) -> None:
    typed = ["study", "masking", *SMALL, "defenses=[none,bits+median]", "out=audited"]
    done = physadv(*typed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "audited"
    content = json.loads((folder / "masking.json").read_text())
    names = [one["victim"] for one in content["audits"]]
    assert names == ["sign-nano", "sign-nano behind bits-4+median-3"]
    assert {check["name"] for check in content["audits"][0]["checks"]} >= {"gradient", "differences", "transfer"}
    page = (folder / "report.html").read_text()
    assert all(one["headline"].split(":")[0] in page for one in content["audits"])
    with Image.open(folder / "masking-1.png") as picture:
        assert picture.size == (1200, 440)
    record = json.loads((folder / "run.json").read_text())
    assert [one["name"] for one in record["victims"]] == names

    content["audits"][0]["seconds"] = 12345.0  # so that it shows when it is made again
    content["audits"].pop()
    (folder / "masking.json").write_text(json.dumps(content))
    (folder / "run.json").unlink()
    done = physadv(*typed, "resume=true", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = json.loads((folder / "masking.json").read_text())
    assert [one["victim"] for one in again["audits"]] == names
    assert again["audits"][0]["seconds"] == 12345.0
    page = (folder / "report.html").read_text()
    (folder / "report.html").unlink()
    done = physadv("report", "audited", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (folder / "report.html").read_text() == page


@pytest.mark.slow
def test_a_dry_run_tells_what_the_study_costs(tmp_path: Path) -> None:
    done = physadv("study", "masking", *SMALL, "dry_run=true", "out=dry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sign-nano" in done.stderr
    assert "about" in done.stderr
    assert not (tmp_path / "dry" / "masking.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "words"),
    [(["audit.steps=2"], "audit.steps must be from 4"), (["audit.eps=1"], "audit.eps must be between 0 and 1"),
     (["defense=jpg"], "jpeg"), (["audit.qeries=3"], "audit.queries"),
     (["defenses=[vote]"], "remembers frames")],
)  # fmt: skip
def test_bad_input_is_one_line(typed: list[str], words: str, tmp_path: Path) -> None:
    done = physadv("study", "masking", *SMALL_ROAD, *typed, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.rglob("*.json")) == []
