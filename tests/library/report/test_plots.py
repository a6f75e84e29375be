"""Plots are what plotly understands, say what they show in words and numbers, and mark what is little known."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from physadv.core.errors import BadInput
from physadv.library.report.grid_words import in_numbers, reach
from physadv.library.report.plain_words import amount, difference, grid_caution, shown
from physadv.library.report.plots import grid_plots, score_plots, training_curves
from physadv.library.report.plots.figure import Plot, csv_uri, styles
from physadv.library.report.plots.intervals import Groups, points
from tests.library.report.folders import grid, score, scores


def table(plot: Plot) -> list[dict[str, str]]:
    text = base64.b64decode(plot.csv_uri.partition("base64,")[2]).decode()
    return list(csv.DictReader(io.StringIO(text)))


def every_plot(tmp_path: Path) -> list[Plot]:
    made, victims = scores(), scores()["victims"]
    path = tmp_path / "curves.csv"
    path.write_text("step,loss,success,held_out,seconds\n0,2.5,0.1,2.4,0.1\n1,1.5,0.4,,0.1\n")
    found = [
        score_plots.headline_bars(victims[0], 30), score_plots.over_victims(victims, "AP50", 30),
        score_plots.errors(victims[0], 30),
        score_plots.by_bin(victims[0], "success", 30), score_plots.transfer(made["transfer"], "success", 30),
        score_plots.transfer(made["transfer"], "AP50", 30), training_curves.curves(path),
        *grid_plots.curves(grid(), 30)["success"],
        *grid_plots.maps(grid(), 30),
    ]  # fmt: skip
    kept = [plot for plot in found if plot]
    assert len(kept) == len(found)
    return kept


def test_plotly_knows_every_setting_and_every_plot_has_its_table(tmp_path: Path) -> None:
    for plot in every_plot(tmp_path):
        go.Figure(plot.spec)  # raises on a setting that plotly does not know
        assert plot.says
        assert len(table(plot)) == len(plot.rows) > 0
        assert all(len(row) == len(plot.columns) for row in plot.rows)


def test_the_numbers_of_a_plot_are_those_of_the_judgement() -> None:
    made = scores()
    plot = score_plots.by_bin(made["victims"][0], "recall", 30)
    assert plot is not None
    near = next(row for row in table(plot) if row["condition"] == "patch" and row["distance"] == "5–10 m")
    bins = made["victims"][0]["conditions"][3]["bins"]
    assert float(near["low"]) == pytest.approx(bins[0]["scores"][0]["low"], rel=1e-4)


def test_points_of_few_objects_are_hollow() -> None:
    plot = score_plots.by_bin(scores()["victims"][0], "success", 30)
    assert plot is not None
    for trace in plot.traces:
        assert [symbol.endswith("-open") for symbol in trace["marker"]["symbol"]] == [False, False, True]
    lines = grid_plots.curves(grid(), 30)["success"][0].traces
    assert [symbol.endswith("-open") for symbol in lines[0]["marker"]["symbol"]] == [False, False, False, True]


def test_the_names_of_eight_victims_have_room_on_a_page() -> None:
    names = [f"a_detector_with_a_rather_long_name-{number}" for number in range(8)]
    found = {"name": "success", "value": 0.5, "low": 0.4, "high": 0.6, "n": 90, "higher_is": "attacked"}
    table = {"success": {"columns": names, "rows": ["patch", "grey"], "cells": [[found] * 8] * 2}, "trained_on": {}}
    plot = score_plots.transfer(table, "success", 30)
    assert plot is not None
    assert plot.min_width_px < 900  # of the page's 944
    assert plot.height_px >= 8 * 60
    lines = [line for words in plot.layout["yaxis"]["ticktext"] for line in words.split("<br>")]
    assert max(map(len, lines)) <= 29


def test_cells_of_few_objects_are_grey_and_never_written_twice() -> None:
    (plot,) = grid_plots.maps(grid(), 30)
    sure, few = plot.traces
    assert [value is None for value in sure["z"][2]] == [False, False, False, True]
    assert [value is None for value in few["z"][2]] == [True, True, True, False]
    for row in range(len(sure["z"])):
        for column in range(len(sure["z"][row])):
            assert not (sure["text"][row][column] and few["text"][row][column])
    assert few["text"][4][3] == ""  # never measured


def test_the_transfer_matrix_frames_the_victims_a_patch_was_optimised_on() -> None:
    plot = score_plots.transfer(scores()["transfer"], "success", 30)
    assert plot is not None
    assert plot.layout["xaxis"]["ticktext"] == ["grey", "random", "patch", "seed-1"]  # clean has no success
    assert plot.layout["yaxis"]["ticktext"][0] == "sign-nano"
    frames = [(round((s["x0"] + s["x1"]) / 2), round((s["y0"] + s["y1"]) / 2)) for s in plot.layout["shapes"]]
    assert frames == [(2, 0), (3, 1)]
    assert plot.traces[0]["reversescale"] is False
    weaker = score_plots.transfer(scores()["transfer"], "AP50", 30)
    assert weaker is not None
    assert weaker.traces[0]["reversescale"] is True  # darker is more attacked, also where lower is


def test_what_was_not_measured_makes_no_plot() -> None:
    old = scores(victims=["one"])
    for arm in old["victims"][0]["conditions"]:
        arm.pop("errors")
        arm["bins"] = []
    assert score_plots.errors(old["victims"][0], 30) is None
    assert score_plots.by_bin(old["victims"][0], "success", 30) is None
    assert score_plots.over_victims(old["victims"], "success", 30) is None
    assert score_plots.transfer(None, "success", 30) is None


def test_an_axis_that_is_not_listed_is_named() -> None:
    broken = grid()
    broken["axes"] = broken["axes"][1:]
    with pytest.raises(BadInput, match="'distance_m'"):
        grid_plots.curves(broken, 30)


def test_every_arm_has_a_look_of_its_own() -> None:
    looks = styles(["clean", "grey", "random", "patch", "a", "b", "c"])
    assert len({(look.colour, look.symbol) for look in looks.values()}) == 7


def test_a_spreadsheet_does_not_run_names() -> None:
    text = base64.b64decode(csv_uri(["name"], [["=1+1"], ["fine"], [-0.5]]).partition("base64,")[2]).decode()
    assert text.splitlines() == ["name", "'=1+1", "fine", "-0.5"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("success", 0.53, "53 % ["), ("AP50", 0.53, "0.530 ["), ("L2", 1234.5, "1\u202f234 ["), ("success", None, "–")],
)
def test_shares_are_in_percent_and_the_rest_is_not(name: str, value: float | None, words: str) -> None:
    assert shown(score(name, value)).startswith(words)


def test_an_end_that_is_not_known_is_a_question_mark() -> None:
    assert amount({"name": "success", "value": 0.5, "low": None, "high": 0.6, "n": 3}) == "50 % [?, 60]"


def test_differences_have_their_sign() -> None:
    found: dict[str, Any] = {"score": "success", "value": 0.41, "low": 0.28, "high": 0.53}
    assert difference(found) == "+41 points [28, 53]"
    assert difference({"score": "AP", "value": -0.2, "low": -0.3, "high": 0.1}) == "-0.200 [-0.300, 0.100]"


def test_the_reach_is_told_in_a_sentence_and_only_of_patches() -> None:
    sentence = "Against sign-nano, the patch reaches 50 % success at this distance: 4–12 m"
    assert reach(grid()) == f"{sentence}."
    sure = grid()
    sure["usable"][0]["surely"] = "4–8 m"
    assert reach(sure) == f"{sentence}; by the interval's low end: 4–8 m."
    assert reach({}) == ""
    nowhere = grid()
    nowhere["usable"][0].update(low=None, high=None, words="nowhere")
    assert reach(nowhere) == "Against sign-nano, the patch reaches 50 % success nowhere on the grid."


def test_the_numbers_of_a_grid_fit_into_lines() -> None:
    head, line = in_numbers(grid())
    assert head == "success of the patch against sign-nano (a grey one in brackets):"
    assert line.startswith("distance_m [m]  ")
    assert " %" in line
    assert line.endswith("at least 50 %: 4–12 m")
    assert in_numbers({}) == []


def test_few_objects_and_strong_controls_on_a_grid_are_called_out() -> None:
    assert ["n = 12" in text for text in grid_caution(grid(), 30)] == [True]
    strong = grid()
    strong["usable"][1].update(low=5, high=10, words="5–10 m")
    assert "A control reaches the limit too (distance)" in grid_caution(strong, 5)[0]


def test_a_grid_shows_success_of_patches_first() -> None:
    made = grid()
    recall = {**made["maps"][0], "score": "recall"}
    control = {**made["maps"][0], "condition": "grey"}
    made["maps"] = [recall, control, *made["maps"]]
    assert [plot.title.rpartition(", ")[2] for plot in grid_plots.maps(made, 30)] == ["patch", "grey", "patch"]
    made["curves"] = [{**made["curves"][0], "score": "recall"}, *made["curves"]]
    assert list(grid_plots.curves(made, 30)) == ["success", "recall"]


def test_the_legend_counts_every_object_where_the_groups_share_them_out() -> None:
    """40 frames near and 20 far are a film of 60, not one of 40; 40 objects in each of two victims are 40."""
    series = {"print": [score("success", 0.5, 40), score("success", 0.5, 20)]}
    for shared_out, n in ((True, 60), (False, 40)):
        groups = Groups("distance", ("near", "far"), counted=False, shared_out=shared_out)
        plot = points("success", "success", groups, series, minimum_n=5)
        assert plot.traces[0]["name"] == f"print (n = {n})"
