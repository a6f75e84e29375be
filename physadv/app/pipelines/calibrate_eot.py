"""Films of a printed board become a preset of conditions; what it foretells is held against what was measured."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import folder
from physadv.app.assembly.films import read_films
from physadv.app.config.choices import choices
from physadv.app.pipelines.evaluate import evaluate_command
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.core.masking import masked
from physadv.core.seeding import generator
from physadv.engines.judging.printed_board import printed_board
from physadv.engines.watch.recordings import Film, with_optics
from physadv.library.calibration.conditions import BoardFrame, Range, block_bootstrap, ranges
from physadv.library.calibration.conditions_picture import conditions_picture
from physadv.library.calibration.film_sense import check_film
from physadv.library.calibration.preset import Placed, placed, preset_text
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.patches import load_patch, save_patch
from physadv.library.metrics.interval import resampled_weights, wilson
from physadv.library.report.pages.html import filled
from physadv.library.runs.options import read_object_if_there
from physadv.parts.patches.controls import arms
from physadv.parts.render.options import EotConfig, check

logger = logging.getLogger(__name__)
Json = dict[str, Any]
RESAMPLES = 2000


def calibrate_eot(config: DictConfig, registry: Registry, _out: None) -> Path:
    """Write the preset, and report, numbers and judgements into the folder of its name; returns the preset's path."""
    target = _checked(config)
    watched = read_films(
        [Path(run).expanduser() for run in config.runs], list(config.films), list(config.accept), config.measured_bar_mm
    )
    width_px = _width_px(config)
    with folder.opened(target.with_suffix(""), config) as out:
        by_film = [with_optics(film, config.most_frames) for film in watched]
        for film, seen in zip(watched, by_film, strict=True):
            if doubt := check_film(seen, [sight.miss for sight in film.sights], str(film.folder)):
                logger.warning("doubt: %s", doubt)
        frames = [frame for film in by_film for frame in film]
        found = ranges(by_film, width_px / watched[0].size_px[0])
        options = placed(found, _keys(config), _own_blur(config))
        if not options:
            raise BadInput(
                f"{len(frames)} frames of {len(watched)} run(s) show a board with a pose; at least 10 are needed. "
                "Film longer, nearer, or with larger tags (physadv sheet range_m=10)"
            )
        seen_through = _as_filmed(config, watched)
        after = _set(seen_through, options)
        preset = _preset(config, options, watched, frames, width_px, target.stem)
        measured = _measured(watched, config.role, config.seed)
        judged = _judged(config, seen_through, after, watched, registry, out, options) if config.patch else {}
        content = _content(config, watched, frames, found, options, measured, judged, target)
        write_text(out / "calibration.json", json.dumps(content, indent=1, allow_nan=False))
        picture = conditions_picture(frames, content)
        write_bytes(out / "calibration.png", picture)
        embedded = "data:image/png;base64," + base64.b64encode(picture).decode()
        write_text(out / "report.html", filled("calibrated.html.j2", {**content, "picture": embedded}))
        write_text(target, preset)  # last: where it is, all of it went well, and a failed command can be mended
        _tell(target, out, content)
    return target


def _checked(config: DictConfig) -> Path:
    if not config.runs:
        raise BadOption("which recordings? Say runs=[FOLDER,...]: run folders that `physadv watch` wrote")
    if len(config.films) not in (0, len(config.runs)):
        raise BadOption(
            f"films names one video or folder a run: {len(config.runs)} run(s), {len(config.films)} film(s)"
        )
    if config.role not in ("patch", "grey", "random"):
        raise BadOption(f"role must be patch, grey or random, got {config.role!r}")
    if config.most_frames < 1 or config.picture_px < 0:
        raise BadOption("most_frames must be at least 1, and picture_px at least 0")
    if not config.out:
        raise BadOption("where to? Say out=my_place.yaml: the preset file to write")
    target = Path(config.out).expanduser()
    if target.suffix != ".yaml":
        raise BadOption(f"out={config.out!r} must be a .yaml file. Write out={target.with_suffix('.yaml')}")
    if target.exists():
        raise BadOption(f"{target} exists. Choose another out=")
    if config.patch:
        load_patch(Path(config.patch).expanduser(), config.width_mm or None)  # read after minutes, refused now
    return target


