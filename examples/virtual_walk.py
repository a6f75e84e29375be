"""Print, film and photograph a sheet without printer and camera: rehearse the loop of docs/camera.md.

    python examples/virtual_walk.py chart SHEET_FOLDER OUT              photos of the printed colour chart
    python examples/virtual_walk.py page PAGE.pdf OUT                   photos of a page on a wall, from all sides
    python examples/virtual_walk.py walk SHEET_FOLDER OUT [patch grey]  a film a board, stuck on a sign, walking past

SHEET_FOLDER holds sheet.pdf and board.json with each board whole on one page (``physadv sheet paper=420x594``).
Beside the pictures lies truth.json or NAME.truth.jsonl: camera, and pose, blur, motion, exposure and noise of each.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from virtual_camera import (
    F64,
    Lens,
    Light,
    Plane,
    Sensor,
    Shot,
    block,
    cut_out,
    daylight,
    panorama,
    photograph,
    room_light,
    stop_sign,
    wall,
    whole_page,
)

FPS = 15.0


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F64:
    """``(3, 3)`` rows: right, down and into a plane seen so; roll · yaw · pitch, right edge away, top away, ccw."""
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    pitched = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    yawed = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    rolled = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray((rolled @ yawed @ pitched).T)


def looking(at: F64, eye: F64, roll_deg: float = 0.0) -> F64:
    """Axes of a camera at ``eye`` that looks at a point, upright but for the roll."""
    ahead = (at - eye) / np.linalg.norm(at - eye)
    right = np.cross([0.0, 1.0, 0.0], ahead)
    right /= np.linalg.norm(right)
    roll = np.deg2rad(roll_deg)
    down = np.cross(ahead, right)
    return np.stack([np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, ahead])


def true_pose(board: Plane, shot: Shot) -> dict[str, float]:
    """Distance and angles along the line of sight, from the axes alone."""
    place = shot.local(board.centre_m[None])[0]
    ahead = place / np.linalg.norm(place)
    axis = np.cross(ahead, [0, 0, 1.0])  # the smallest turn that looks straight at the board
    angle = np.arctan2(np.linalg.norm(axis), ahead[2])
    straight = cv2.Rodrigues(axis / max(np.linalg.norm(axis), 1e-12) * angle)[0]
    right, down, into = (straight @ shot.axes @ axis for axis in board.axes)
    return {
        "distance_m": float(np.linalg.norm(place)),
        "yaw_deg": float(np.degrees(np.arcsin(np.clip(right[2], -1, 1)))),
        "pitch_deg": float(np.degrees(np.arctan2(-down[2], into[2]))),
        "roll_deg": float(np.degrees(np.arctan2(-right[1], right[0]))),
    }


def chart_photos(folder: Path, out: Path, count: int, seed: int) -> None:
    """Photos of the chart on a wall in a room, roughly from the front."""
    rng = np.random.default_rng([seed, 10])
    chart, _ = cut_out(folder, "chart")
    lens, light = Lens((1600, 1200), 1500.0, (803.0, 596.0), defocus_px=0.6), room_light(seed)
    plaster = wall(seed)
    tall_m = chart.linear.shape[0] / chart.px_per_mm / 1000
    sensor = Sensor(white_balance=_half_corrected(light), contrast=0.12)
    truth = []
    for number in range(count):
        distance = tall_m * lens.focal_px / lens.size_px[1] * rng.uniform(1.12, 1.25)
        print_at = chart.at(np.array([0, 0, distance]), turned(*rng.uniform(-12, 12, 2), rng.uniform(-4, 4)))
        shot = Shot(np.zeros(3), np.eye(3))
        picture = photograph(
            [plaster.at(print_at.centre_m + 0.002 * print_at.axes[2], print_at.axes), print_at], shot, lens, light
        )
        exposed = replace(sensor, exposure_ev=_exposure(light) + rng.uniform(-0.1, 0.1))
        _save(out / f"chart-{number + 1}.jpg", exposed.expose(picture, rng))
        truth.append({"file": f"chart-{number + 1}.jpg", **true_pose(print_at, shot)})
    _say_truth(out, lens, truth)


def page_photos(pdf: Path, out: Path, count: int, seed: int, lens: Lens, width_mm: float = 0.0) -> None:
    """Photos of a page on a wall, tilted and near enough to fill much of the picture."""
    rng = np.random.default_rng([seed, 11])
    page, light, plaster = whole_page(pdf, width_mm), room_light(seed), wall(seed)
    sensor, truth = Sensor(white_balance=_half_corrected(light), exposure_ev=_exposure(light)), []
    tall_m = page.linear.shape[0] / page.px_per_mm / 1000
    for number in range(count):
        distance = tall_m * lens.focal_px / lens.size_px[1] * rng.uniform(0.95, 1.6)
        around = np.array([rng.uniform(-0.22, 0.22) * lens.size_px[0], rng.uniform(-0.2, 0.2) * lens.size_px[1]])
        angles = rng.uniform(20, 38), rng.uniform(0, 360)
        tilt = angles[0] * np.cos(np.deg2rad(angles[1])), angles[0] * np.sin(np.deg2rad(angles[1]))
        centre = np.array([*(around / lens.focal_px * distance), distance])
        print_at = page.at(centre, turned(*tilt, rng.uniform(-10, 10)))
        shot = Shot(np.zeros(3), np.eye(3))
        back = plaster.at(centre + 0.002 * print_at.axes[2], print_at.axes)
        _save(out / f"view-{number + 1:02d}.jpg", sensor.expose(photograph([back, print_at], shot, lens, light), rng))
        truth.append({"file": f"view-{number + 1:02d}.jpg", **true_pose(print_at, shot)})
    _say_truth(out, lens, truth)


def walk(folder: Path, out: Path, role: str, frames: int, seed: int, lens: Lens) -> None:
    """A film: someone with a camera in the hand walks past a stop sign that wears the board."""
    rng = np.random.default_rng([seed, 12])
    piece, _ = cut_out(folder, role)
    light, far, face = daylight(seed), panorama(seed), stop_sign()
    wobble = rng.uniform(0, 2 * np.pi, 8)
    rays = lens.rays()
    sign = face.at(np.array([0.8, -0.4, 4.0]), turned(rng.uniform(-6, 6), rng.uniform(-2, 2), rng.uniform(-2, 2)))
    board = piece.at(sign.centre_m - 0.004 * sign.axes[2], turned(0, 0, rng.uniform(-3, 3)) @ sign.axes)
    post = block((0.3, 0.31, 0.32), 60, 2400).at(sign.centre_m + np.array([0, 0.9, 0.04]), np.eye(3))
    out.mkdir(parents=True, exist_ok=True)
    film = cv2.VideoWriter(str(out / f"{role}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, lens.size_px)
    film.set(cv2.VIDEOWRITER_PROP_QUALITY, 92)
    rows = [{"lens": _told(lens), "board": role, "seed": seed}]
    before: F64 | None = None
    for index in range(frames):
        share = index / max(frames - 1, 1)
        sway = 0.03 * np.sin(2 * np.pi * (5.3 * share) + wobble[:3])
        eye = np.array([0.7 - 1.5 * np.sin(1.2 * share) * share, 0.0, 2.7 * share**0.85]) + sway
        aim = sign.centre_m + np.array([0.35, 0.25, 0]) * np.sin(2 * np.pi * (2.1 * share) + wobble[3:6]) * (
            1 - 0.5 * share
        )
        axes = looking(aim, eye, 2.5 * np.sin(2 * np.pi * 3 * share + wobble[6]))
        shot = Shot(eye, axes)
        centre = lens.project(shot.local(board.centre_m[None]))[0]
        moved = np.zeros(2) if before is None else (centre - before) * 0.12 * frames / 90  # 1/125 s, at 90 frames
        before = centre
        shot = replace(shot, motion_px=(float(moved[0]), float(moved[1])))
        drift = 0.25 * np.sin(2 * np.pi * 1.3 * share + wobble[7])
        sharp = replace(lens, defocus_px=lens.defocus_px + 0.3 * (1 - np.cos(2 * np.pi * share)) / 2)
        sensor = Sensor(exposure_ev=-0.15 + drift, white_balance=(1.02 + 0.04 * drift, 1.0, 0.98), jpeg=100)
        film.write(sensor.expose(photograph([post, sign, board], shot, sharp, light, far, rays), rng))
        rows.append(
            {
                "index": index, "time_s": index / FPS, **true_pose(board, shot), "centre_px": centre.tolist(),
                "defocus_px": sharp.defocus_px, "motion_px": float(np.hypot(*moved)),
                "exposure_ev": sensor.exposure_ev, "shot": sensor.shot, "read": sensor.read,
            }
        )  # fmt: skip
    film.release()
    (out / f"{role}.truth.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")


def _half_corrected(light: Light) -> tuple[float, float, float]:
    """An automatic white balance that goes most of the way."""
    white = light.key + light.ambient
    red, green, blue = (white[1] / white) ** 0.8
    return float(red), float(green), float(blue)


def _exposure(light: Light) -> float:
    """Paper just below the sensor's end."""
    return float(np.log2(0.78 / (0.84 * (0.85 * light.key + light.ambient)[1])))


def _told(lens: Lens) -> dict[str, Any]:
    return {"size_px": lens.size_px, "matrix": lens.matrix().tolist(), "distortion": lens.distortion}


def _save(path: Path, bgr_u8: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), bgr_u8, [cv2.IMWRITE_JPEG_QUALITY, 95])


def _say_truth(out: Path, lens: Lens, rows: list[dict[str, Any]]) -> None:
    (out / "truth.json").write_text(json.dumps({"lens": _told(lens), "views": rows}, indent=1), encoding="utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("story", choices=("chart", "page", "walk"))
    parser.add_argument("source", type=Path, help="folder of sheet.pdf and board.json; for page a PDF")
    parser.add_argument("out", type=Path)
    parser.add_argument("boards", nargs="*", default=["patch"], help="for walk: which to film")
    parser.add_argument("--count", type=int, default=0, help="photos or frames; 0: 3 charts, 16 views, 90 frames")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.story == "chart":
        chart_photos(args.source, args.out, args.count or 3, args.seed)
    elif args.story == "page":
        page_photos(args.source, args.out, args.count or 16, args.seed, Lens())
    else:
        for role in args.boards:
            walk(args.source, args.out, role, args.count or 90, args.seed, Lens())


if __name__ == "__main__":
    main()
