from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from physadv.app.python.loading import load
from physadv.app.python.other_runs import GridRun, WatchRun
from physadv.app.python.results import Run
from physadv.app.python.rows import BinRow, DefenseRow, Rows, ScoreRow
from physadv.core.errors import BadInput, BadOption, MissingExtra
from physadv.core.types import PatchImage
from physadv.library.files.patches import save_patch
from tests.app.python.finished import filmed, finished, gridded, tabled


def a_patch() -> PatchImage:
    return PatchImage(torch.full((3, 6, 10), 0.5), torch.ones(1, 6, 10), 500.0)


def test_a_run_has_its_facts_its_scores_and_its_sentence(tmp_path: Path) -> None:
    run = load(finished(tmp_path / "run"))
    assert (run.record.command, run.record.seed, run.record.made[:4]) == ("generate", 3, "2026")
    assert run.scores[-2] == ScoreRow("toy <1>", "patch", "patch", "success", 0.8, 0.7000000000000001, 0.9, 40,
                                      "more attacked")  # fmt: skip
    assert len(run.scores) == 6
    assert [(row.above, row.below, row.words) for row in run.bins if row.role == "patch"] == [(0.0, 5.0, "0–5 m")]
    assert isinstance(run.bins[0], BinRow)
    assert run.headlines[0].startswith("The patch hides 80 % [70, 90] of the stop signs")


def test_one_score_is_asked_for_by_name(tmp_path: Path) -> None:
    run = load(finished(tmp_path / "run"))
    assert run.score("success").value == 0.8
    assert run.score("success", "grey", "toy <1>").value == 0.1
    with pytest.raises(BadOption, match=r"no score 'sucess' of 'patch'.*score: success, AP50; condition: clean, grey"):
        run.score("sucess")


def test_the_table_of_defences_is_rows(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run", "evaluate")
    assert load(folder).defenses == []
    (folder / "defenses.json").write_text(json.dumps(tabled()))
    row, *_ = load(folder).defenses
    assert isinstance(row, DefenseRow)
    assert (row.defense, row.attack, row.value, row.of, row.recall_lost) == ("jpeg-50", "adaptive", 0.6, 3, 0.02)
    assert row.flags == "suspect"
    (folder / "defenses.json").write_text(json.dumps({"rows": [{}]}))
    with pytest.raises(BadInput, match=r"defenses\.json does not hold what physadv writes there"):
        _ = load(folder).defenses


def test_the_patch_is_the_one_that_was_saved(tmp_path: Path) -> None:
    save_patch(a_patch(), finished(tmp_path / "run"))
    assert torch.equal(load(tmp_path / "run").patch.srgb, a_patch().srgb)


def test_a_grid_has_curves_and_a_range(tmp_path: Path) -> None:
    run = load(gridded(tmp_path / "run"))
    assert isinstance(run, GridRun)
    assert [(row.axis, row.at, row.value) for row in run.curves] == [("distance_m", 5.0, 0.8)]
    assert run.usable[0].words == "at 5 m"
    assert run.headlines[0].startswith("Against toy, the patch reaches 50 % success at this distance: at 5 m")
    assert "distance_m 5" in run._repr_html_()


def test_a_film_has_its_summary(tmp_path: Path) -> None:
    run = load(filmed(tmp_path / "run"))
    assert isinstance(run, WatchRun)
    assert run.score("success", "print").value == 0.7
    assert run.headlines == ("The print hides 70 %.",)
    assert run.cautions == ("Few frames.",)


def test_loading_imports_neither_torch_nor_hydra(tmp_path: Path) -> None:
    finished(tmp_path / "run")
    code = (
        "import sys; from physadv.app.python.loading import load; run = load('run'); repr(run); run._repr_html_();"
        "sys.exit(bool({'torch', 'hydra', 'omegaconf', 'matplotlib'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda run: (run / "run.json").unlink(), "is no run folder"),
        (lambda run: (run / "run.json").write_text("{"), "run.json"),
        (lambda run: (run / "run.json").write_text("[]"), "does not hold a JSON object"),
        (lambda run: (run / "run.json").write_text('{"command": "generate"}'), "does not hold what physadv writes"),
        (lambda run: (run / "scores.json").write_text('{"victims": [{}]}'), "does not hold what physadv writes"),
        (lambda run: (run / "scores.json").unlink(), "holds no scores.json"),
    ],
)
def test_what_is_damaged_says_what_helps(tmp_path: Path, spoil: Any, told: str) -> None:
    run = finished(tmp_path / "run")
    spoil(run)
    with pytest.raises(BadInput, match=told):
        load(run)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(item, (*path, key))


