"""A printer, a place and a camera in the computer: photos and films of your own sheet, with the truth beside them.

For rehearsing the loop print, film, measure before there is a print. Shares no code with physadv: an ink model, a ray
caster, a lens and a sensor of its own, so that what physadv measures in these pictures can be held against the truth.
Nothing here was fitted to a real printer or camera.

``virtual_walk.py`` beside this file tells stories with it. Needs poppler's pdftoppm.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
SAMPLES = 8  # rays a pixel along each side

# ── printer ──────────────────────────────────────────────────────────────────────────────────────────────────────

_SOLIDS = np.array(  # linear RGB reflectance of paper and of overprinted C, M, Y; index = C + 2 M + 4 Y
    [(0.83, 0.84, 0.80), (0.03, 0.25, 0.50), (0.50, 0.05, 0.16), (0.035, 0.035, 0.16),
     (0.78, 0.66, 0.06), (0.03, 0.20, 0.07), (0.45, 0.05, 0.035), (0.028, 0.028, 0.028)]
)  # fmt: skip
_YULE_NIELSEN, _DOT_GAIN, _DOT_MM = 1.7, 0.16, 0.08


def printed(srgb_u8: U8, px_per_mm: float = 0.0) -> F32:
    """Linear reflectance ``(H,W,3)`` of what a fictitious inkjet makes of sRGB codes.

    Yule-Nielsen modified Neugebauer equations with dot gain; undercolour is not replaced. Dots spread by 0.08 mm.
    """
    area = 1 - srgb_u8.astype(np.float32) / 255
    area = area**1.3  # the driver's own tone curve
    area = area + 4 * _DOT_GAIN * area * (1 - area)
    cyan, magenta, yellow = (np.clip(area[..., i], 0, 1) for i in range(3))
    solids = (_SOLIDS ** (1 / _YULE_NIELSEN)).astype(np.float32)
    ink = np.zeros((*cyan.shape, 3), np.float32)
    for index, solid in enumerate(solids):
        share = np.ones_like(cyan)
        for bit, cover in enumerate((cyan, magenta, yellow)):
            share = share * (cover if index >> bit & 1 else 1 - cover)
        ink += share[..., None] * solid
    reflectance = ink**_YULE_NIELSEN
    return cv2.GaussianBlur(reflectance, (0, 0), _DOT_MM * px_per_mm) if px_per_mm * _DOT_MM > 0.2 else reflectance


def page_raster(pdf: Path, page: int, dpi: float, part_px: tuple[int, int, int, int] | None = None) -> U8:
    """A page, or left, top, width and height of it, as sRGB codes ``(H,W,3)``; by poppler."""
    window = (
        []
        if part_px is None
        else [str(v) for pair in zip(("-x", "-y", "-W", "-H"), part_px, strict=True) for v in pair]
    )
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "page"
        subprocess.run(
            ["pdftoppm", "-r", f"{dpi:g}", "-f", str(page), "-l", str(page), *window, "-singlefile", pdf, target],
            check=True, capture_output=True,
        )  # fmt: skip
        read = cv2.imread(f"{target}.ppm", cv2.IMREAD_COLOR)
    if read is None:
        raise SystemExit(f"{pdf} has no page {page}")
    return np.ascontiguousarray(read[..., ::-1])


def page_count(pdf: Path) -> int:
    """How many pages a PDF has, by poppler."""
    told = subprocess.run(["pdfinfo", str(pdf)], check=True, capture_output=True, text=True).stdout
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pages:")))


@dataclass(frozen=True, eq=False)
class Plane:
    """A flat thing in the world: linear colours, where its texels are on it, and where it stands."""

    linear: F32  # (h, w, 4) premultiplied reflectance and coverage
    left_mm: float
    top_mm: float
    px_per_mm: float
    axes: F64 = field(default_factory=lambda: np.eye(3))  # (3, 3) rows: its right, down and into it, in the world
    centre_m: F64 = field(default_factory=lambda: np.zeros(3))

    def at(self, centre_m: F64, axes: F64) -> Plane:
        """The same thing elsewhere."""
        return replace(self, centre_m=np.asarray(centre_m, float), axes=np.asarray(axes, float))

    def outline_m(self) -> F64:
        """``(4, 3)`` corners in the world."""
        height, width = self.linear.shape[:2]
        right, bottom = self.left_mm + width / self.px_per_mm, self.top_mm + height / self.px_per_mm
        corners = np.array([(self.left_mm, self.top_mm), (right, self.top_mm), (right, bottom), (self.left_mm, bottom)])
        return self.world(corners)

    def world(self, plane_mm: F64) -> F64:
        """Points ``(n, 2)`` on it → ``(n, 3)`` in the world."""
        return np.asarray(self.centre_m + plane_mm @ self.axes[:2] / 1000)


def cut_out(folder: Path, role: str, dpi: float = 150.0) -> tuple[Plane, dict[str, Any]]:
    """The printed board of this role, cut out of its page round its outermost tags; and its entry in board.json.

    The page and the place on it are found by the tags themselves, as someone with scissors would.
    """
    boards = json.loads((folder / "board.json").read_text(encoding="utf-8"))["boards"]
    board = next((b for b in boards if b["role"] == role), None)
    if board is None:
        raise SystemExit(f"{folder / 'board.json'} has no board {role!r}; it has {[b['role'] for b in boards]}")
    ids = {tag["id"]: tag for tag in board["tags"]}
    half = np.max([np.abs((t["x_mm"], t["y_mm"])) + t["side_mm"] * (0.5 + 1 / 6) for t in ids.values()], axis=0)
    half = np.maximum(half, np.array(board["size_mm"]) / 2)
    for number in range(1, page_count(folder / "sheet.pdf") + 1):
        origin_mm = _origin_mm(folder / "sheet.pdf", number, board["dictionary"], ids)
        if origin_mm is None:
            continue
        px_per_mm = dpi / 25.4
        left, top = np.maximum(np.round((origin_mm - half) * px_per_mm).astype(int), 0).tolist()
        width, height = np.round(2 * half * px_per_mm).astype(int).tolist()
        piece = printed(page_raster(folder / "sheet.pdf", number, dpi, (left, top, width, height)), px_per_mm)
        solid = np.dstack([piece, np.ones(piece.shape[:2], np.float32)])
        return Plane(solid, left / px_per_mm - origin_mm[0], top / px_per_mm - origin_mm[1], px_per_mm), board
    raise SystemExit(f"no page of {folder / 'sheet.pdf'} shows the board {role!r} whole: use a larger paper=")


def _origin_mm(pdf: Path, page: int, dictionary: str, ids: dict[int, dict[str, Any]]) -> F64 | None:
    """Where the board's origin is on a page, from the tags' middles; ``None`` unless all tags are on it."""
    dpi = 100.0
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    grey = cv2.cvtColor(page_raster(pdf, page, dpi), cv2.COLOR_RGB2GRAY)
    corners, found, _ = cv2.aruco.ArucoDetector(known, parameters).detectMarkers(grey)
    read = zip(corners, [] if found is None else found.ravel().tolist(), strict=True)
    pairs = [(corner.reshape(4, 2), ids[number]) for corner, number in read if number in ids]
    if len(pairs) < len(ids):
        return None
    seen = np.mean([corner.mean(0) for corner, _ in pairs], axis=0) + 0.5
    middle = np.mean([(tag["x_mm"], tag["y_mm"]) for _, tag in pairs], axis=0)
    return np.asarray(seen * 25.4 / dpi - middle)


def whole_page(pdf: Path, width_mm: float, dpi: float = 150.0) -> Plane:
    """The first page of a PDF at true size, or stretched to a width; the origin is its middle."""
    page = page_raster(pdf, 1, dpi)
    px_per_mm = page.shape[1] / width_mm if width_mm else dpi / 25.4
    piece = np.dstack([printed(page, px_per_mm), np.ones(page.shape[:2], np.float32)])
    return Plane(piece, -page.shape[1] / 2 / px_per_mm, -page.shape[0] / 2 / px_per_mm, px_per_mm)


# ── place ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Light:
    """One lamp far away and the sky; linear RGB that white receives."""

    key: F64
    ambient: F64
    towards: F64  # unit vector to the lamp
    falloff_per_m: float = 0.0  # relative, to the right

    def on(self, plane: Plane, plane_mm_x: F32) -> F32:
        """``(..., 3)`` at places on the plane."""
        cosine = max(0.0, float(-plane.axes[2] @ self.towards))
        white = self.key * cosine + self.ambient
        return np.asarray((1 + self.falloff_per_m * plane_mm_x / 1000)[..., None] * white, np.float32)


def daylight(seed: int) -> Light:
    """Sun from behind the camera at some height."""
    rng = np.random.default_rng([seed, 1])
    side, height = np.deg2rad(rng.uniform(-50, 50)), np.deg2rad(rng.uniform(20, 50))
    towards = np.array([np.sin(side) * np.cos(height), -np.sin(height), -np.cos(side) * np.cos(height)])
    return Light(np.array([0.62, 0.58, 0.50]), np.array([0.17, 0.19, 0.22]), towards, float(rng.uniform(-0.1, 0.1)))


def room_light(seed: int) -> Light:
    """A warm lamp and a window."""
    rng = np.random.default_rng([seed, 2])
    towards = np.array([rng.uniform(-0.5, 0.5), -0.6, -0.8])
    warm, cool = np.array([0.78, 0.58, 0.36]), np.array([0.15, 0.17, 0.19])
    return Light(0.75 * warm, cool, towards / np.linalg.norm(towards), float(rng.uniform(-0.25, 0.25)))


def stop_sign() -> Plane:
    """750 mm across flats, drawn at 2 px a mm."""
    scale, side = 2, 1500
    angle = np.deg2rad(22.5 + 45 * np.arange(8))

    def octagon(across_mm: float) -> npt.NDArray[np.int32]:
        points = across_mm / 2 / np.cos(np.deg2rad(22.5)) * np.stack([np.cos(angle), np.sin(angle)], 1)
        return np.round(points * scale + side / 2).astype(np.int32)

    face = np.zeros((side, side, 4), np.float32)
    cv2.fillPoly(face, [octagon(750)], (0.78, 0.78, 0.76, 1))
    cv2.fillPoly(face, [octagon(712)], (0.42, 0.016, 0.022, 1))
    (width, height), _ = cv2.getTextSize("STOP", cv2.FONT_HERSHEY_SIMPLEX, 1, 1)
    size = 540 * scale / width
    ink = np.zeros((int(height * size * 1.4), side), np.uint8)
    at = (int(side / 2 - width * size / 2), int(height * size * 1.15))
    cv2.putText(ink, "STOP", at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, int(size * 3.4), cv2.LINE_AA)
    ink = cv2.resize(ink, (side, int(254 * scale * 1.25)), interpolation=cv2.INTER_AREA)
    word = ink[..., None].astype(np.float32) / 255 * np.float32([0.78, 0.78, 0.76, 1])
    top = (side - word.shape[0]) // 2
    part = face[top : top + word.shape[0]]
    part[:] = word + part * (1 - word[..., 3:])
    return Plane(face, -375.0, -375.0, scale)


def block(rgb: tuple[float, float, float], width_mm: float, height_mm: float) -> Plane:
    """A rectangle of one colour, its origin in the middle."""
    px_per_mm = 64 / min(width_mm, height_mm)
    size = (round(height_mm * px_per_mm), round(width_mm * px_per_mm))
    return Plane(np.full((*size, 4), (*rgb, 1), np.float32), -width_mm / 2, -height_mm / 2, px_per_mm)


def wall(seed: int, width_mm: float = 2000, height_mm: float = 1500) -> Plane:
    """Plaster, painted grey."""
    rng = np.random.default_rng([seed, 4])
    rough = cv2.GaussianBlur(rng.normal(size=(int(height_mm / 2), int(width_mm / 2))).astype(np.float32), (0, 0), 1.5)
    tone = 0.42 * (1 + 0.12 * rough[..., None] * np.float32([1, 1, 1])) * np.float32([1.0, 0.98, 0.93])
    return Plane(np.dstack([tone, np.ones(tone.shape[:2], np.float32)]), -width_mm / 2, -height_mm / 2, 0.5)


def panorama(seed: int) -> F32:
    """Linear colours of what is far away, ``(512, 4096, 3)``: all round, the horizon in the middle row."""
    rng = np.random.default_rng([seed, 3])
    height, width = 512, 4096
    up = np.linspace(1, -1, height)[:, None, None]
    sky = np.float32([0.42, 0.56, 0.80]) * (1 - 0.35 * np.clip(up, 0, 1)) + np.float32([0.2, 0.16, 0.08]) * np.exp(
        -6 * np.abs(up)
    )
    far = np.broadcast_to(sky, (height, width, 3)).astype(np.float32).copy()
    cloud = _clouds(rng, height, width)
    far += (cloud * np.clip(up[..., 0] * 3, 0, 1))[..., None] * 0.35
    rows = np.arange(height)[:, None]
    hills = 256 - 22 - 14 * cv2.GaussianBlur(rng.normal(size=(1, width)).astype(np.float32), (0, 0), 60) * 8
    far[rows > hills] = (0.07, 0.11, 0.06)
    for _ in range(90):
        x, wide, tall = int(rng.uniform(0, width)), int(rng.uniform(30, 110)), int(rng.uniform(15, 60))
        if rng.random() < 0.45:
            wall = rng.uniform(0.2, 0.6) * np.array([1, rng.uniform(0.75, 1), rng.uniform(0.6, 0.95)])
            cv2.rectangle(far, (x, 256 - tall), (x + wide, 262), wall.tolist(), -1)
            for window in range(x + 8, x + wide - 10, 18):
                cv2.rectangle(far, (window, 256 - tall + 8), (window + 8, 256 - tall + 20), (0.05, 0.06, 0.08), -1)
        else:
            for _ in range(9):
                leaf = rng.uniform(0.5, 1.3) * np.array([0.07, 0.13, 0.04])
                spot = (int(x + rng.normal() * wide / 4), int(256 - tall * rng.uniform(0.3, 1)))
                cv2.circle(far, spot, int(wide * rng.uniform(0.12, 0.3)), leaf.tolist(), -1)
    return cv2.GaussianBlur(far, (0, 0), 1.2)


def _clouds(rng: np.random.Generator, height: int, width: int) -> F32:
    total = np.zeros((height, width), np.float32)
    for octave in (8, 16, 32, 64):
        coarse = rng.normal(size=(octave, octave * 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / octave * 8
    return np.clip(total, 0, 1)


# ── camera ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Lens:
    """Where rays meet the sensor, and how sharply; Brown's distortion."""

    size_px: tuple[int, int] = (1280, 720)
    focal_px: float = 1150.0
    centre_px: tuple[float, float] = (646.3, 352.8)  # not quite in the middle
    distortion: tuple[float, ...] = (-0.11, 0.045, 0.0006, -0.0004, 0.0)
    defocus_px: float = 0.7  # sigma
    vignetting: float = 0.25  # light lost at the corner

    def matrix(self) -> F64:
        """``(3, 3)`` as OpenCV's, pixel centres at integers."""
        return np.array([[self.focal_px, 0, self.centre_px[0]], [0, self.focal_px, self.centre_px[1]], [0, 0, 1]])

    def rays(self) -> F32:
        """``(H, W, 2)`` x/z and y/z of every pixel centre."""
        width, height = self.size_px
        grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float64).reshape(-1, 1, 2)
        until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-9)
        straight = cv2.undistortPoints(grid, self.matrix(), np.array(self.distortion), criteria=until)
        return straight.reshape(height, width, 2).astype(np.float32)

    def project(self, points_m: F64) -> F64:
        """Points in the camera's frame ``(n, 3)`` → pixels ``(n, 2)``."""
        seen, _ = cv2.projectPoints(points_m, np.zeros(3), np.zeros(3), self.matrix(), np.array(self.distortion))
        return np.asarray(seen.reshape(-1, 2))


