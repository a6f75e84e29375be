"""The report says the result in words, warns, escapes, and needs no network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput
from physadv.library.files.plain_json import plain
from physadv.library.report.cautions import caution, voiding
from physadv.library.report.pages.run import write_report
from physadv.library.report.pictures import contact_sheet
from physadv.library.report.plain_words import basis, headline, things
from physadv.library.report.plots import training_curves
from physadv.library.report.scores import scores_csv
from physadv.library.runs import record


def score(name: str, value: float | None, low: float, high: float, n: int = 100) -> dict[str, Any]:
    return {"name": name, "value": value, "low": low, "high": high, "n": n, "higher_is": "safer"}


def arm(name: str, success: float | None, n: int = 100) -> dict[str, Any]:
    scores = [score("AP", 0.4, 0.3, 0.5, n), score("AP50", 0.6, 0.5, 0.7, n), score("recall", 0.7, 0.6, 0.8, n)]
    if name != "clean":
        spread = (0.0, 1.0) if success is None else (max(success - 0.05, 0), min(success + 0.05, 1))
        scores.append(score("success", success, *spread, n))
    return {
        "condition": name,
        "scores": scores,
        "outcomes": {"detected": 7, "misclassified": 1, "badly localised": 0, "missed": 2},
        "bins": [
            {"by": "distance_m", "low": 5.0, "high": 10.0, "words": "5–10 m", "scores": scores[2:]},
            {"by": "distance_m", "low": 100.0, "high": None, "words": "≥ 100 m", "scores": scores[2:]},
        ],
    }


def scores(
    patch: float | None = 0.87, grey: float | None = 0.06, n: int = 100, name: str = "sign-nano"
) -> dict[str, Any]:
    made = [arm(c, v, n) for c, v in (("clean", None), ("grey", grey), ("random", grey), ("patch", patch))]
    return {
        "protocol": {
            "goal": "hide", "success": "it vanished", "labels": ["stop sign"], "truth_from": "annotations", "split": "",
            "images": 50, "draws": 2, "objects": n, "not_judged": 3, "patch_mm": [300.0, 200.0],
            "conditions": {"clean": "no patch", "patch": "the patch"}, "detected": "matched", "outcomes": "defined so",
            "average_precision": "COCO's", "intervals": "95 %", "seed": 0, "batch": 8,
        },
        "victims": [{"name": name, "file": "v", "digest": "abc123", "confidence": 0.4, "conditions": made}],
    }  # fmt: skip


def test_the_headline_is_a_sentence_with_interval_and_control() -> None:
    made = scores()
    assert headline(made["protocol"], made["victims"][0]) == (
        "The patch hides 87 % [82, 92] of the stop signs that sign-nano sees without it (n = 100); "
        "a plain grey patch of the same size hides 6 % [1, 11]."
    )
    assert not caution(made["protocol"], made["victims"])


def test_nothing_seen_is_said_and_not_divided_by_zero() -> None:
    made = scores(patch=None, grey=None, n=0)
    assert "sees none of the stop signs" in headline(made["protocol"], made["victims"][0])


def test_few_objects_and_strong_controls_are_called_out() -> None:
    few = scores(n=12)
    assert "Only n = 12" in caution(few["protocol"], few["victims"])[0]
    two = caution(few["protocol"], [*few["victims"], *scores(n=20, name="other")["victims"]])
    assert two[0].startswith("Only n = 12 objects (sign-nano 12, other 20).")


def test_a_control_is_held_against_the_patch_by_their_paired_difference() -> None:
    made = scores(patch=0.5, grey=0.45)  # the single intervals overlap
    row = {"score": "success", "minus": "grey", "value": 0.05, "low": 0.02, "high": 0.08, "n": 100}
    made["victims"][0]["conditions"][-1]["differences"] = [row]
    assert not caution(made["protocol"], made["victims"])
    row["low"] = -0.01
    (said,) = caution(made["protocol"], made["victims"])
    assert said.startswith("Covering alone may explain the effect")
    assert "sign-nano: +5 points [-1, 8] against grey" in said


def test_where_there_is_no_effect_nothing_has_to_explain_it() -> None:
    made = scores(patch=0.0, grey=0.0)
    row = {"score": "success", "minus": "grey", "value": 0.0, "low": -0.04, "high": 0.04, "n": 100}
    made["victims"][0]["conditions"][-1]["differences"] = [row]
    assert not caution(made["protocol"], made["victims"])


def test_photos_that_were_optimised_on_void_the_figures() -> None:
    made = scores()
    relation = {"words": "all 20 photos that are judged on were optimised on", "seen": 20, "pictures": 20}
    assert voiding(made["protocol"] | {"relations": {"patch": relation}})[0].startswith(
        "All 20 photos were optimised on"
    )
    assert voiding(made["protocol"] | {"relations": {"patch": relation | {"seen": 3}}})[0].startswith("3 of 20 photos")
    assert not voiding(made["protocol"] | {"relations": {"patch": relation | {"seen": 0}}})
    unknown = {"words": "it is not known which photos the patch was optimised on", "seen": None, "pictures": 9}
    said = caution(made["protocol"] | {"relations": {"patch": unknown}}, made["victims"])
    assert "Nobody can say" in said[0]


def test_rivals_stand_in_the_headline_and_its_basis_is_told() -> None:
    made = scores()
    made["victims"][0]["conditions"].append(arm("thys", 0.4) | {"role": "patch"})
    assert headline(made["protocol"], made["victims"][0]).endswith("; thys hides 40 % [35, 45].")
    told = made["protocol"] | {"photos": 13, "objects": 14, "covers": 0.318, "smallest_px": 12.0}
    assert basis(told) == (
        "Judged on 14 stop signs in 13 pictures; the patch covers 0.32 of one's box; the smallest is 12 px high."
    )
    assert basis(made["protocol"]) == ""


def test_what_voids_the_figures_stands_above_the_first_picture_and_the_rest_below(tmp_path: Path) -> None:
    made = scores(n=12)
    made["protocol"]["relations"] = {"patch": {"words": "", "seen": 2, "pictures": 4}}
    above, _, below = filled(tmp_path, made).partition("What the detector saw")
    assert "2 of 4 photos were optimised on" in above
    assert "Read the intervals, not the values" in below
    assert "Read the intervals, not the values" not in above


def test_several_things_are_named_in_the_plural() -> None:
    assert things(["person"]) == "people"
    assert things(["bus", "stop sign"]) == "buses and stop signs"


class Links(HTMLParser):
    """Collects what a browser would fetch, and checks that tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.fetched += [str(values[k]) for k in ("src", "srcset", "data", "poster", "action") if k in values]
        self.fetched += [str(values["href"])] if tag == "link" else []
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.remove(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def filled(folder: Path, content: dict[str, Any]) -> str:
    (folder / "scores.json").write_text(json.dumps(content))
    (folder / "curves.csv").write_text("step,loss,success,held_out,seconds\n0,2.5,0.1,2.4,0.1\n1,1.5,0.4,,0.1\n")
    tile = contact_sheet.ArmTile(
        "clean", torch.rand(3, 40, 60), (contact_sheet.ReportMark((5, 5, 20, 30), "stop sign", 0.9, True),)
    )
    contact_sheet.sheet(
        [contact_sheet.ObjectRow("typical", "12 m", "stop sign", (5, 5, 20, 30), (tile,))], folder / "contact.png"
    )
    record.write(folder, record.RunRecord("generate", "<b>bold</b>", 0, config={"patch": {"width_mm": 300}}))
    return write_report(folder).read_text()


def test_the_page_is_complete_in_itself_and_well_formed(tmp_path: Path) -> None:
    html = filled(tmp_path, scores())
    links = Links()
    links.feed(html)
    assert not links.open
    assert links.fetched
    assert all(source.startswith("data:image/png;base64,") for source in links.fetched)
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"@import|url\(", style)
    assert html.count('class="plot"') == 4  # headline, success and recall by distance, the attack's curves
    for words in ("What the detector saw", "5–10 m", "AP50", "300 × 200 mm", "abc123", "patch.width_mm"):
        assert words in html


