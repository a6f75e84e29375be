"""No shipped preset rots: every experiment runs in its smallest form, here or in the docs, and every eot renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import ROOT, physadv
from tests.small import SMALL_ROAD, SMALLEST
from tests.test_docs import SHOWN

pytestmark = pytest.mark.slow

EXPERIMENTS = {file.stem for file in (ROOT / "conf" / "experiment").glob("*.yaml")}
RUN_BY_DOCS = {
    word.removeprefix("experiment=")
    for lines in SHOWN.values()
    for words in map(str.split, lines)
    for word in words
    if word.startswith("experiment=") and "--cfg" not in words
}
WORLDS = sorted(file.stem for file in (ROOT / "conf" / "eot").glob("*.yaml"))
SMALL_STREET = ["scenes.width_px=256", "scenes.height_px=160", "scenes.distance_m=[2.5,4]"]
NEAR_ROAD = [*SMALL_ROAD, "scenes.distance_m=[4,10]"]


def on_photos(experiment: str, shared: Path, folder: Path) -> list[str]:
    """The photos and the detector that the reader of a T-shirt preset brings."""
    if experiment.startswith("tshirt_hide_person"):
        weights = shared / "weights" / "yolox_nano_coco_416.onnx"
        detector = [] if "screen" in experiment else [f"victim.path={weights}", "victim=onnx"]
        return [f"scenes.root={shared / 'data' / 'coco128' / 'val'}", *detector]
    names = folder / "names.txt"
    names.write_text("face")
    weights = shared / "weights" / "ulfd_rfb_face_320x240.onnx"
    return [f"scenes.root={shared / 'data' / 'photos'}", f"victim.path={weights}", f"victim.labels={names}"]


@pytest.mark.parametrize("experiment", sorted(EXPERIMENTS - RUN_BY_DOCS))
def test_an_experiment_runs_in_its_smallest_form(
    experiment: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    options = NEAR_ROAD
    if experiment.startswith("tshirt_hide_person") and not experiment.endswith("_photos"):
        options = SMALL_STREET
    elif experiment.startswith("tshirt"):
        options = on_photos(experiment, request.getfixturevalue("shared"), tmp_path)
    done = physadv("generate", f"experiment={experiment}", *SMALLEST, f"out={tmp_path / 'run'}", *options)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.parametrize("world", WORLDS)
def test_an_eot_preset_renders(world: str, tmp_path: Path) -> None:
    options = [f"eot={world}", "eot.place.y_mm=0", *SMALLEST, "dry_run=true", *NEAR_ROAD]
    done = physadv("generate", *options, f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("file", sorted((ROOT / "conf").glob("e*/*.yaml")), ids=lambda f: f.stem)
def test_a_preset_opens_with_what_it_is_and_how_to_run_it(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
    assert lines[0].startswith("# ")
    assert lines[1].startswith("# physadv generate")
