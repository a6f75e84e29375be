"""A drawn stop sign with a printed board in its middle, filmed on the way past it: for benchmarks and tests.

Renders by itself, so that nothing that is measured made the pictures.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from physadv.library.files.boards import Board, Boards, Tag
from physadv.library.roads.sign_canvas import MM_PER_TEXEL
from physadv.library.roads.signs import face_of

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

SIZE_PX = (640, 480)
FOCAL_PX = 640 / 2 / np.tan(np.deg2rad(30))
SIGN_MM = 750.0
PX_PER_MM = 1.0
GREY = 118


def board(role: str = "patch", first: int = 0, side_mm: float = 120.0, tag_mm: float = 60.0) -> Board:
    """Four tags above and below a square print."""
    far = side_mm / 2 + 10 + tag_mm / 2
    spots = [(-far, -far), (far, -far), (far, far), (-far, far)]
    return Board(role, (side_mm, side_mm), tuple(Tag(first + i, x, y, tag_mm) for i, (x, y) in enumerate(spots)))


def boards(digest: str) -> Boards:
    """The boards beside the sheet: the print and its grey control."""
    return Boards(digest, "walk", 0, (board("patch", 0), board("grey", 8)))


def face(print_rgb: U8 | None, shown: Board | None) -> U8:
    """``(H,W,4)`` BGRA of the sign; the print in its middle, on white with its tags."""
    sign = face_of("stop", 0)
    side = round(SIGN_MM * PX_PER_MM)
    picture = np.zeros((side, side, 4), np.uint8)
    rgba = sign.pyramid[0]  # premultiplied linear light
    alpha = rgba[..., 3:]
    codes = np.clip(rgba[..., :3] / np.maximum(alpha, 1e-6), 0, 1) ** (1 / 2.2)
    rows, columns = (round(n * MM_PER_TEXEL * PX_PER_MM) for n in rgba.shape[:2])
    whole = cv2.resize(np.concatenate((codes[..., ::-1], alpha), 2), (columns, rows), interpolation=cv2.INTER_AREA)
    top, left = (rows - side) // 2, (columns - side) // 2
    picture[:] = np.round(255 * whole[top : top + side, left : left + side])
    if shown is None or print_rgb is None:
        return picture

    def box(x: float, y: float, width: float, height: float) -> tuple[slice, slice]:
        left, top = round(side / 2 + x - width / 2), round(side / 2 + y - height / 2)
        return slice(top, top + round(height)), slice(left, left + round(width))

    reach = 2 * max(abs(t.x_mm) + t.side_mm * 0.7 for t in shown.tags)
    picture[box(0, 0, reach, reach)] = 235, 235, 235, 255
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, shown.dictionary))
    for tag in shown.tags:
        place = box(tag.x_mm, tag.y_mm, tag.side_mm, tag.side_mm)
        code = cv2.aruco.generateImageMarker(dictionary, tag.id, place[0].stop - place[0].start)
        picture[place][..., :3] = np.clip(code, 20, 235)[..., None]
    width, height = shown.size_mm
    place = box(0, 0, width, height)
    picture[place][..., :3] = cv2.resize(print_rgb, picture[place].shape[1::-1])[..., ::-1]
    return picture


def image_from_sign(distance_m: float, yaw_deg: float, across_m: float = 0.0) -> F64:
    """``(3,3)`` from millimetres on the sign to pixels."""
    yaw = np.deg2rad(yaw_deg)
    turned = np.array([[np.cos(yaw), 0, 0], [0, 1, 0], [np.sin(yaw), 0, 0]]) / 1000
    turned[:, 2] = across_m, 0.0, distance_m
    camera = np.array([[FOCAL_PX, 0, (SIZE_PX[0] - 1) / 2], [0, FOCAL_PX, (SIZE_PX[1] - 1) / 2], [0, 0, 1.0]])
    made: F64 = camera @ turned
    return made / made[2, 2]


def seen(sign: U8, distance_m: float, yaw_deg: float, across_m: float = 0.0) -> tuple[U8, F64]:
    """A frame ``(480,640,3)`` BGR, and the homography from millimetres on the sign to its pixels."""
    truth = image_from_sign(distance_m, yaw_deg, across_m)
    side = sign.shape[0]
    sign_from_texel = np.array([[1, 0, 0.5 - side / 2], [0, 1, 0.5 - side / 2], [0, 0, 1]]) / PX_PER_MM
    sign_from_texel[2, 2] = 1.0
    rays = 2  # along each side of a pixel
    fine = np.diag([rays, rays, 1.0])
    fine[:2, 2] = (rays - 1) / 2
    matrix = fine @ truth @ sign_from_texel
    size = (SIZE_PX[0] * rays, SIZE_PX[1] * rays)
    warped = cv2.warpPerspective(sign, matrix, size, flags=cv2.INTER_AREA).astype(np.float64)
    down = np.linspace(0, 1, size[1])[:, None]
    sky, road = np.array([205, 185, 165.0]), np.array([95, 98, 100.0])
    behind = np.where(down[..., None] < 0.62, sky - 25 * down[..., None], road) * np.ones((1, size[0], 1))
    alpha = warped[..., 3:] / 255
    whole = behind * (1 - alpha) + warped[..., :3] * alpha
    frame = cv2.resize(whole, SIZE_PX, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(int(1000 * distance_m + yaw_deg + 90)).normal(0, 2, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8), truth


def way(count: int) -> list[tuple[float, float, float]]:
    """Distance, yaw and place across, from far away to beside the sign."""
    share = np.linspace(0, 1, count)
    return list(zip(3.4 - 1.6 * share, 30 * np.sin(6 * share), 0.15 * np.cos(5 * share), strict=True))


def film(path: Path, sign: U8, count: int = 24, fps: float = 10.0) -> Path:
    """The walk as a video file."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE_PX)
    assert writer.isOpened()
    for place in way(count):
        writer.write(seen(sign, *place)[0])
    writer.release()
    return path