def test_screen_and_print_stand_side_by_side(tmp_path: Path) -> None:
    assert "On screen and in print" not in filled(tmp_path, scores())
    rows = [{"words": "asked <for>", "mean": 3.21, "p95": 8.04, "max": 12.0, "share_visible": 0.614}]
    proof = {"ink": "offset on <coated> paper", "visible": 2.3, "rows": rows}
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    for name, colour in (("patch", "red"), ("proof", "brown")):
        Image.new("RGB", (3, 2), colour).save(tmp_path / f"{name}.png")
    html = filled(tmp_path, scores())
    links = Links()
    links.feed(html)
    assert not links.open
    for words in (
        "On screen and in print",
        "offset on &lt;coated&gt; paper",
        "asked &lt;for&gt;",
        "3.2",
        "8.0",
        "61 %",
    ):
        assert words in html


def test_names_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    html = filled(tmp_path, scores(name='<script>alert("$x$")</script>'))
    assert '<script>alert("' not in html
    assert "<b>bold" not in html
    assert html.count("<script>") == 1


def test_a_page_is_made_from_whatever_is_there(tmp_path: Path) -> None:
    record.write(tmp_path, record.RunRecord("generate", "early", 0))
    assert "was not judged" in write_report(tmp_path).read_text()
    (tmp_path / "scores.json").write_text("{")
    with pytest.raises(BadInput, match=r"scores\.json. is not valid JSON"):
        write_report(tmp_path)
    (tmp_path / "scores.json").write_text('{"protocol": {"goal": "hide"}, "victims": []}')
    with pytest.raises(BadInput, match="not one that this version writes"):
        write_report(tmp_path)


