"""Print, film, measure: the commands against the printer, place and camera of ``examples/virtual_camera.py``.

Those share no code with the package, so what is measured is held against a truth that the package had no part in.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load_file

from physadv.library.colour.difference import delta_e00, lab_from_srgb
from physadv.library.colour.print_proof import ProofLut
from physadv.library.fiducials.camera import CalibratedCamera, load_camera
from physadv.library.fiducials.find import Finder
from physadv.library.fiducials.pose import pose_of
from physadv.library.files.boards import load_boards
from tests.running import physadv

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler's pdftoppm turns the sheets into pictures"),
]


@pytest.fixture(scope="module")
def bench() -> tuple[ModuleType, ModuleType]:
    """The camera and the walk."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import virtual_camera
        import virtual_walk
    finally:
        sys.path.remove(str(EXAMPLES))
    return virtual_camera, virtual_walk


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet with patch, controls and chart, each whole on a page."""
    place = tmp_path_factory.mktemp("sheet")
    rng = np.random.default_rng(0)
    cv2.imwrite(str(place / "blobs.png"), cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (160, 120)))
    asked("sheet", "patch=blobs.png", "width_mm=320", "tags=4x100", "paper=800x800", "chart=true", "dpi=100",
          "out=sheet.pdf", cwd=place)  # fmt: skip
    return place


def asked(*args: str, cwd: Path) -> str:
    done = physadv(*args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return str(done.stderr)


def test_poses_of_a_print_are_true(bench: tuple[Any, Any], sheet: Path) -> None:
    camera, walk = bench
    piece, _ = camera.cut_out(sheet, "patch")
    lens, light, rng = camera.Lens(defocus_px=0.6), camera.daylight(3), np.random.default_rng(3)
    seen_by = CalibratedCamera(lens.matrix(), np.array(lens.distortion), lens.size_px, "truth")
    boards = [board for board in load_boards(sheet).boards if board.role == "patch"]
    shot, rays, far = camera.Shot(np.zeros(3), np.eye(3)), lens.rays(), camera.panorama(3)
    misses = []
    for distance in (1.2, 2.5, 4.0, 5.0):
        for yaw, pitch in ((0, 0), (25, -8), (-40, 5), (5, 25)):
            centre = np.array([rng.uniform(-0.2, 0.2), rng.uniform(-0.1, 0.1), distance])
            print_at = piece.at(centre, walk.turned(yaw, pitch, rng.uniform(-8, 8)))
            photo = camera.Sensor().expose(camera.photograph([print_at], shot, lens, light, far, rays), rng)
            truth = walk.true_pose(print_at, shot)
            (sighting,) = Finder(boards).find(photo)
            pose = pose_of(sighting, seen_by)
            assert pose is not None
            misses.append((distance, pose.distance_m / truth["distance_m"] - 1, abs(truth["yaw_deg"]),
                           pose.yaw_deg - truth["yaw_deg"], pose.roll_deg - truth["roll_deg"], pose.tags))  # fmt: skip
    table = np.array(misses)
    assert np.median(np.abs(table[:, 1])) < 0.005
    assert (table[:, 5] >= 3).mean() > 0.9
    table = table[table[:, 5] >= 3]  # two tags near the limit of what can be read are several per cent off
    assert np.abs(table[:, 1]).max() < 0.02
    assert np.abs(table[table[:, 2] > 15, 3]).max() < 3
    assert np.abs(table[:, 4]).max() < 3


def test_the_lens_is_recovered_from_photos_of_the_board(bench: tuple[Any, Any], tmp_path: Path) -> None:
    camera, walk = bench
    asked("calibrate", "camera", "print=true", "out=charuco.pdf", cwd=tmp_path)
    lens = camera.Lens()
    walk.page_photos(tmp_path / "charuco.pdf", tmp_path / "views", 12, 5, lens)
    asked("calibrate", "camera", "source=views", "out=camera.yaml", cwd=tmp_path)
    found = load_camera(tmp_path / "camera.yaml")
    assert found.matrix[0, 0] == pytest.approx(lens.focal_px, rel=0.01)
    assert found.matrix[:2, 2] == pytest.approx(np.array(lens.centre_px), abs=8)
    reach = np.array([[0.4, 0.2, 1.0], [-0.35, -0.2, 1.0], [0.1, 0.25, 1.0]])  # towards the corners
    there, _ = cv2.projectPoints(reach, np.zeros(3), np.zeros(3), found.matrix, found.distortion)
    shift = there.reshape(-1, 2) - found.matrix[:2, 2] - (lens.project(reach) - lens.centre_px)
    assert np.abs(shift).max() < 3  # px; a lens without distortion would miss by more than 8


def test_colours_that_are_not_on_the_chart_are_predicted(bench: tuple[Any, Any], sheet: Path, tmp_path: Path) -> None:
    camera, walk = bench
    walk.chart_photos(sheet, tmp_path / "photos", 2, 6)
    asked("calibrate", "colour", "photos=photos", f"board={sheet}", "out=colour.safetensors", cwd=tmp_path)
    table = torch.from_numpy(load_file(tmp_path / "colour.safetensors")["table"])
    codes, seen = _colours(camera, walk, 6)
    image = torch.from_numpy(codes.T[:, :, None]).float()
    errors = {
        name: delta_e00(lab_from_srgb(predicted), lab_from_srgb(torch.from_numpy(seen.T[:, :, None]).float()))
        for name, predicted in (("calibrated", ProofLut(table)(image)), ("as asked", image))
    }
    assert errors["calibrated"].mean() <= 2.5
    assert errors["as asked"].mean() > 2 * errors["calibrated"].mean()


def _colours(camera: Any, walk: Any, seed: int) -> tuple[Any, Any]:
    """Random colours, printed with white beside each, and how the chart's camera sees them in the chart's light."""
    rng = np.random.default_rng(99)
    side, cell = 12, 24
    codes = rng.uniform(0, 1, (side, side, 3))
    page = np.full((2 * side * cell, 2 * side * cell, 3), 255, np.uint8)
    for row in range(side):
        for column in range(side):
            y, x = (2 * row + 1) * cell, (2 * column + 1) * cell
            page[y : y + cell, x : x + cell] = np.round(255 * codes[row, column])
    ink = camera.printed(page)
    half = page.shape[0] / 4
    card = camera.Plane(np.dstack([ink, np.ones(page.shape[:2], np.float32)]), -half, -half, 2.0)
    lens = camera.Lens((1000, 1000), 1400.0, (499.5, 499.5), (0.0, 0.0, 0.0, 0.0, 0.0), 0.5, 0.0)
    light = camera.room_light(seed)
    card = card.at(np.array([0, 0, 0.5]), np.eye(3))
    sensor = camera.Sensor(white_balance=walk._half_corrected(light), exposure_ev=walk._exposure(light))
    photo = sensor.expose(camera.photograph([card], camera.Shot(np.zeros(3), np.eye(3)), lens, light), rng)
    linear = photo[..., ::-1] / 255.0
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    step = cell / 2 / 500 * 1400  # px a cell

    def around(x_cells: float, y_cells: float) -> Any:
        x, y = (round(499.5 + (v - side) * step) for v in (x_cells, y_cells))
        return linear[y - 6 : y + 7, x - 6 : x + 7].mean((0, 1))

    seen = [
        [around(2 * c + 1.5, 2 * r + 1.5) / ((around(2 * c + 0.5, 2 * r + 1.5) + around(2 * c + 1.5, 2 * r + 0.5)) / 2)
         for c in range(1, side - 1)] for r in range(1, side - 1)
    ]  # fmt: skip
    ratio = np.clip(np.array(seen).reshape(-1, 3), 0, 1)
    srgb = np.where(ratio <= 0.0031308, 12.92 * ratio, 1.055 * ratio ** (1 / 2.4) - 0.055)
    return codes[1:-1, 1:-1].reshape(-1, 3), srgb


def test_a_film_becomes_a_preset_of_its_own_conditions(bench: tuple[Any, Any], sheet: Path, tmp_path: Path) -> None:
    camera, walk = bench
    lens = camera.Lens((960, 540), 860.0, (481.0, 268.0), (-0.1, 0.03, 0.0, 0.0, 0.0))
    walk.walk(sheet, tmp_path / "film", "patch", 24, 2, lens)
    asked("watch", "source=film/patch.avi", f"board={sheet}", "field_of_view_deg=58.3", "overlay=false",
          "progress=false", "out=watched", cwd=tmp_path)  # fmt: skip
    (tmp_path / "conf" / "eot").mkdir(parents=True)
    asked("calibrate", "eot", "runs=[watched]", "picture_px=960", "out=conf/eot/here.yaml", cwd=tmp_path)
    told = json.loads((tmp_path / "conf/eot/here/calibration.json").read_text())
    truth = [json.loads(line) for line in (tmp_path / "film" / "patch.truth.jsonl").read_text().splitlines()[1:]]
    seen = {row["condition"]: row["after"] for row in told["options"]}
    low, high = np.percentile([row["distance_m"] for row in truth], (2, 98))
    assert seen["distance_m"] == pytest.approx([low, high], rel=0.06)
    preset = yaml.safe_load((tmp_path / "conf" / "eot" / "here.yaml").read_text())
    assert preset["defaults"] == ["sign_driveby", "_self_"]
    assert preset["jitter"]["roll_deg"] == seen["roll_deg"]
    asked("eot", "preview", "eot=here", "--config-dir", "conf", "draws=2", "distances_m=[4]", "progress=false",
                 "out=preview", cwd=tmp_path)  # fmt: skip
    assert (tmp_path / "preview").is_dir()