def _width_px(config: DictConfig) -> int:
    """Of the pictures in which the preset will act."""
    known = config.picture_px or config.scenes.get("width_px") or config.scenes.get("long_side_px")
    if not known:
        raise BadOption("how wide are the pictures of these scenes? Say picture_px=640")
    return int(known)


def _keys(config: DictConfig) -> list[str]:
    """Dotted names of the ranges that scenes and preset have."""
    found = [f"scenes.{name}" for name in config.scenes]
    return found + [
        f"eot.{group}.{name}" for group, rows in config.eot.items() if OmegaConf.is_dict(rows) for name in rows
    ]


def _own_blur(config: DictConfig) -> tuple[float, float]:
    low, high = config.scenes.get("blur_px") or (0.0, 0.0)
    return float(low), float(high)


def _set(config: DictConfig, options: Sequence[Placed]) -> DictConfig:
    """The configuration under the new ranges, checked as any preset is."""
    made: DictConfig = config.copy()
    for option in options:
        OmegaConf.update(made, option.key, [option.low, option.high])
    conditions: Any = OmegaConf.to_object(made.eot)
    assert isinstance(conditions, EotConfig)
    check(conditions)
    return made


def _preset(
    config: DictConfig, options: Sequence[Placed], watched: Sequence[Film], frames: Sequence[BoardFrame], width_px: int,
    name: str,
) -> str:  # fmt: skip
    optics = sum(frame.optics is not None for frame in frames)
    sources = ", ".join(sorted({Path(masked(film.source)).name or film.folder.name for film in watched}))
    heading = [
        f"What {len(frames)} frames of {sources} show of a printed board: central 96 % of each condition.",
        f"Blur, noise and light were measured in {optics} of them.",
    ]
    return preset_text(choices()["eot"], name, options, heading, width_px, _overrides(config, watched, options))


def _as_filmed(config: DictConfig, watched: Sequence[Film]) -> DictConfig:
    """Scenes seen through the lens of the films, where they have a lens."""
    made: DictConfig = config.copy()
    if "field_of_view_deg" in config.scenes and choices()["scenes"] == "road":
        made.scenes.field_of_view_deg = round(watched[0].field_of_view_deg, 1)
    return made


def _measured(watched: Sequence[Film], role: str, seed: int) -> Json:
    """Success of every role that was filmed, over all frames where it was judged."""
    rows: Json = {}
    for name in sorted({s.role for film in watched for s in film.success}, key=lambda r: (r != role, r)):
        tries = [(s.hit, s.time_s + 1e6 * n) for n, film in enumerate(watched) for s in film.success if s.role == name]
        value, low, high = block_bootstrap(
            [hit for hit, _ in tries], [time_s for _, time_s in tries],
            lambda blocks: resampled_weights(blocks, RESAMPLES, generator(seed, "calibrate/bootstrap")),
        )  # fmt: skip
        if low == high:  # seconds that all agree tell a bootstrap nothing
            seconds = len({int(time_s) for _, time_s in tries})
            low, high = wilson(value * seconds, seconds)
        rows[name] = {"value": value, "low": low, "high": high, "frames": len(tries)}
    return rows


def _judged(
    config: DictConfig, seen_through: DictConfig, after: DictConfig, watched: Sequence[Film], registry: Registry,
    out: Path, options: Sequence[Placed],
) -> Json:  # fmt: skip
    """Success that ``evaluate`` foretells: as before, at the filmed places only, and under all that was measured.

    Judged is the print as it hangs, rim and tags included, of every role that was filmed.
    """
    prints = _prints(config, watched, out)
    roles = [config.role, *(role for role in prints if role != config.role)] if config.role in prints else list(prints)
    places = _set(seen_through, [option for option in options if option.key.startswith("scenes.")])
    rows: Json = {}
    for words, case in {"before": config, "places": places, "after": after}.items():
        judged: DictConfig = case.copy()
        judged.patch, judged.width_mm = str(prints[roles[0]]), 0.0
        judged.against = [str(prints[role]) for role in roles[1:]]
        (out / words).mkdir(exist_ok=True)  # a calibration that goes on
        evaluate_command(judged, registry, out / words)
        conditions = read_object_if_there(out / words / "scores.json")["victims"][0]["conditions"]
        kept = [c for c in conditions if c["role"] == "patch"]
        rows[words] = {
            role: next((s for s in row["scores"] if s["name"] == "success"), None)
            for role, row in zip(roles, kept, strict=True)
        }
    return rows


