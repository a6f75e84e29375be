"""The watcher of a film: detectors, tags, overlay, window, page and files, as the options ask for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from physadv.app.assembly import parts
from physadv.app.assembly.watch_target import Made, projected, worn
from physadv.app.config.watch_options import WatchConfig
from physadv.core.types import PatchImage
from physadv.engines.watch.browser import Browser
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import Tally
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.frame_log import FILE, FrameLog
from physadv.engines.watch.gallery import Gallery
from physadv.engines.watch.invitation import invitation
from physadv.engines.watch.loop import Loop
from physadv.engines.watch.overlay import Overlay
from physadv.engines.watch.takes import Takes
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.engines.watch.wardrobe import Wardrobe
from physadv.engines.watch.window import window
from physadv.library.fiducials.camera import load_camera
from physadv.library.fiducials.find import Finder
from physadv.library.fiducials.mirror import MirrorCheck
from physadv.library.files.boards import Boards
from physadv.parts.frames.source import FrameSource
from physadv.parts.patches.controls import PATCH, arms

logger = logging.getLogger(__name__)

LIKELY_FPS = 10.0  # of a recording, where the source does not say


@dataclass(frozen=True)
class WatchedPrint:
    """The patch that is laid over the frames, what is sought in them, and the run that made it."""

    patch: PatchImage | None
    boards: Boards | None
    made: Made


def analyzer_of(
    options: WatchConfig, printed: WatchedPrint, tracked: Sequence[TrackedVictim], device: torch.device
) -> FrameAnalyzer:
    """Make the frame analyzer."""
    label, overlay = tracked[0].label, None
    if printed.patch is not None and options.overlay is not False:
        overlay = _overlay(options, printed.patch, printed.boards, label)
    prints = [board for board in printed.boards.boards if board.role != "chart"] if printed.boards else []
    if not prints and (options.object_mm or options.board_at_mm is not None):
        wearer(label, options.object_mm, options.board_at_mm)  # a mistake is one without a board, too
    return FrameAnalyzer(
        victims=list(tracked),
        finder=Finder(prints) if prints else None,
        mirror=MirrorCheck(prints) if prints else None,
        camera=load_camera(Path(options.camera).expanduser()) if options.camera else None,
        field_of_view_deg=options.field_of_view_deg,
        wearer=projected(options, printed.made, label) if prints else None,
        wardrobe=Wardrobe(worn(options, printed.made, label)) if overlay else None,
        overlay=overlay,
        device=device,
    )


def _overlay(options: WatchConfig, patch: PatchImage, boards: Boards | None, label: str) -> Overlay:
    seed = boards.seed if boards and boards.seed is not None else options.seed
    shown = arms(patch, seed)
    picked = {PATCH: shown[PATCH], **{name: shown[name] for name in options.controls}}
    return Overlay(picked, parts.ink(options.ink), options.seed, match_camera=options.match_camera, label=label)


def loop_of(
    options: WatchConfig, goal: str, analyzer: FrameAnalyzer, source: FrameSource, facts: dict[str, Any], out: Path
) -> Loop:
    """The loop over the frames, with its files, window and page; one frame alone in a dry run."""
    overlay = analyzer.overlay is not None
    controls = Controls(
        overlay=overlay, can_overlay=overlay, victims=len(analyzer.victims), recording=bool(options.record)
    )
    target = Path(options.record).expanduser() if options.record else out / "record.avi"
    fps = source.fps if source.fps and 0 < source.fps <= 240 else LIKELY_FPS
    takes = Takes(target, fps, options.record_view == "shown", controls)
    if options.record:
        takes.begin()
    screen = window(options.window, controls)
    browser = _browser(options, controls, source, windowless=screen is None)
    first = analyzer.victims[0]
    tally = Tally(
        first.label, first.victim.name, options.distance_edges_m, options.yaw_edges_deg, appears=goal == "conjure"
    )
    return Loop(
        source=source, analyzer=analyzer, controls=controls, log=FrameLog(out / FILE, facts), tally=tally,
        gallery=Gallery(first.victim.name, first.label), out=out, takes=takes, window=screen, browser=browser,
        max_frames=1 if options.dry_run else options.max_frames, progress=options.progress,
    )  # fmt: skip


def _browser(options: WatchConfig, controls: Controls, source: FrameSource, *, windowless: bool) -> Browser | None:
    """The page that was asked for; unasked, that of a camera that has no window. Says where it is."""
    word = options.serve.lower()
    unasked = word == "auto" and windowless and options.window.lower() == "auto" and source.live and not options.dry_run
    if not unasked and word not in ("true", "network"):
        if windowless:
            logger.info("no window; Ctrl-C ends the run with a summary, serve=true shows it in a browser")
        return None
    browser = Browser(controls, f"{options.name}: {source.name}", options.port, network=word == "network")
    logger.info("page    %s\ncamera  %s", browser.url, browser.camera_url)
    if text := invitation(browser.url, network=word == "network", unasked=unasked):
        logger.info("%s", text)
    return browser


def film_facts(
    options: WatchConfig, goal: str, analyzer: FrameAnalyzer, boards: Boards | None, source: FrameSource
) -> dict[str, Any]:
    """The first line of the log: what is watched, by whom, and what it is taken for."""
    first = analyzer.victims[0]
    camera = f"guess of {options.field_of_view_deg:g}°"
    if analyzer.camera:
        camera = analyzer.camera.scaled(source.size_px).source
        if analyzer.camera.is_turned(source.size_px):
            logger.info("%s is for frames on their side: it is turned along with them", options.camera)
    return {
        "source": source.name, "live": source.live, "victim": first.victim.name, "digest": first.victim.digest,
        "victims": [{"name": e.victim.name, "digest": e.victim.digest, "confidence": e.victim.confidence}
                    for e in analyzer.victims],
        "goal": goal, "object": first.label,
        "object_mm": list(analyzer.wearer.size_mm) if analyzer.wearer else None,
        "board_at_mm": list(analyzer.wearer.board_at_mm) if analyzer.wearer else None,
        "camera": camera, "measured_bar_mm": options.measured_bar_mm or None,
        "boards": boards.digest if boards else None, "patch": options.patch or None,
        "overlays": list(analyzer.overlay.patches) if analyzer.overlay else [],
        "seed": options.seed, "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
