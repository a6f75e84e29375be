"""evaluate adaptive=true attacks a victim behind its defence anew, judges side by side, and goes on after a stop."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from physadv.library.runs import record
from tests.running import Done, physadv
from tests.small import LITTLE_JUDGED

ATTACKED = (
    "defenses=[jpeg]", "adaptive=true", "adaptive.steps=1", "adaptive.restarts=1", "adaptive.queries=40",
    *LITTLE_JUDGED, "progress=false",
)  # fmt: skip


def evaluate(run: Path, out: Path, *more: str) -> Done:
    return physadv("evaluate", f"patch={run}", *ATTACKED, f"out={out}", *more)


@pytest.mark.slow
def test_every_attack_has_its_column_and_a_run_of_its_own(finished_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "table"
    done = evaluate(finished_run, out)
    assert done.returncode == 0, done.stderr
    assert "sign-nano behind jpeg-50: fooled on" in done.stderr
    table = json.loads((out / "defenses.json").read_text())
    bare, behind = table["rows"]
    assert (bare["defense"], behind["defense"], behind["kinds"]) == ("none", "jpeg-50", ["quantising"])
    for row in (bare, behind):
        assert all(cell is not None for cell in row["cells"].values())
        assert not row["incomplete"]
    assert behind["latency_ratio"] > 0
    assert all(one["low"] <= one["value"] <= one["high"] for one in behind["clean_cost"].values())
    assert behind["cells"]["black box"]["queries"] <= 40
    lines = list(csv.DictReader((out / "defenses.csv").read_text().splitlines()))
    assert {line["attack"] for line in lines} == set(table["attacks"])
    assert "Behind the defenses" in (out / "report.html").read_text()
    assert {"defenses.json", "defenses.csv"} <= set(json.loads((out / "run.json").read_text())["artefacts"])
    made = out / behind["cells"]["adaptive"]["folder"]
    assert record.read(made)["victims"][0]["name"] == "sign-nano behind jpeg-50"
    texts = {file.name: file.read_bytes() for file in made.iterdir() if file.is_file()}
    again = evaluate(finished_run, out, "resume=true")
    assert again.returncode == 0, again.stderr
    assert "attack " not in again.stderr
    assert texts == {file.name: file.read_bytes() for file in made.iterdir() if file.is_file()}
    more = evaluate(finished_run, out, "resume=true", "adaptive.queries=50")
    assert more.returncode == 0, more.stderr
    assert "attack  2 of 4: black box" in more.stderr
    assert "adaptive seed" not in more.stderr
    judged = physadv("evaluate", f"patch={made}", *LITTLE_JUDGED, "progress=false", f"out={tmp_path / 'its-own'}")
    assert judged.returncode == 0, judged.stderr


@pytest.mark.slow
def test_without_adaptive_attacks_the_table_says_that_it_is_incomplete(finished_run: Path, tmp_path: Path) -> None:
    done = physadv(
        "evaluate",
        f"patch={finished_run}",
        "defense=jpeg",
        *LITTLE_JUDGED,
        "progress=false",
        f"out={tmp_path / 'table'}",
    )
    assert done.returncode == 0, done.stderr
    assert "sign-nano behind jpeg-50: incomplete" in done.stderr


@pytest.mark.slow
def test_a_dry_run_tells_what_the_attacks_cost(finished_run: Path, tmp_path: Path) -> None:
    done = evaluate(finished_run, tmp_path / "table", "dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "adaptive attacks" in done.stderr
    assert not (tmp_path / "table" / "attacks").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("defenses=[none]", "adaptive=true attacks defenses, and none is named"),
        ("adaptive.lambdas=[]", "adaptive.lambdas is empty"),
        ("adaptive.queries=3", "adaptive.queries=3 is not enough for one step"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(finished_run: Path, tmp_path: Path, changed: str, said: str) -> None:
    done = evaluate(finished_run, tmp_path / "table", changed)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_gradients_anywhere_there_is_nothing_adaptive(finished_run: Path, shared: Path, tmp_path: Path) -> None:
    file = shared / "weights" / "yolox_nano_roadsign4_416.onnx"
    labels = "victim.labels=[speed limit,stop,crosswalk,traffic light]"
    done = evaluate(finished_run, tmp_path / "table", "victim=opencv-dnn", f"victim.path={file}", labels)
    assert done.returncode == 2
    assert "adaptive=true follows gradients, and none of opencv-dnn/yolox_nano_roadsign4_416 behind" in done.stderr
    assert "victim=onnx loads the same file" in done.stderr


@pytest.mark.slow
def test_a_patch_that_no_run_made_has_no_attack_to_repeat(finished_run: Path, tmp_path: Path) -> None:
    picture = tmp_path / "found.png"
    picture.write_bytes((finished_run / "patch.png").read_bytes())
    done = evaluate(picture, tmp_path / "table")
    assert done.returncode == 2
    assert "is no run folder of generate" in done.stderr


@pytest.mark.slow
def test_a_defence_that_remembers_frames_is_attacked_and_judged_on_films(finished_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "table"
    films = ("defenses=[vote]", "clip.frames=2", "adaptive.queries=0")
    done = evaluate(finished_run, out, *films)
    assert done.returncode == 0, done.stderr
    bare, behind = json.loads((out / "defenses.json").read_text())["rows"]
    for row in (bare, behind):
        assert not row["incomplete"]
        assert row["cells"]["adaptive"]["scores"].keys() >= {"success", "blind run", "first seen"}
    assert "a film of 2 frames after 2" in json.loads((out / "scores.json").read_text())["protocol"]["film"]
    made = out / behind["cells"]["adaptive"]["folder"]
    assert record.read(made)["config"]["clip"] == {"frames": 2, "drift": 0.2}
