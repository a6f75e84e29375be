"""Where the object is expected, what a film adds up to, what keys do, what the log holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from physadv.errors import BadInput, BadOption
from physadv.pipelines.watch_controls import Controls
from physadv.pipelines.watch_expected import wearer
from physadv.pipelines.watch_log import FrameLog, read_log
from physadv.pipelines.watch_summary import summary
from physadv.pipelines.watch_tally import Tally, bin_of, bin_words
from physadv.report.watch import cautions, headline
from tests.pipelines.walkby import SIZE_PX, face, seen

SCALE = np.array([[0.5, 0, 100], [0, 0.5, 120], [0, 0, 1.0]])


def test_a_sign_is_expected_round_the_print_in_its_middle() -> None:
    box = wearer("stop", [], None).box(SCALE, (640, 480))
    assert box == pytest.approx((0, 0, 288, 308))  # 750 mm, half a pixel a millimetre, cut off by the picture


def test_a_person_reaches_far_below_the_print_on_the_chest() -> None:
    image_from_board = np.array([[0.2, 0, 300], [0, 0.2, 150], [0, 0, 1.0]])
    left, top, right, bottom = wearer("person", [], None).box(image_from_board, (640, 480)) or (0, 0, 0, 0)
    assert (right - left, bottom - top) == pytest.approx((120, 340))
    assert 150.5 - top == pytest.approx(0.34 * 340)


def test_a_person_seen_from_the_side_is_not_as_thin_as_a_board() -> None:
    turned = np.array([[0.02, 0, 300], [0, 0.2, 150], [0, 0, 1.0]])
    left, _, right, _ = wearer("person", [], None).box(turned, (640, 480)) or (0, 0, 0, 0)
    assert right - left == pytest.approx(70)


def test_the_projection_agrees_with_a_ray_drawn_picture() -> None:
    picture, image_from_sign = seen(face(None, None), 2.5, 25, 0.1)
    box = wearer("stop", [], None).box(image_from_sign, SIZE_PX) or (0, 0, 0, 0)
    red = (picture[..., 2].astype(int) - picture[..., 0]) > 60
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    drawn = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert box == pytest.approx(drawn, abs=5.5)  # the sign's rim is white


def test_an_object_of_which_little_is_in_the_picture_is_not_expected() -> None:
    away = np.array([[0.5, 0, -80], [0, 0.5, 240], [0, 0, 1.0]])
    assert wearer("stop", [], None).box(away, (640, 480)) is None
    behind = np.array([[0.5, 0, 300], [0, 0.5, 240], [0.004, 0, 1.0]])
    assert wearer("stop", [], None).box(behind, (640, 480)) is None


@pytest.mark.parametrize(
    ("label", "size", "at", "said"),
    [
        ("kite", [], None, "how large is a 'kite'"),
        ("stop", [1.0], None, "object_mm"),
        ("stop", [1.0, -2.0], None, "object_mm"),
        ("stop", [], [1.0], "board_at_mm"),
    ],
)
def test_sizes_that_are_not_known_are_asked_for(label: str, size: list[float], at: Any, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        wearer(label, size, at)


def test_bins_hold_what_their_words_say() -> None:
    assert bin_words([0.0, 2.0, 5.0], "m") == ["0 to 2 m", "2 to 5 m", "≥ 5 m"]
    assert [bin_of(v, [0.0, 2.0, 5.0]) for v in (0.0, 1.9, 2.0, 7.0, None)] == [0, 0, 1, 2, None]
    assert bin_words([-10.0, 10.0], "°") == ["< -10 °", "-10 to 10 °", "≥ 10 °"]
    assert [bin_of(v, [-10.0, 10.0]) for v in (-20.0, 0.0, 10.0)] == [0, 1, 2]


def line(index: int, *, printed: bool, digital: bool | None, distance_m: float = 3.0, track: int = 1) -> dict[str, Any]:
    """A frame in which the attack did or did not hide the object; nothing reported where it did."""
    box = [10.0, 10.0, 60.0, 110.0]

    def view(success: bool) -> dict[str, Any]:
        found = [] if success else [{"box": box, "label": "person", "score": 0.8, "track": track}]
        return {"detections": found, "expected": box, "success": success}

    pose = {"distance_m": distance_m, "yaw_deg": 5.0, "ambiguity": 0.1}
    views = {"filmed": view(printed)} | ({} if digital is None else {"patch": view(digital)})
    return {"index": index, "time_s": index / 10, "inferred_s": index / 10 + 0.02, "dropped": 0,
            "boards": [{"role": "patch", "pose": pose}], "views": views}  # fmt: skip


FACTS = {"name": "film", "goal": "hide", "object": "person", "ended": "complete", "reason": "", "camera": "test"}


def told(lines: list[dict[str, Any]]) -> dict[str, Any]:
    tally = Tally("person", "toy", [0.0, 2.0, 5.0], [-10.0, 10.0])
    for one in lines:
        tally.add(one)
    return summary(tally, FACTS, minimum_n=20, seed=0)


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


def test_a_film_without_frames_is_summed_up_too() -> None:
    content = told([])
    assert content["frames"] == 0
    assert headline(content).startswith("Nothing could be measured")


def test_the_log_survives_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    with FrameLog(tmp_path / "frames.jsonl", {"source": "x"}) as log:
        log.write(line(0, printed=True, digital=None))
        assert len((tmp_path / "frames.jsonl").read_text().splitlines()) == 2  # written at once
    with (tmp_path / "frames.jsonl").open("a") as file:
        file.write('{"index": 1, "tim')
    run, frames = read_log(tmp_path / "frames.jsonl")
    assert run == {"source": "x"}
    assert [frame["index"] for frame in frames] == [0]


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"hello": 1}) + "\n")
    with pytest.raises(BadInput, match="not a file that watch wrote"):
        read_log(tmp_path / "a.jsonl")


def test_keys_change_what_they_say() -> None:
    controls = Controls(overlay=True, victims=2)
    for command in ("pause", "overlay", "boxes", "detector", "snapshot", "snapshot", "more", "more", "less"):
        assert controls.press(command)
    assert (controls.paused, controls.overlay, controls.boxes, controls.shown) == (True, False, False, 1)
    assert controls.snapshot_wanted()
    assert not controls.snapshot_wanted()
    assert controls.moved(0.5) == pytest.approx(0.55)
    assert controls.moved(0.55) == 0.55
    assert not controls.press("reformat")


def test_without_a_patch_the_overlay_cannot_be_switched_on() -> None:
    controls = Controls(overlay=False, can_overlay=False)
    controls.press("overlay")
    assert not controls.overlay
