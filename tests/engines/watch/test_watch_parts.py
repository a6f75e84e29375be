"""Where the object is expected, what a film adds up to, what keys do, what the log holds."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.walk_by import SIZE_PX, face, seen
from physadv.app.config.watch_options import WatchConfig
from physadv.app.pipelines.watch import end_of
from physadv.core.errors import BadInput, BadOption
from physadv.core.types import Detections, Frame
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import Tally, bin_of, bin_words
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_log import FrameLog, read_log
from physadv.engines.watch.gallery import EVENLY, KeptFrame, Shelf
from physadv.engines.watch.loop import Loop
from physadv.engines.watch.summary import summary
from physadv.engines.watch.tracked_victim import ExpectedPlace, TrackedVictim
from physadv.library.report.pages.watch import cautions, write_watch_report
from physadv.library.report.watch_words import headline, said_aloud
from physadv.parts.frames.options import FrameOptions
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import LABELS, ToyDetector

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


def bare(index: int, *, success: bool | None, reported: bool = True) -> dict[str, Any]:
    """A frame without tags, the patch laid over."""
    made = line(index, printed=not reported, digital=success)
    made["boards"] = []
    made["views"]["filmed"]["success"] = None
    return made


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


@pytest.mark.parametrize(
    ("place", "reports", "counted"),
    [
        (ExpectedPlace((10, 10, 60, 110), by_tags=True), [], [True, True]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False), [[10, 10, 60, 110]], [None, True]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False, fresh=False), [[10, 10, 60, 110]], [None, None]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False), [[300, 10, 350, 110]], [None, None]),
        (None, [[10, 10, 60, 110]], [None, None]),
    ],
)
def test_success_counts_where_tags_or_a_report_of_this_frame_show_the_object(
    place: ExpectedPlace | None, reports: list[list[float]], counted: list[bool | None]
) -> None:
    tracked = TrackedVictim(ToyDetector(), Hide(HideConfig()), LABELS[0])
    assert tracked.judged([found(reports), found([])], place) == counted


def test_a_track_does_not_go_on_in_another_picture() -> None:
    tracked = TrackedVictim(ToyDetector(), Hide(HideConfig()), LABELS[0])
    first = tracked.numbered("filmed", found([[10, 10, 60, 110]]), 1)
    place = tracked.tracked((640, 480))
    assert place is not None
    assert place.fresh
    tracked.numbered("filmed", found([]), 1)
    stale = tracked.tracked((640, 480))
    assert stale is not None
    assert not stale.fresh
    tracked.forget()
    assert tracked.tracked((640, 480)) is None
    second = tracked.numbered("filmed", found([[10, 10, 60, 110]]), 1)
    assert second[0].track > first[0].track


@pytest.mark.parametrize(
    ("over", "cut_off", "frames", "dry", "said"),
    [
        (True, False, {}, False, "complete"),
        (False, True, {}, False, "cut off after max_frames=3"),
        (True, False, {"stop_s": 2.0}, False, "from 0 s to 2 s"),
        (True, False, {"start_s": 1.5}, False, "from 1.5 s to the end"),
        (True, False, {}, True, "dry run, one frame"),
    ],
)
def test_only_what_was_looked_at_whole_is_complete(
    over: bool, cut_off: bool, frames: dict[str, float], dry: bool, said: str
) -> None:
    options = WatchConfig(dry_run=dry, frames=FrameOptions(**frames))
    loop: Any = SimpleNamespace(cut_off=cut_off, max_frames=3)
    assert end_of(options, loop) == said


def test_a_film_that_ends_just_at_max_frames_is_not_cut_off() -> None:
    loop = Loop.__new__(Loop)
    for left, goes_on in ((0, False), (2, True)):
        loop.source = Spool(left)  # type: ignore[assignment]
        assert loop._goes_on() is goes_on


class Spool:
    """A source with so many frames left, which knows that it is over only after the next try."""

    def __init__(self, left: int) -> None:
        self.left, self.over = left, False

    def read(self, timeout_s: float) -> Frame | None:
        if self.left:
            self.left -= 1
            return Frame(0, 0.0, np.zeros((2, 2, 3), np.uint8))
        self.over = True
        return None


def found(boxes: list[list[float]]) -> Detections:
    return Detections(
        torch.tensor(boxes).reshape(-1, 4).float(), torch.full((len(boxes),), 0.9),
        torch.zeros(len(boxes), dtype=torch.int64),
    )  # fmt: skip


def test_frames_for_the_page_are_the_weakest_the_strongest_and_a_typical_one() -> None:
    shelf, drawn = Shelf(), []

    def draw(number: int) -> KeptFrame:
        drawn.append(number)
        return KeptFrame(number, keys[number], {}, ())

    keys = [0.5] * 400
    keys[120], keys[301] = 0.1, 0.9
    for key in keys:
        shelf.take(key, draw)
    assert shelf.weakest is not None
    assert shelf.strongest is not None
    assert (shelf.weakest.number, shelf.strongest.number) == (120, 301)
    assert abs(shelf.typical().number - 200) < 32
    assert len(shelf.spread) <= EVENLY
    assert len(drawn) < 80  # a long film is not drawn whole


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