def _prints(config: DictConfig, watched: Sequence[Film], out: Path) -> dict[str, Path]:
    """A patch file of every board that was filmed, by role."""
    patch = load_patch(config.patch, config.width_mm or None)
    boards = {sight.board.role: sight.board for film in watched for sight in film.sights}
    seeds = [film.seed for film in watched if film.seed is not None]
    shown = arms(patch, seeds[0] if seeds else config.seed)
    made = {}
    for role, board in boards.items():
        made[role] = out / f"printed-{role}"
        made[role].mkdir()
        save_patch(printed_board(shown[role], board), made[role])
    return made


def _content(
    config: DictConfig, watched: Sequence[Film], frames: Sequence[BoardFrame], found: Mapping[str, Range],
    options: Sequence[Placed], measured: Json, judged: Json, target: Path,
) -> Json:  # fmt: skip
    def old(key: str) -> list[float] | None:
        value = OmegaConf.select(config, key)
        return None if value is None else [float(v) for v in value]

    role = config.role if config.role in measured else None
    told = {words: row[role]["value"] for words, row in judged.items() if role and row.get(role)}
    gaps = {words: value - measured[role]["value"] for words, value in told.items()} if role else {}
    return {
        "format": 1, "preset": str(target), "parent": choices()["eot"], "role": config.role,
        "measured_bar_mm": config.measured_bar_mm or None,
        "runs": [{"folder": str(f.folder), "source": masked(f.source), "frames": len(f.sights)} for f in watched],
        "frames": len(frames), "frames_with_optics": sum(f.optics is not None for f in frames),
        "seen": {name: asdict(value) for name, value in found.items()},
        "options": [{"condition": p.condition, "key": p.key, "before": old(p.key), "after": [p.low, p.high],
                     "frames": p.measured.frames, "median": p.measured.median} for p in options],
        "overrides": _overrides(config, watched, options),
        "measured": measured, "predicted": judged, "gaps": gaps,
    }  # fmt: skip


def _overrides(config: DictConfig, watched: Sequence[Film], options: Sequence[Placed]) -> list[str]:
    """Options that belong to the scenes, and so cannot stand in a preset of conditions."""
    made = [f"{p.key}=[{p.low:g},{p.high:g}]" for p in options if p.key.startswith("scenes.")]
    lens = _as_filmed(config, watched).scenes.get("field_of_view_deg")
    return made + ([f"scenes.field_of_view_deg={lens:g}"] if lens != config.scenes.get("field_of_view_deg") else [])


def _tell(target: Path, out: Path, content: Json) -> None:
    logger.info(
        "%d frames with a pose, %d of them with blur, noise and light", content["frames"], content["frames_with_optics"]
    )
    for option in content["options"]:
        before = "–" if option["before"] is None else "{:g} to {:g}".format(*option["before"])
        logger.info("%-28s %s  →  %g to %g", option["key"], before, *option["after"])
    for role, row in content["measured"].items():
        logger.info(
            "measured success, %s: %.2f [%.2f, %.2f] on %d frames", role, *(row[k] for k in ("value", "low", "high")),
            row["frames"],
        )  # fmt: skip
    for words, gap in content["gaps"].items():
        foretold = content["predicted"][words][content["role"]]["value"]
        logger.info("foretold %s: %.2f, %+.2f against measured", words, foretold, gap)
    logger.info("preset  %s (with it: %s)", target, " ".join(content["overrides"]) or "nothing else")
    logger.info("report  %s", out / "report.html")
