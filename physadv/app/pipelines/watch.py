"""``physadv watch``: build what the options ask for, run it, and write down what it came to."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts
from physadv.app.assembly.watch_target import Made, label_of, made_by, patch_and_boards, projected, worn
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadOption, FeedDied
from physadv.core.types import PatchImage
from physadv.engines.watch.browser import Browser
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import Tally
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.frame_log import FILE, FrameLog
from physadv.engines.watch.gallery import Gallery
from physadv.engines.watch.loop import Loop
from physadv.engines.watch.overlay import Overlay
from physadv.engines.watch.summary import summary, write_summary
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.engines.watch.window import window
from physadv.library.fiducials.camera import load_camera
from physadv.library.fiducials.find import Finder
from physadv.library.fiducials.mirror import MirrorCheck
from physadv.library.files.boards import Boards
from physadv.library.report.pages.watch import write_watch_report
from physadv.library.report.watch_words import headline, said_aloud
from physadv.library.runs import record
from physadv.library.runs.record import RunRecord
from physadv.parts.frames.open import open_source
from physadv.parts.frames.record import Recorder
from physadv.parts.frames.source import FrameSource, SourceState
from physadv.parts.patches.controls import PATCH, arms

logger = logging.getLogger(__name__)

LIKELY_FPS = 10.0  # of a recording, where the source does not say


def watch_command(config: DictConfig, registry: Registry, out: Path) -> float | None:
    """Watch until the source ends. Returns the success of the print, where there was one."""
    started = time.monotonic()
    check(config)
    device = parts.device_of(config.device)
    patch, boards = patch_and_boards(config)
    listed: Any = OmegaConf.to_container(config.victims, resolve=True)
    victims = parts.victims_of(registry, listed, choices()["victim"], config.victim, config.seed, device)
    names = [victim.name for victim in victims]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadOption(f"two victims are called {twice!r}, so their reports could not be told apart. Leave one out")
    goal = parts.part(registry, "goal", choices()["goal"], config.goal, config.seed)
    made = made_by(config.patch)
    label = label_of(config, made, victims[0])
    tracked = [TrackedVictim(victim, goal, label, any_object=choices()["goal"] == "conjure") for victim in victims]
    analyzer = analyzer_of(config, made, label, tracked, patch, boards, device)
    logger.info("watching %s with %s", config.source, ", ".join(victim.name for victim in victims))
    options: Any = OmegaConf.to_object(config.frames)
    source = open_source(str(config.source), options=options)
    try:
        facts = _facts(config, analyzer, label, boards, source)
        loop = _loop(config, analyzer, source, facts, out)
    except BaseException:
        source.close()
        raise
    try:
        with loop.log:
            if config.dry_run:
                loop.max_frames = 1
            loop.run()
    finally:
        if loop.browser:
            loop.browser.close()
    return _finish(config, loop, facts, device, started)


def check(config: DictConfig) -> None:
    """Refuse what cannot work before anything is opened."""
    if not str(config.source).strip():
        raise BadOption("watch what? Say source=0 for the first camera, source=clip.avi, a folder of images, or a URL")
    if config.resume:
        raise BadOption("a film cannot be resumed: leave resume= out, and choose another out=")
    for name in ("distance_edges_m", "yaw_edges_deg"):
        edges = list(config[name])
        if len(edges) < 2 or any(b <= a for a, b in pairwise(edges)):
            raise BadOption(f"{name} must be at least two growing numbers, got {edges}")
    if config.record_view not in ("shown", "filmed"):
        raise BadOption(f"record_view must be shown or filmed, got {config.record_view!r}")
    if config.distance_edges_m[0] != 0:
        raise BadOption(f"distance_edges_m must begin with 0, got {config.distance_edges_m[0]:g}")
    if config.minimum_n < 1 or config.max_frames < 0:
        raise BadOption("minimum_n must be at least 1, and max_frames at least 0")
    if not 0 <= config.port < 65536:
        raise BadOption(f"port must be from 0 to 65535, got {config.port}")


def analyzer_of(
    config: DictConfig,
    made: Made,
    label: str,
    tracked: list[TrackedVictim],
    patch: PatchImage | None,
    boards: Boards | None,
    device: torch.device,
) -> FrameAnalyzer:
    """Make the frame analyzer."""
    overlay = None
    if patch is not None and config.overlay is not False:
        seed = boards.seed if boards and boards.seed is not None else config.seed
        shown = arms(patch, seed)
        picked = {PATCH: shown[PATCH], **{name: shown[name] for name in config.controls}}
        overlay = Overlay(picked, parts.ink(config.ink), config.seed, match_camera=config.match_camera, label=label)
    prints = [board for board in boards.boards if board.role != "chart"] if boards else []
    if not prints and (list(config.object_mm) or config.board_at_mm is not None):
        wearer(label, list(config.object_mm), config.board_at_mm)  # a mistake is one without a board, too
    return FrameAnalyzer(
        victims=tracked,
        finder=Finder(prints) if prints else None,
        mirror=MirrorCheck(prints) if prints else None,
        camera=load_camera(Path(config.camera).expanduser()) if config.camera else None,
        field_of_view_deg=config.field_of_view_deg,
        wearer=projected(config, made, label) if prints else None,
        dressing=worn(config, made, label) if overlay else None,
        overlay=overlay,
        device=device,
    )


def _loop(config: DictConfig, analyzer: FrameAnalyzer, source: FrameSource, facts: dict[str, Any], out: Path) -> Loop:
    controls = Controls(
        overlay=analyzer.overlay is not None, can_overlay=analyzer.overlay is not None, victims=len(analyzer.victims),
        recording=bool(config.record),
    )  # fmt: skip
    target = Path(config.record).expanduser() if config.record else out / "record.avi"
    fps = source.fps if source.fps and 0 < source.fps <= 240 else LIKELY_FPS
    recorder = Recorder(target, fps=fps) if config.record else None
    screen = window(config.window, controls)
    browser = Browser(controls, f"{config.name}: {source.name}", config.port) if config.serve else None
    if browser:
        logger.info("page    %s\ncamera  %s", browser.url, browser.camera_url)
    elif screen is None:
        logger.info("no window; Ctrl-C ends the run with a summary, serve=true shows it in a browser")
    first = analyzer.victims[0]
    tally = Tally(
        first.label, first.victim.name, list(config.distance_edges_m), list(config.yaw_edges_deg),
        appears=choices()["goal"] == "conjure",
    )  # fmt: skip
    log = FrameLog(out / FILE, facts)
    return Loop(
        source=source, analyzer=analyzer, controls=controls, log=log, tally=tally,
        gallery=Gallery(first.victim.name, first.label), out=out, record_to=target,
        record_fps=fps, record_shown=config.record_view == "shown", window=screen, browser=browser,
        max_frames=config.max_frames, progress=config.progress, recorder=recorder, recordings=int(recorder is not None),
    )  # fmt: skip


def _facts(
    config: DictConfig, analyzer: FrameAnalyzer, label: str, boards: Boards | None, source: FrameSource
) -> dict[str, Any]:
    """The first line of the log."""
    victim = analyzer.victims[0].victim
    camera = f"guess of {config.field_of_view_deg:g}°"
    if analyzer.camera:
        camera = analyzer.camera.scaled(source.size_px).source
        if analyzer.camera.is_turned(source.size_px):
            logger.info("%s is for frames on their side: it is turned along with them", config.camera)
    return {
        "source": source.name, "live": source.live, "victim": victim.name, "digest": victim.digest,
        "victims": [{"name": e.victim.name, "digest": e.victim.digest, "confidence": e.victim.confidence}
                    for e in analyzer.victims],
        "goal": choices()["goal"], "object": label,
        "object_mm": list(analyzer.wearer.size_mm) if analyzer.wearer else None,
        "board_at_mm": list(analyzer.wearer.board_at_mm) if analyzer.wearer else None,
        "camera": camera, "measured_bar_mm": config.measured_bar_mm or None,
        "boards": boards.digest if boards else None, "patch": str(config.patch) or None,
        "overlays": list(analyzer.overlay.patches) if analyzer.overlay else [],
        "seed": config.seed, "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def end_of(config: DictConfig, loop: Loop) -> str:
    """How a run ended that nobody stopped: complete only when all there is was looked at."""
    if config.dry_run:
        return "dry run, one frame"
    if loop.cut_off:
        return f"cut off after max_frames={loop.max_frames}"
    start_s, stop_s = config.frames.start_s, config.frames.stop_s
    if start_s or stop_s:
        return f"from {start_s or 0:g} s to {f'{stop_s:g} s' if stop_s else 'the end'}"
    return "complete"


def _finish(
    config: DictConfig, loop: Loop, facts: Mapping[str, Any], device: torch.device, started: float
) -> float | None:
    source, out = loop.source, loop.out
    died = source.state is SourceState.DIED and not loop.controls.stopping
    ended = "the source died" if died else "stopped" if loop.controls.stopping else end_of(config, loop)
    asked = {k: v for k, v in facts.items() if k != "victims"} | {"victims_asked": facts["victims"]}
    told = {"name": config.name, **asked, "ended": ended, "reason": source.reason, "times": loop.times.summarised(),
            "mirrored": bool(loop.analyzer.mirror and loop.analyzer.mirror.mirrored)}  # fmt: skip
    content = summary(loop.tally, told, minimum_n=config.minimum_n, seed=config.seed)
    content |= {"shots": loop.gallery.write(out), "headline": headline(content), "in_doubt": said_aloud(content)}
    write_summary(out, content)
    container: Any = OmegaConf.to_container(config, resolve=True)
    prints = [c for v in content["victims"][:1] if v["sighted"] for c in v["conditions"] if c["success"]]
    record.write(out, RunRecord(
        command="watch", name=config.name, seed=config.seed, choices=choices(), config=container,
        victims=[{"name": v["name"], "digest": v["digest"]} for v in facts["victims"]], data=dict(facts),
        device=str(device), seconds=time.monotonic() - started,
        scores=[{"victim": facts["victim"], "condition": c["condition"], "scores": [c["success"]]} for c in prints],
        artefacts=sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()),
    ))  # fmt: skip
    logger.info("%s", headline(content))
    for text in said_aloud(content):
        logger.warning("%s", text)
    logger.info("report  %s", write_watch_report(out))
    if died:
        raise FeedDied(f"{source.reason.removesuffix('.')}. What was seen until then is in {out}")
    return next((c["success"]["value"] for c in prints if c["condition"] == "print"), None)
