"""The page for a slide deck says what the report says, whole and without a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from physadv.app.pipelines.report import report_command
from physadv.core.errors import BadInput, BadOption
from physadv.library.report.summary_page import write_summary
from tests.library.report.folders import grid, save_pictures, save_run, scores


def text_of(pdf: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (poppler-utils) to read the PDF")
    made = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True)
    return " ".join(made.stdout.decode().split())


@pytest.mark.slow
def test_a_run_becomes_one_page_in_two_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = scores(n=20)
    judged["protocol"]["relations"] = {"patch": {"seen": 50, "pictures": 50}}
    run = save_run(tmp_path / "run", content=judged, sweep=False)
    save_pictures(run)
    assert report_command([str(run), "summary=true"]) == 0
    assert "summary.pdf" in capsys.readouterr().out
    with pikepdf.open(run / "summary.pdf") as pdf:
        (page,) = pdf.pages
        assert [round(float(edge) / 72, 2) for edge in page.MediaBox] == [0, 0, 13.33, 7.5]
    words = text_of(run / "summary.pdf")
    for said in ("The patch hides", "grey", "Caution. All 50 photos were optimised on", "seed", "clean:"):
        assert said in words
    with Image.open(run / "summary.png") as picture:
        assert picture.size[1] == 1080
        assert np.asarray(picture.convert("L")).std() > 10


@pytest.mark.slow
def test_a_grid_becomes_curves(tmp_path: Path) -> None:
    run = tmp_path / "grid"
    run.mkdir()
    (run / "grid.json").write_text(json.dumps(grid()))
    write_summary(run)
    assert "distance, m" in text_of(run / "summary.pdf")


@pytest.mark.slow
def test_odd_names_are_drawn_and_not_read(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run", sweep=False)
    judged = json.loads((run / "scores.json").read_text())
    for number, victim in enumerate(judged["victims"]):
        victim["name"] = f"$x^2_{number}$ 中 " + "long_name-" * 12
    (run / "scores.json").write_text(json.dumps(judged))
    write_summary(run)
    assert "$x^2_0$ ?" in text_of(run / "summary.pdf")


def test_what_has_no_summary_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to report"):
        write_summary(tmp_path)
    (tmp_path / "scores.json").write_text('{"victims": [1]}')
    with pytest.raises(BadInput, match="Judge again"):
        write_summary(tmp_path)
    assert not (tmp_path / "summary.pdf").exists()
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(BadInput, match="watch"):
        report_command([str(tmp_path), "summary=true"])
    with pytest.raises(BadOption, match="true or false"):
        report_command([str(tmp_path), "summary=yes"])


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["here", "sumary=true"], "no option 'sumary' here. Did you mean 'summary'"),
        (["compare", "here", "here", "outt=a.html"], "no option 'outt' here. Did you mean 'out'"),
        (["compare", "here", "here", "summary=true"], "no option 'summary' here. See"),
    ],
)
def test_a_mistyped_option_is_not_taken_for_a_folder(args: list[str], named: str) -> None:
    with pytest.raises(BadOption, match=named):
        report_command(args)
