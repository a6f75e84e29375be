"""What was seen is kept batch by batch: a judgement that was stopped goes on and ends as if it had not been."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from physadv.core.types import Candidates, Detections, PatchImage, SceneBatch
from physadv.engines.judging.clean_cache import CleanCache
from physadv.engines.judging.collect import Keeping, observe
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.shards import Shards
from physadv.engines.judging.trial import Trial
from physadv.engines.judging.views import VictimUnderTest, ViewSource
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.patches.controls import arms
from tests.engines.judging.toy_trial import SeeThrough, quiet
from tests.toys import ToyDetector, ToyScenes

PATCH = PatchImage(torch.full((3, 8, 8), 0.42), torch.ones(1, 8, 8), 16.0)


class Stopped(Exception):
    """The user pressed Ctrl-C."""


@dataclass(frozen=True)
class Counted(ToyDetector):
    """Counts the pictures it is shown, and stops the run after so many."""

    shown: list[int] = field(default_factory=list, hash=False, compare=False)
    until: int = 1_000_000

    def outputs(self, images: Tensor) -> Candidates:
        if sum(self.shown) >= self.until:
            raise Stopped
        self.shown.append(len(images))
        return super().outputs(images)


def trial(victim: ToyDetector, **changes: Any) -> Trial:
    options: dict[str, Any] = {"batch": 2, "draws": 2, "resamples": 20, "fingerprint": "toys"} | changes
    goal = Hide(HideConfig())
    return Trial(PATCH, ToyScenes(8), SeeThrough(), [victim], goal, "hide", 3, torch.device("cpu"), **options)


@pytest.mark.slow
def test_a_stopped_judgement_goes_on_where_it_was_and_gives_the_same_numbers(tmp_path: Path) -> None:
    evaluate(trial(Counted()), tmp_path / "whole", quiet)
    with pytest.raises(Stopped):
        evaluate(trial(Counted(until=40)), tmp_path / "cut", quiet)
    assert len(list((tmp_path / "cut" / "observed" / "0").glob("*.npz"))) == 2
    again, seen = Counted(), list[tuple[int, int]]()
    evaluate(trial(again), tmp_path / "cut", lambda done, total: seen.append((done, total)))
    assert sum(again.shown) < 2 * 2 * 8 * 4 * 0.8  # of arms, draws and images; some for the pictures
    assert seen[0] == (4, 8)
    scores = [(tmp_path / run / "scores.json").read_text() for run in ("whole", "cut")]
    assert scores[0] == scores[1]
    assert not (tmp_path / "cut" / "observed").exists()


@pytest.mark.slow
def test_batches_of_another_judgement_are_not_taken_for_this_one(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        evaluate(trial(Counted(until=40)), tmp_path, quiet)
    seen: list[tuple[int, int]] = []
    evaluate(trial(Counted(), fingerprint="others"), tmp_path, lambda d, t: seen.append((d, t)))
    assert seen[0] == (2, 8)


def test_a_broken_batch_is_seen_again(tmp_path: Path) -> None:
    shards = Shards(tmp_path, "key").opened()
    for index in range(3):
        shards.write(index, {"x": np.arange(index)})
    (tmp_path / "000001.npz").write_bytes(b"half a file")
    assert shards.done() == 1
    assert Shards(tmp_path, "another").opened().done() == 0


def test_clean_detections_are_found_once_for_all_runs(tmp_path: Path) -> None:
    cache, first = CleanCache(tmp_path / "clean"), Counted()
    showing = ViewSource(ToyScenes(4), SeeThrough(), 2, 1, 0, 0, torch.device("cpu"))
    results = []
    for victim in (first, Counted()):
        watched = [VictimUnderTest(victim, Hide(HideConfig()).bound(victim.labels), 0.5, "toy")]
        results.append(observe(showing, arms(PATCH, 0), watched, quiet, Keeping(cache=cache)))
        shown = victim.shown
    assert (sum(first.shown), sum(shown)) == (16, 12)  # the second sees no clean picture
    for key, kept in results[0].reported.items():
        assert np.array_equal(kept.findings.scores, results[1].reported[key].findings.scores)
        assert np.array_equal(kept.findings.boxes_xyxy_px, results[1].reported[key].findings.boxes_xyxy_px)


def test_what_is_kept_clean_depends_on_victim_threshold_and_every_pixel(tmp_path: Path) -> None:
    cache, images = CleanCache(tmp_path), torch.rand(1, 3, 8, 8)
    changed = images.clone()
    changed[0, 0, 0, 0] += 1e-6
    keys = {
        cache.key(images, "a", 0.1),
        cache.key(images, "b", 0.1),
        cache.key(images, "a", 0.2),
        cache.key(changed, "a", 0.1),
    }
    assert len(keys) == 4
    none = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    two = Detections(torch.rand(2, 4), torch.tensor([0.9, 0.5]), torch.tensor([1, 0]))
    cache.save("ab12", (none, two, none))
    found = cache.load("ab12", torch.device("cpu"))
    assert found is not None
    assert [len(one.scores) for one in found] == [0, 2, 0]
    assert torch.equal(found[1].boxes_xyxy_px, two.boxes_xyxy_px)
    assert cache.load("cd34", torch.device("cpu")) is None


@pytest.mark.slow
def test_distances_tell_how_much_a_patch_changes(tmp_path: Path) -> None:
    scores = evaluate(trial(ToyDetector()), tmp_path, quiet)
    by_arm = {c["condition"]: {s.name: s for s in c["distances"]} for c in scores["victims"][0]["conditions"]}
    assert by_arm["clean"] == {}
    covered = 16 * 16 / 32**2
    assert by_arm["patch"]["L0"].value == pytest.approx(covered, rel=1e-6)
    assert by_arm["patch"]["L0"].n == 8
    assert 0 < by_arm["patch"]["SSIM"].value < 1


@pytest.mark.slow
def test_other_patches_are_compared_pairwise_and_make_a_table_of_transfer(tmp_path: Path) -> None:
    from dataclasses import replace

    from physadv.parts.patches.controls import PatchUnderTest

    red = replace(PATCH, srgb=torch.tensor([0.9, 0.0, 0.0])[:, None, None].expand(3, 8, 8))
    known = PatchUnderTest("patch", PATCH, "ours", (("toy", "toy"),), 100)
    scores = evaluate(
        trial(ToyDetector(), known=known, others=(PatchUnderTest("red", red, "red.png"),)), tmp_path, quiet
    )
    assert [p["name"] for p in scores["patches"]] == ["ours", "red.png"]
    assert scores["victims"][0]["unseen"] == {"patch": False, "red": None}
    last = scores["victims"][0]["conditions"][-1]
    assert (last["condition"], last["role"]) == ("red", "patch")
    assert {d.minus for d in last["differences"]} == {"clean", "grey", "random"}
    ours = next(c for c in scores["victims"][0]["conditions"] if c["condition"] == "patch")
    assert {d.minus for d in ours["differences"]} == {"clean", "grey", "random", "red"}  # ours minus theirs, once
    table = scores["transfer"]["success"]
    assert table["rows"] == ["clean", "grey", "random", "patch", "red"]
    assert table["cells"][0] == [None]
    assert scores["transfer"]["trained_on"] == {"patch": ["toy"]}
    assert json.loads((tmp_path / "scores.json").read_text())["transfer"]["AP50"]["columns"] == ["toy"]


def test_views_are_found_again_without_making_the_others() -> None:
    @dataclass(frozen=True)
    class Watching(ToyScenes):
        made: list[int] = field(default_factory=list, hash=False, compare=False)

        def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
            for scene in super().sweep(size, skip):
                self.made.append(len(scene.keys))
                yield scene

    scenes = Watching(10)
    showing = ViewSource(scenes, SeeThrough(), 4, 2, 0, 0, torch.device("cpu"))
    every = {int(n): key for view in showing.views() for n, key in zip(view.numbers, view.scene.keys, strict=True)}
    scenes.made.clear()
    found = {int(n): k for v in showing.holding([17], (4, 4, 2)) for n, k in zip(v.numbers, v.scene.keys, strict=True)}
    assert found == {n: every[n] for n in range(16, 20)}
    assert scenes.made == [2]