def test_an_empty_folder_and_a_missing_one_explain_themselves(tmp_path: Path) -> None:
    for folder, named in ((tmp_path, "neither run.json nor scores.json"), (tmp_path / "gone", "no run folder")):
        with pytest.raises(BadInput, match=named):
            write_report(folder)


def test_the_record_says_versions_and_has_no_nan(tmp_path: Path) -> None:
    made = record.RunRecord("evaluate", "x", 3, seconds=float("nan"), victims=[{"name": "v", "digest": "d"}])
    content = json.loads(record.write(tmp_path, made).read_text(), parse_constant=pytest.fail)
    assert content["environment"]["packages"]["torch"]
    assert (content["seed"], content["seconds"]) == (3, None)
    assert record.read(tmp_path) == content


def test_a_digest_changes_with_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")
    first, second = record.digest([tmp_path / "a"]), record.digest([tmp_path / "b"])
    assert first != second
    assert record.digest([tmp_path / "b", tmp_path / "a"]) == record.digest([tmp_path / "a", tmp_path / "b"])


def test_the_spreadsheet_has_one_row_a_score(tmp_path: Path) -> None:
    lines = scores_csv(scores()).splitlines()
    assert len(lines) == 1 + 4 * 3 + 3 + 2 * (4 + 3)
    assert "sign-nano,patch,success,,,,0.87,0.82,0.92,100,safer" in lines
    assert plain({"x": float("inf")}) == {"x": None}


def test_curves_without_rows_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("step,loss,success,held_out,seconds\n")
    assert training_curves.curves(tmp_path / "curves.csv") is None
    (tmp_path / "curves.csv").write_text("step,loss\n0,one\n")
    with pytest.raises(BadInput, match="not a table of curves"):
        training_curves.curves(tmp_path / "curves.csv")


def test_the_view_holds_the_object_and_stays_inside() -> None:
    for box in ((0, 0, 10, 20), (600, 400, 640, 480), (10, 10, 630, 470)):
        left, top, right, bottom = contact_sheet.view_of(box, (640, 480))
        assert 0 <= left <= max(box[0], 0) + 1e-6
        assert right <= 640 + 1e-6
        assert bottom <= 480 + 1e-6
        assert (right - left) / (bottom - top) == pytest.approx(4 / 3)
