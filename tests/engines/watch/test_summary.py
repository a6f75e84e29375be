"""What a film adds up to: success, doubts, cautions and gaps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from physadv.engines.watch.counts import bin_of, bin_words
from physadv.library.report.pages.watch import cautions, write_watch_report
from physadv.library.report.watch_words import headline, said_aloud
from tests.engines.watch.lines import bare, line, told


def test_bins_hold_what_their_words_say() -> None:
    assert bin_words([0.0, 2.0, 5.0], "m") == ["0 to 2 m", "2 to 5 m", "≥ 5 m"]
    assert [bin_of(v, [0.0, 2.0, 5.0]) for v in (0.0, 1.9, 2.0, 7.0, None)] == [0, 0, 1, 2, None]
    assert bin_words([-10.0, 10.0], "°") == ["< -10 °", "-10 to 10 °", "≥ 10 °"]
    assert [bin_of(v, [-10.0, 10.0]) for v in (-20.0, 0.0, 10.0)] == [0, 1, 2]


def test_the_gap_is_the_overlays_success_minus_the_prints_on_the_same_frames() -> None:
    content = told([line(i, printed=i % 4 == 0, digital=i % 2 == 0) for i in range(80)])
    victim = content["victims"][0]
    found = {c["condition"]: c["success"]["value"] for c in victim["conditions"]}
    assert found == {"print": 0.25, "patch": 0.5}
    gap = victim["gap"]["all"]
    assert gap["value"] == pytest.approx(0.25)
    assert gap["low"] <= 0.25 <= gap["high"]
    assert (gap["n"], gap["blocks"]) == (80, 8)
    assert "patch minus print +25 points" in headline(content)


def test_a_control_that_does_as_much_is_a_caution() -> None:
    lines = [line(i, printed=True, digital=True) for i in range(40)]
    assert not any("covering" in text for text in cautions(told(lines)))
    for one in lines:
        one["views"]["grey"] = one["views"]["patch"]
    assert any("covering the object" in text for text in cautions(told(lines)))


def test_one_second_of_film_gives_no_interval_of_the_gap() -> None:
    content = told([line(i, printed=False, digital=True) for i in range(9)])
    gap = content["victims"][0]["gap"]["all"]
    assert (gap["value"], gap["low"], gap["high"]) == (1.0, None, None)
    assert "+100 points [?, ?]" in headline(content)


def test_frames_of_one_second_are_drawn_together() -> None:
    """A print that works in some seconds and not in others: far less is known than from as many lone frames."""
    slow = told([line(i, printed=(i // 10) % 2 == 0, digital=True) for i in range(200)])["victims"][0]["gap"]["all"]
    quick = told([line(i, printed=i % 2 == 0, digital=True) for i in range(200)])["victims"][0]["gap"]["all"]
    assert slow["value"] == quick["value"] == 0.5
    assert slow["high"] - slow["low"] > 3 * (quick["high"] - quick["low"])


def test_success_is_counted_in_bins_of_distance_and_yaw() -> None:
    lines = [line(i, printed=True, digital=None, distance_m=1.0) for i in range(5)]
    lines += [line(5 + i, printed=False, digital=None, distance_m=4.0) for i in range(15)]
    content = told(lines)
    shown = content["victims"][0]["conditions"][0]
    assert content["distance_words"] == ["0 to 2 m", "2 to 5 m"]
    assert [(c["value"], c["n"]) for c in shown["by_distance"]] == [(1.0, 5), (0.0, 15)]
    assert shown["cells"] == [shown["by_distance"]]
    assert content["victims"][0]["gap"] is None


def test_steadiness_counts_runs_losses_and_changes_of_number() -> None:
    hidden = [True, True, False, False, False, True, False, False]
    tracks = [1, 1, 1, 1, 1, 1, 2, 2]
    lines = [line(i, printed=h, digital=None, track=t) for i, (h, t) in enumerate(zip(hidden, tracks, strict=True))]
    steady = told(lines)["victims"][0]["steadiness"][0]
    assert steady["first_detection_s"] == pytest.approx(0.2)
    assert (steady["longest_detected"], steady["longest_missed"]) == (3, 2)
    assert (steady["fragmentations"], steady["identity_switches"]) == (1, 1)


def test_an_alarm_that_goes_on_is_one_alarm() -> None:
    frames = [line(index, printed=False, digital=None) for index in range(10)]
    for index, score in enumerate([0.2, 0.9, 1.0, 1.1, 1.3, 0.4, 2.0, 0.1, 0.1, 0.1]):
        frames[index]["views"]["filmed"]["alarm"] = score
    (row,) = told(frames)["victims"][0]["alarms"]
    assert (row["condition"], row["alarms"]["value"], row["alarms"]["n"]) == ("print", 0.3, 10)
    assert row["first_s"] == pytest.approx(0.3)
    assert row["per_hour"] == pytest.approx(2 * 3600 / 0.9)
    assert told([line(0, printed=False, digital=None)])["victims"][0]["alarms"] == []


def test_a_film_without_frames_is_summed_up_too() -> None:
    content = told([])
    assert content["frames"] == 0
    assert headline(content).startswith("Nothing could be measured")


def test_without_a_patch_there_is_no_success_to_tell() -> None:
    lines = [bare(i, success=None, reported=i % 2 == 0) for i in range(10)]
    content = told(lines)
    assert content["victims"][0]["conditions"] == []
    assert headline(content) == (
        "toy reports people in 5 of 10 frames. There was no patch, on paper or laid over, so there is no success to "
        "count."
    )


def test_the_patch_laid_over_counts_only_where_the_object_is_found_as_filmed() -> None:
    lines = [bare(i, success=True) for i in range(10)]
    for one in lines[4:]:
        one["views"]["patch"]["success"] = None
    content = told(lines)
    shown = content["victims"][0]["conditions"]
    assert [(c["condition"], c["success"]["n"]) for c in shown] == [("patch", 4)]


def test_what_is_never_reported_is_not_called_hidden() -> None:
    content = told([line(i, printed=True, digital=True) for i in range(40)])
    assert not content["victims"][0]["sighted"]
    assert headline(content).startswith("Nothing could be measured: toy reports no person in any of 40 frames")


def doubted(share: float, box: list[float], assumed: dict[str, Any]) -> dict[str, Any]:
    """Of 20 successes of the print, a share in which the detector reports such an object in a box."""
    lines = [line(i, printed=True, digital=None) for i in range(20)]
    for one in lines:
        one["boards"][0]["corners_px"] = [[30, 50], [40, 50], [40, 60], [30, 60]]
    for one in lines[: round(20 * share)]:
        one["views"]["filmed"]["detections"] = [{"box": box, "label": "person", "score": 0.93, "track": 1}]
    return told(lines) | assumed


ASSUMED = {"object_mm": [500.0, 1000.0], "board_at_mm": [0.0, -150.0]}


def test_reports_round_a_larger_object_put_success_in_doubt_and_tell_its_size() -> None:
    content = doubted(0.5, [-15.0, -40.0, 85.0, 160.0], ASSUMED)  # twice the expected box, about the same centre
    assert "print 100 % [84, 100] (in doubt: 10 of 20)" in headline(content)
    assert "Assumed: a person of 500 × 1000 mm, with the print 0 mm right of and 150 mm above" in headline(content)
    (said,) = [text for text in cautions(content) if "counted as success" in text]
    assert "In 10 of 20 frames counted as success (print), toy does report a person, at up to 0.93" in said
    assert "The reports fit object_mm=[1000,2000] board_at_mm=[0,-150]" in said
    assert said_aloud(content) == [said]


def test_a_report_over_the_print_but_far_from_the_expected_box_is_a_doubt_too() -> None:
    content = doubted(0.5, [29.0, 49.0, 41.0, 61.0], ASSUMED)
    assert "in doubt: 10 of 20" in headline(content)


@pytest.mark.parametrize(("share", "box"), [(0.05, [-15.0, -40.0, 85.0, 160.0]), (1.0, [300.0, 10.0, 350.0, 110.0])])
def test_a_lone_report_or_one_elsewhere_is_no_doubt(share: float, box: list[float]) -> None:
    content = doubted(share, box, ASSUMED)
    assert "in doubt" not in headline(content)
    assert said_aloud(content) == []


def test_a_neighbour_who_is_seen_as_filmed_too_is_no_doubt() -> None:
    lines = [bare(i, success=True) for i in range(20)]
    for one in lines:
        beside = {"box": [40.0, 10.0, 90.0, 110.0], "label": "person", "score": 0.9, "track": 2}
        one["views"]["filmed"]["detections"].append(beside)
        one["views"]["patch"]["detections"] = [beside]
    assert told(lines)["victims"][0]["doubts"] == []
    for one in lines:
        one["views"]["filmed"]["detections"].pop()
    (row,) = told(lines)["victims"][0]["doubts"]
    assert (row["condition"], row["doubtful"]) == ("patch", 20)


def test_a_control_on_the_same_frames_is_compared_frame_by_frame() -> None:
    """Intervals that overlap do not matter where the patch wins in the very frames in which grey fails."""
    lines = [line(i, printed=False, digital=i % 10 < 6) for i in range(100)]
    for i, one in enumerate(lines):
        one["views"]["grey"] = line(i, printed=i % 10 < 4, digital=None)["views"]["filmed"]
    assert not any("covering" in text for text in cautions(told(lines)))
    for one in lines:
        one["views"]["grey"] = one["views"]["patch"]
    assert any("patch minus grey is +0 points" in text for text in cautions(told(lines)))


def test_pictures_outside_the_run_folder_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "run" / "frames").mkdir(parents=True)
    shot = {"pick": "best", "index": 0, "time_s": 0.0, "distance_m": None, "yaw_deg": None,
            "pictures": [{"condition": "print", "outcome": "", "file": "../../secret.jpg"}]}  # fmt: skip
    times = dict.fromkeys(("fps", "detect_ms", "overlay_ms", "rest_ms"), 1.0)
    facts = {"shots": [shot], "times": times, "source": "x", "live": False, "patch": None, "boards": None, "seed": 0,
             "object_mm": None, "board_at_mm": None, "victims_asked": [], "started": ""}  # fmt: skip
    content = told([line(0, printed=False, digital=None)]) | facts
    (tmp_path / "run" / "summary.json").write_text(json.dumps(content))
    page = write_watch_report(tmp_path / "run").read_text()
    assert "Where the attack does best" in page
    assert "c2VjcmV0" not in page