@dataclass(frozen=True)
class Sensor:
    """Electronics behind the lens: light becomes codes."""

    exposure_ev: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shot: float = 1.5e-4  # variance per unit of signal
    read: float = 1.5e-5
    contrast: float = 0.12  # of an S-curve over sRGB's
    saturation: float = 1.12
    jpeg: int = 92

    def expose(self, linear: F32, rng: np.random.Generator) -> U8:
        """BGR codes."""
        seen = linear * np.float32(self.white_balance) * np.float32(2**self.exposure_ev)
        seen = seen + rng.normal(size=seen.shape).astype(np.float32) * np.sqrt(self.shot * seen.clip(0) + self.read)
        grey = seen @ np.float32([0.2126, 0.7152, 0.0722])
        seen = (grey[..., None] + self.saturation * (seen - grey[..., None])).clip(0, 1)
        code = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
        code = code + self.contrast * (code * code * (3 - 2 * code) - code)
        bgr = np.ascontiguousarray((code[..., ::-1] * 255).round().clip(0, 255).astype(np.uint8))
        if self.jpeg >= 100:
            return bgr
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


@dataclass(frozen=True, eq=False)
class Shot:
    """Camera in the world."""

    centre_m: F64
    axes: F64  # (3, 3) rows: right, down, ahead
    motion_px: tuple[float, float] = (0.0, 0.0)  # while the shutter is open

    def local(self, points_m: F64) -> F64:
        """World → the camera's frame."""
        return np.asarray((points_m - self.centre_m) @ self.axes.T)