@pytest.mark.slow
@pytest.mark.parametrize("make", [finished, gridded, filmed])
def test_nothing_in_a_damaged_folder_is_more_than_a_line(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    run = make(tmp_path / "run")
    for file in sorted(run.glob("*.json")):
        sound = file.read_text()
        for path in leaves(json.loads(sound)):
            for other in (None, "x", -1.5, [1], {"a": 1}):
                content = {"": json.loads(sound)}
                at: Any = content
                for key in ("", *path)[:-1]:
                    at = at[key]
                at[("", *path)[-1]] = other
                file.write_text(json.dumps(content[""]))
                with suppress(BadInput):
                    load(run)
                for kind in (Run, GridRun, WatchRun):
                    assert repr(kind(run))
                    assert kind(run)._repr_html_()
        file.write_text(sound)


def test_runs_that_cannot_be_loaded_say_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no run folder"):
        load(tmp_path / "nowhere")
    finished(tmp_path / "sweep" / "0")
    with pytest.raises(BadInput, match=r"it holds 1 runs. Load one of them: 0"):
        load(tmp_path / "sweep")
    (tmp_path / "half" / "config").mkdir(parents=True)
    (tmp_path / "half" / "config" / "config.yaml").write_text("seed: 0")
    with pytest.raises(BadInput, match=r"did not finish. Go on with the same command plus resume=true"):
        load(tmp_path / "half")
    with pytest.raises(BadInput, match="written by 'bake'"):
        load(finished(tmp_path / "other", "bake"))


def test_a_notebook_shows_patch_scores_controls_and_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_patch(a_patch(), finished(tmp_path / "run"))
    (tmp_path / "run" / "report.html").write_text("page")
    monkeypatch.chdir(tmp_path)
    run = load("run")
    html = run._repr_html_()
    assert "toy &lt;1&gt;" in html
    assert "<1>" not in html
    assert "80 % [70, 90]" in html
    assert "grey (control)" in html
    assert 'href="run/report.html"' in html
    assert 'src="data:image/png;base64,' in html
    assert run._repr_png_() == (tmp_path / "run" / "patch.png").read_bytes()
    assert repr(run).startswith("Run('run'): The patch hides 80 %")


def test_a_run_that_did_not_finish_is_shown_as_such(tmp_path: Path) -> None:
    run = load(finished(tmp_path / "run"))
    (tmp_path / "run" / "scores.json").unlink()
    again = type(run)(run.folder)
    assert "holds no scores.json" in repr(again)
    assert "holds no scores.json" in again._repr_html_()
    with pytest.raises(BadInput, match="physadv report"):
        _ = again.report


def test_rows_become_a_frame_where_pandas_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load(finished(tmp_path / "run"))
    stand_in = ModuleType("pandas")
    vars(stand_in)["DataFrame"] = list
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    assert run.scores.frame()[0]["victim"] == "toy <1>"
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pip install \"physadv\[frames\]\""):
        run.scores.frame()


def test_a_notebook_shows_rows_as_a_table(tmp_path: Path) -> None:
    table = load(finished(tmp_path / "run")).scores._repr_html_()
    assert "<th>victim</th>" in table
    assert "<td>toy &lt;1&gt;</td>" in table
    assert "<td>0.7</td>" in table
    assert Rows[ScoreRow]()._repr_html_() == "<p>no rows</p>"


def test_a_run_is_a_path(tmp_path: Path) -> None:
    run = load(finished(tmp_path / "run"))
    assert json.loads((Path(run) / "run.json").read_text())["seed"] == 3
