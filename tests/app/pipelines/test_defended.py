"""Victims behind defences, from the command line to the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import physadv
from tests.small import LITTLE_JUDGED, SHORT_FILMS, SMALL_ROAD, SMALLEST

pytestmark = pytest.mark.slow

NAMES = ["sign-nano", "sign-nano behind jpeg-30", "sign-nano behind jpeg-30+jpeg-50"]


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def test_a_patch_is_judged_on_every_victim_behind_every_defence(finished_run: Path, tmp_path: Path) -> None:
    listed = "defenses=[none,{part: jpeg, quality: 30},[{part: jpeg, quality: 30},jpeg]]"
    done = physadv("evaluate", f"patch={finished_run}", listed, *LITTLE_JUDGED, "progress=false", "out=judged",
                   cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    victims, record = read(tmp_path / "judged" / "scores.json")["victims"], read(tmp_path / "judged" / "run.json")
    assert [victim["name"] for victim in victims] == NAMES
    assert [victim["defense"] for victim in victims] == ["none", "jpeg-30", "jpeg-30+jpeg-50"]
    assert [victim["unseen"]["patch"] for victim in victims] == [False, True, True]
    assert len({victim["digest"] for victim in record["victims"]}) == 3
    assert len(list((tmp_path / ".clean-detections").rglob("*.npz"))) == 3  # one for each defence


def test_a_patch_is_optimised_behind_a_defence_which_is_not_handed_on(tmp_path: Path) -> None:
    made = physadv("generate", *SMALLEST, *SMALL_ROAD, "defense=jpeg", "defense.quality=30", "out=made", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "victim sign-nano behind jpeg-30 (white box)" in made.stderr
    bare = physadv("evaluate", "patch=made", "dry_run=true", "out=bare", cwd=tmp_path)
    assert "victims sign-nano\n" in bare.stderr
    assert "the patch was optimised on sign-nano behind jpeg-30: defense= judges it there, too" in bare.stderr
    there = physadv("evaluate", "patch=made", "defense=jpeg", "defense.quality=30", "dry_run=true", "out=there",
                    cwd=tmp_path)  # fmt: skip
    assert "victims sign-nano behind jpeg-30\n" in there.stderr
    assert "was optimised on" not in there.stderr


def test_a_patch_is_optimised_on_films_where_a_defence_remembers_frames(tmp_path: Path) -> None:
    asked = ("defenses=[none,vote]", *SHORT_FILMS, "attack.mosaic=0.5")
    done = physadv("generate", *SMALLEST, *SMALL_ROAD, *asked, "out=made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "caution attack.mosaic left out: a defense remembers frames" in done.stderr
    victims = json.loads((tmp_path / "made" / "scores.json").read_text())["victims"]
    assert [victim["defense"] for victim in victims] == ["none", "vote-2-of-3"]
    assert all("films" in arm for victim in victims for arm in victim["conditions"])