def photograph(
    planes: list[Plane], shot: Shot, lens: Lens, light: Light, far: F32 | None = None, rays: F32 | None = None
) -> F32:
    """Linear light on the sensor, ``(H, W, 3)``. Planes come from the farthest to the nearest; 64 rays a pixel."""
    rays = lens.rays() if rays is None else rays
    picture = _surroundings(shot, rays, far, light)
    for plane in planes:
        _paint(picture, plane, shot, lens, light, rays)
    if lens.defocus_px > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), lens.defocus_px)
    picture = _shaken(picture, shot.motion_px)
    width, height = lens.size_px
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return np.asarray(picture * (1 - lens.vignetting * (x * x + y * y) / 2)[..., None], np.float32)


def _surroundings(shot: Shot, rays: F32, far: F32 | None, light: Light) -> F32:
    """Far away, and a road 1.5 m below the world's origin; or a plastered wall's grey where there is nothing."""
    height, width = rays.shape[:2]
    if far is None:
        return np.full((height, width, 3), 0.3, np.float32) * np.float32(light.ambient + light.key)
    directions = (rays.reshape(-1, 2) @ shot.axes[:2].astype(np.float32) + shot.axes[2].astype(np.float32)).reshape(
        height, width, 3
    )
    x, y, z = (directions[..., i] for i in range(3))
    u = (np.arctan2(x, z) / (2 * np.pi) + 0.5) * far.shape[1]
    v = (np.arctan2(y, np.hypot(x, z)) / (np.pi / 3) * 0.5 + 0.5) * far.shape[0]
    picture = cv2.remap(
        far, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    down = y > 1e-3
    reach = (1.5 - shot.centre_m[1]) / np.where(down, y, 1)
    gx, gz = shot.centre_m[0] + reach * x, shot.centre_m[2] + reach * z
    near = np.clip(1 - reach / 60, 0, 1) * down
    soft = np.maximum(reach * 0.004, 0.01)  # half a pixel's footprint, so that lines do not flicker

    def within(value: F32, low: float, high: float) -> F32:
        return np.asarray(np.clip((value - low) / soft + 0.5, 0, 1) * np.clip((high - value) / soft + 0.5, 0, 1))

    road, kerb = within(gx, -6.2, 0.7), within(gx, 0.7, 0.95)
    line = within(gx, -2.9, -2.75) * within(np.mod(gz, 6.0).astype(np.float32), 0.0, 3.0)
    grain = 1 + 0.12 * np.sin(gx * 37.1 + 3 * np.sin(gz * 13.7)) * np.sin(gz * 41.3 + 2 * np.sin(gx * 17.3)) * np.clip(
        1 - reach / 12, 0, 1
    )
    ground = (
        np.float32([0.06, 0.09, 0.035]) * (1 - road - kerb)[..., None]
        + np.float32([0.085, 0.085, 0.09]) * road[..., None]
    )
    ground = (
        ground * (1 - line[..., None])
        + np.float32([0.3, 0.3, 0.28]) * kerb[..., None]
        + np.float32([0.55, 0.55, 0.52]) * line[..., None]
    ) * grain[..., None]
    return np.asarray(
        np.where(near[..., None] > 0, ground * near[..., None] + picture * (1 - near[..., None]), picture), np.float32
    )


def _paint(picture: F32, plane: Plane, shot: Shot, lens: Lens, light: Light, rays: F32) -> None:
    """Cast rays at the pixels that the plane may cover."""
    corners = shot.local(plane.outline_m())
    if corners[:, 2].min() < 0.05:
        return
    edges = np.linspace(0, 1, 9)[:, None]
    rim = np.concatenate([a + (b - a) * edges for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
    seen = lens.project(rim)
    height, width = rays.shape[:2]
    x0, y0 = np.maximum(np.floor(seen.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(seen.max(0)).astype(int) + 2, (width, height))
    if x1 <= x0 or y1 <= y0:
        return
    right, down = (shot.axes @ plane.axes.T).T[:2]
    camera_from_plane = np.stack([right / 1000, down / 1000, shot.local(plane.centre_m[None])[0]], 1)
    plane_from_ray = np.linalg.inv(camera_from_plane).astype(np.float32)
    mm_a_ray = float(np.linalg.norm(corners, axis=1).min()) * 1000 / lens.focal_px / SAMPLES
    shrink = max(1, int(mm_a_ray * plane.px_per_mm))
    texture, density = plane.linear, plane.px_per_mm
    if shrink > 1:
        full = texture[: texture.shape[0] // shrink * shrink, : texture.shape[1] // shrink * shrink]
        size = (full.shape[1] // shrink, full.shape[0] // shrink)
        texture, density = cv2.resize(full, size, interpolation=cv2.INTER_AREA), density / shrink
    step = max(1, 600_000 // (max(x1 - x0, 1) * SAMPLES * SAMPLES))
    for top in range(y0, y1, step):
        bottom = min(top + step, y1)
        fine = _between(rays, x0, top, x1, bottom)
        hit = fine @ plane_from_ray[:, :2].T + plane_from_ray[:, 2]
        x_mm, y_mm = hit[..., 0] / hit[..., 2], hit[..., 1] / hit[..., 2]
        u = ((x_mm - plane.left_mm) * density - 0.5).astype(np.float32)
        v = ((y_mm - plane.top_mm) * density - 0.5).astype(np.float32)
        seen_rgba = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        rows, columns = bottom - top, x1 - x0
        small = cv2.resize(seen_rgba, (columns, rows), interpolation=cv2.INTER_AREA)
        where = cv2.resize(np.clip(x_mm, -5000, 5000), (columns, rows), interpolation=cv2.INTER_AREA)
        lit = small[..., :3] * light.on(plane, where)
        part = picture[top:bottom, x0:x1]
        part[:] = lit + part * (1 - small[..., 3:])


def _between(rays: F32, x0: int, y0: int, x1: int, y1: int) -> F32:
    """Rays of a region, ``SAMPLES`` times as fine."""
    height, width = rays.shape[:2]
    padded = np.pad(rays[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1], (
        (int(y0 == 0), int(y1 == height)), (int(x0 == 0), int(x1 == width)), (0, 0)
    ), mode="reflect", reflect_type="odd")  # fmt: skip
    fine = cv2.resize(padded, (padded.shape[1] * SAMPLES, padded.shape[0] * SAMPLES), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine[SAMPLES:-SAMPLES, SAMPLES:-SAMPLES], np.float32)


def _shaken(picture: F32, motion_px: tuple[float, float]) -> F32:
    length = float(np.hypot(*motion_px))
    if length < 0.05:
        return picture
    side = 2 * int(np.ceil(length / 2)) + 3
    fine = np.zeros((side * 9, side * 9), np.float32)
    for share in np.linspace(-0.5, 0.5, int(length * 40) + 2):
        spot = (np.array(motion_px) * share + side / 2) * 9
        fine[int(spot[1]), int(spot[0])] += 1
    kernel = fine.reshape(side, 9, side, 9).sum((1, 3))
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
