"""One frame: boards found, views made, every victim asked, success judged."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.types import Frame, Pose
from physadv.engines.watch.expected_object import FilmedWearer
from physadv.engines.watch.overlay import FILMED, Box, FilmedSurface, Overlay, on_board
from physadv.engines.watch.tracked_victim import ExpectedPlace, TrackedVictim, ViewResult
from physadv.engines.watch.wardrobe import Wardrobe
from physadv.library.colour.conversion import srgb_from_bgr_u8
from physadv.library.fiducials.camera import CalibratedCamera
from physadv.library.fiducials.find import DetectedBoard, Finder
from physadv.library.fiducials.mirror import MirrorCheck
from physadv.library.fiducials.pose import pose_of

GAP_S = 1.0  # between two frames, from which a defence's memory of the first is stale


@dataclass(frozen=True)
class FrameResult:
    """All that is known about a frame."""

    frame: Frame
    boards: list[tuple[DetectedBoard, Pose | None]]
    seen: Mapping[str, Mapping[str, ViewResult]]  # victim → view → what it reports
    pictures: Mapping[str, Tensor]  # view → (3,H,W) sRGB
    detect_s: float  # of the victims, all views
    overlay_s: float  # of laying patches over the frame
    rest_s: float  # of everything else
    unworn: tuple[str, ...] = ()  # views that would be there if somebody wore the overlay


@dataclass
class FrameAnalyzer:
    """Asks all victims about frames, which must come in their order."""

    victims: list[TrackedVictim]
    finder: Finder | None
    camera: CalibratedCamera | None  # None: guessed
    field_of_view_deg: float
    wearer: FilmedWearer | None  # None: no board, so nothing is projected
    wardrobe: Wardrobe | None  # where the overlay is worn without a board
    overlay: Overlay | None
    device: torch.device
    mirror: MirrorCheck | None = None  # where there is a finder
    board_seen: bool = False
    size_px: tuple[int, int] = (0, 0)  # of the last frame
    last_s: float | None = None  # when that was taken

    def look(self, frame: Frame, *, overlay: bool) -> FrameResult:
        """Ask all victims about all views of a frame."""
        begun = time.perf_counter()
        size_px = (frame.bgr_u8.shape[1], frame.bgr_u8.shape[0])
        self._follow(frame, size_px)
        boards = self._boards(frame, size_px)
        srgb = srgb_from_bgr_u8(frame.bgr_u8).contiguous().to(self.device)
        board = next((s for s, _ in sorted(boards, key=lambda b: b[0].board.role != "patch")), None)
        projected = self.wearer.box(board.image_from_board, size_px) if board and self.wearer else None
        self.board_seen |= board is not None
        detect_s = 0.0
        filmed = {}
        for tracked in self.victims:
            started = time.perf_counter()
            filmed[tracked] = tracked.detect(srgb[None])[0]
            detect_s += time.perf_counter() - started
        numbered = {tracked: tracked.numbered(FILMED, filmed[tracked], 1 + frame.dropped) for tracked in self.victims}
        expected = {tracked: self._expected(tracked, projected, board is not None, size_px) for tracked in self.victims}
        laying = time.perf_counter()
        surfaces = self._surfaces(board, expected[self.victims[0]], srgb, frame.time_s) if overlay else []
        shown = self.overlay.shown(srgb, surfaces, frame.index) if surfaces and self.overlay else srgb[None][:0]
        overlay_s = time.perf_counter() - laying
        names = list(self.overlay.patches) if len(shown) and self.overlay else []
        seen: dict[str, dict[str, ViewResult]] = {}
        for tracked in self.victims:
            started = time.perf_counter()
            others = tracked.detect(shown, names) if names else ()
            alarm, *alarms = tracked.alarms(torch.cat([srgb[None], shown[: len(names)]]))
            detect_s += time.perf_counter() - started
            place = expected[tracked]
            done = tracked.judged([filmed[tracked], *others], place)
            box = place.box_xyxy_px if place else None
            views = {FILMED: ViewResult(numbered[tracked], box, done[0], alarm)}
            for name, found, success, raised in zip(names, others, done[1:], alarms, strict=True):
                views[name] = ViewResult(tracked.numbered(name, found, 1 + frame.dropped), box, success, raised)
            seen[tracked.victim.name] = views
        pictures = {FILMED: srgb, **dict(zip(names, shown, strict=True))}
        rest_s = time.perf_counter() - begun - detect_s - overlay_s
        offered = tuple(self.overlay.patches) if overlay and self.overlay and self.wardrobe else ()
        unworn = () if names or self.board_seen else offered
        return FrameResult(frame, boards, seen, pictures, detect_s, overlay_s, rest_s, unworn)

    def _follow(self, frame: Frame, size_px: tuple[int, int]) -> None:
        """Tell the victims where a film breaks off: photos in a folder are of many sizes, and a feed can falter."""
        apart = self.last_s is not None and not 0 <= frame.time_s - self.last_s <= GAP_S
        for tracked in self.victims:
            if size_px != self.size_px:
                tracked.forget()
            elif apart:
                tracked.cut()
        self.size_px, self.last_s = size_px, frame.time_s

    def _boards(self, frame: Frame, size_px: tuple[int, int]) -> list[tuple[DetectedBoard, Pose | None]]:
        if self.finder is None:
            return []
        known = self.camera
        camera = known.scaled(size_px) if known else CalibratedCamera.guess(size_px, self.field_of_view_deg)
        sightings = self.finder.find(frame.bgr_u8)
        if self.mirror:
            self.mirror.look(frame.bgr_u8, found=bool(sightings))
        return [(s, pose_of(s, camera)) for s in sightings if s.board.role != "chart"]

    def _expected(
        self, tracked: TrackedVictim, projected: Box | None, found: bool, size_px: tuple[int, int]
    ) -> ExpectedPlace | None:
        """From the board where one is found; else the followed detection."""
        if projected is not None:
            tracked.remember(projected)
            return ExpectedPlace(projected, by_tags=True)
        return None if found else tracked.tracked(size_px)

    def _surfaces(
        self, board: DetectedBoard | None, expected: ExpectedPlace | None, srgb: Tensor, time_s: float
    ) -> list[FilmedSurface]:
        """On the print; on the objects only while no print has been seen, for it would be there as well."""
        if expected is None or self.overlay is None:
            return []
        if board is not None:
            return [on_board(board, expected.box_xyxy_px, srgb)]
        if self.board_seen or self.wardrobe is None:
            return []
        size_px = (int(srgb.shape[2]), int(srgb.shape[1]))
        return self.wardrobe.surfaces(self.victims[0].wearers(size_px), srgb, time_s)
