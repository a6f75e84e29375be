"""Several runs on one page: their scores, and whether they were measured alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from physadv.cli import main
from physadv.library.report.pages.comparison import content, differing, read_runs, warnings
from tests.library.report.folders import save_run, scores


def runs(tmp_path: Path, **contents: dict[str, Any]) -> list[Path]:
    return [save_run(tmp_path / name, name=name, content=made, sweep=False) for name, made in contents.items()]


def test_equal_settings_bring_no_warning(tmp_path: Path) -> None:
    found = read_runs(runs(tmp_path, a=scores(), b=scores()))
    assert [run.label for run in found] == ["a", "b"]
    assert differing(found) == []
    assert warnings(found, []) == []


@pytest.mark.slow
def test_one_patch_under_two_protocols_is_told_from_two_patches(tmp_path: Path) -> None:
    other = scores(protocol="another")
    same = read_runs(runs(tmp_path, a=scores(), b=other))
    assert "same patch under 2 protocols" in warnings(same, differing(same))[0]
    other["patches"][0]["digest"] = "e" * 64
    unlike = read_runs(runs(tmp_path, a=scores(), c=other))
    assert "Different patches under different protocols" in warnings(unlike, differing(unlike))[0]


@pytest.mark.parametrize(("key", "value"), [("seed", 7), ("iou", 0.75), ("images", 10), ("draws", 9)])
def test_what_was_measured_otherwise_is_named(tmp_path: Path, key: str, value: float) -> None:
    other = scores()
    other["protocol"][key] = value
    found = read_runs(runs(tmp_path, a=scores(), b=other))
    (row,) = [row for row in differing(found) if row["serious"]]
    assert key in row["key"]
    assert "not measured alike" in warnings(found, differing(found))[0]


@pytest.mark.slow
def test_runs_judged_on_what_they_were_optimised_on_are_named(tmp_path: Path) -> None:
    learned = scores()
    learned["protocol"]["relations"] = {"patch": {"words": "", "seen": 4, "pictures": 4}}
    found = content(read_runs(runs(tmp_path, a=scores(), b=learned, c=learned)), tmp_path)
    assert found["warnings"][0].startswith("b, c: All 4 photos were optimised on (patch)")
    assert not any(told.startswith("a") for told in found["warnings"])


def test_every_run_victim_and_condition_has_a_row(tmp_path: Path) -> None:
    found = content(read_runs(runs(tmp_path, a=scores(), b=scores(victims=["sign-nano"]))), tmp_path)
    assert len(found["rows"]) == 3 * 5 + 1 * 5
    assert {plot.title for plot in found["plots"]} >= {"success against sign-nano", "AP50 against onnx/yolox_nano"}


@pytest.mark.slow
def test_a_sweep_stands_for_its_jobs_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (0, 2, 10):
        save_run(tmp_path / "sweep" / str(number), sweep=False)
    (tmp_path / "sweep" / "multirun.yaml").write_text("")
    assert [run.label for run in read_runs([tmp_path / "sweep"])] == ["0", "2", "10"]


@pytest.mark.slow
def test_the_command_writes_both_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = runs(tmp_path, a=scores(), b=scores())
    assert main(["report", str(first)]) == 0
    page = tmp_path / "both.html"
    assert main(["report", "compare", str(first), str(second), f"out={page}"]) == 0
    assert str(page) in capsys.readouterr().out
    assert 'href="a/report.html"' in page.read_text()
    assert "2 runs side by side" in page.read_text()


@pytest.mark.slow
def test_mistakes_are_answered_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (good,) = runs(tmp_path, a=scores())
    (tmp_path / "empty").mkdir()
    corrupt = save_run(tmp_path / "corrupt", sweep=False)
    (corrupt / "scores.json").write_text('{"protocol": {}')
    strange = save_run(tmp_path / "strange", sweep=False)
    (strange / "scores.json").write_text(json.dumps({"protocol": {}, "victims": [{"name": "v"}]}))
    for args, words in (
        ([], "takes one run folder, got none"),
        ([str(tmp_path / "gone")], "no run folder"),
        ([str(tmp_path / "empty")], "neither run.json nor scores.json"),
        ([str(corrupt)], "is not valid JSON"),
        ([str(strange)], "not one that this version writes"),
        ([str(good), str(good)], "takes one run folder"),
        ([str(good), "--fast"], "knows no option '--fast'"),
        (["compare"], "at least two run folders, got none"),
        (["compare", str(good)], "at least two judged runs, got 1"),
        (["compare", str(good), str(good)], "at least two judged runs, got 1"),
        (["compare", str(good), str(tmp_path / "empty")], "holds no scores.json"),
        (["compare", str(good), str(corrupt)], "is not valid JSON"),
        (["compare", str(good), str(strange)], "not one that this version writes"),
        (["compare", str(good), str(corrupt), f"out={tmp_path}"], "is a folder"),
    ):
        assert main(["report", *args]) == 2
        told = capsys.readouterr().err
        assert words in told, told
        assert told.count("\n") == 1
    assert not list(tmp_path.glob("compare.html"))


def test_help_and_pages_need_neither_torch_nor_hydra(tmp_path: Path) -> None:
    first, second = runs(tmp_path, a=scores(), b=scores())
    code = """if True:
        import sys
        from physadv.cli import main
        main(["report", "--help"])
        main(["report", "compare", "--help"])
        assert not {"torch", "plotly", "jinja2"} & set(sys.modules)
        main(["report", sys.argv[1]])
        main(["report", "compare", sys.argv[1], sys.argv[2], "out=" + sys.argv[1] + "/c.html"])
        assert not {"torch", "hydra", "matplotlib"} & set(sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code, first, second], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: physadv report") == 2
