"""Recordings are read without opening anything that their owner, or who reads them, did not name."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from physadv.app.assembly.films import read_films
from physadv.core.errors import BadInput, BadOption
from physadv.engines.watch import recordings
from physadv.engines.watch.recordings import with_optics
from tests.app.assembly.watched import LINE, watched


def test_a_run_of_another_account_opens_what_lies_in_its_folder(tmp_path: Path) -> None:
    assert read_films([watched(tmp_path / "run", sealed=False)], [])[0].size_px == (320, 240)


@pytest.mark.parametrize("setting", ["source", "board", "camera", "record", "patch"])
def test_a_run_of_another_account_is_asked_for_what_lies_elsewhere(setting: str, tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=False, **{setting: "/elsewhere/a=1"})
    with pytest.raises(
        BadOption, match=rf"not recorded on this account.*{setting}=/elsewhere/a=1.*accept=\['\S*/elsewhere"
    ):
        read_films([run], [])


def test_frames_that_are_named_need_not_be_accepted(tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=False, source="/elsewhere/film.avi")
    assert read_films([run], ["here.avi"])[0].source == "here.avi"
    assert read_films([run], [], ["/elsewhere/film.avi"])[0].source == "/elsewhere/film.avi"


@pytest.mark.parametrize("sealed", [True, False])
def test_no_address_is_opened_and_no_variable_is_read(
    sealed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(recordings, "open_source", lambda text, options: opened.append(text))
    run = watched(tmp_path / "run", sealed=sealed, source="http://u:pw@127.0.0.1:9/${oc.env:HOME}")
    with caplog.at_level(logging.WARNING):
        (film,) = read_films([run], [])
    assert [seen.optics for seen in with_optics(film, 10)] == [None]
    assert opened == []
    assert "http://u:***@127.0.0.1:9/${oc.env:HOME}, which is not opened again" in caplog.text


BROKEN = {
    "no pose": [{**LINE, "boards": [{"role": "patch", "corners_px": []}]}],
    "no views": [{k: v for k, v in LINE.items() if k != "views"}],
    "text for numbers": [{**LINE, "size_px": ["a", None]}],
    "a list": [[1, 2]],
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_damaged_log_is_one_line(case: str, tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=True, lines=BROKEN[case])
    with pytest.raises(BadInput, match=r"frames\.jsonl"):
        read_films([run], [])


@pytest.mark.parametrize("text", ["", "[1]", "source: [", "max_frames: many", "{x: !!python/object:os.system {}}"])
def test_damaged_settings_are_one_line(text: str, tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=True)
    (run / "config" / "config.yaml").write_text(text)
    with pytest.raises(BadInput, match=r"config\.yaml") as said:
        read_films([run], [])
    assert "\n" not in str(said.value)


def test_a_bar_that_was_measured_later_scales_distances_and_boards(tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=True)
    (plain,), (scaled,) = read_films([run], []), read_films([run], [], measured_bar_mm=97.0)
    assert scaled.sights[0].seen.distance_m == pytest.approx(0.97 * plain.sights[0].seen.distance_m)
    assert scaled.sights[0].board.size_mm == pytest.approx((194.0, 97.0))
    assert scaled.success[0].distance_m == scaled.sights[0].seen.distance_m
    centre = plain.sights[0].seen.centre_px
    assert scaled.sights[0].seen.centre_px == pytest.approx(centre, abs=0.01)


def test_a_bar_that_watch_was_told_is_not_applied_twice(tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=True, measured_bar_mm=97.0)
    for told in (0.0, 97.0):
        (film,) = read_films([run], [], measured_bar_mm=told)
        assert film.sights[0].seen.distance_m == 5.0
        assert film.sights[0].board.size_mm == pytest.approx((194.0, 97.0))
    with pytest.raises(BadOption, match="was watched with 97"):
        read_films([run], [], measured_bar_mm=95.0)


def test_a_mirrored_film_is_named_as_the_reason(tmp_path: Path) -> None:
    run = watched(tmp_path / "run", sealed=True, lines=[{**LINE, "boards": []}])
    with pytest.raises(BadInput, match="Film nearer"):
        read_films([run], [])
    (run / "summary.json").write_text('{"mirrored": true}')
    with pytest.raises(BadInput, match="mirrored"):
        read_films([run], [])


def test_an_upright_film_keeps_the_lens_of_a_lying_one(tmp_path: Path) -> None:
    upright = read_films([watched(tmp_path / "a", sealed=True, lines=[{**LINE, "size_px": [240, 320]}])], [])[0]
    assert upright.field_of_view_deg == pytest.approx(46.8, abs=0.1)
    assert read_films([watched(tmp_path / "b", sealed=True)], [])[0].field_of_view_deg == pytest.approx(60)
