"""Pictures of the conditions a patch is optimised under: a sheet of draws, and a row for each stage alone."""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from physadv.app.assembly import parts, scenes
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.core.protocols import SceneSource
from physadv.core.seeding import generator
from physadv.core.types import Draws, PatchImage, SceneBatch
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import load_patch
from physadv.library.report.pictures.tiles import PictureTile, TileRow, middle_and_side, write_tiles
from physadv.parts.patches.testcard import card
from physadv.parts.render.eot import EotRenderer
from physadv.parts.render.options import EotConfig, ranges

logger = logging.getLogger(__name__)

GROUPS = ("jitter", "surface", "cover", "light", "optics", "sensor", "camera")
COMPANION = {"light.shadow": "light.key_to_ambient", "light.gloss": "light.key_to_ambient"}
"""Options that show nothing without another one."""
HIDDEN = ("light.key_azimuth_deg", "light.key_height_deg", "light.shadow_edge_mm", "light.gloss_width_deg")
"""Options that only say how another one looks."""


@dataclass(frozen=True)
class PreviewShot:
    """One object that wears the patch, alone in its scene."""

    scene: SceneBatch  # one image; only this object wears
    row: int


def eot_preview(config: DictConfig, registry: Registry, out: Path) -> None:
    """Write ``draws.png`` and ``draws.csv``, and ``stages.png`` where the preset lets anything vary."""
    device = parts.device_of(config.device)
    patch = _patch(config)
    shots = _shots(_scenes(config, registry, device), config, device)
    options: Any = OmegaConf.to_object(config.eot)
    with torch.no_grad():
        _draws(config, shots, patch, out)
        rows = list(_stage_rows(options, config, _spread(shots, config.distances_m), patch))
    if rows:
        write_tiles(rows, f"eot={choices()['eot']}: each stage alone, at the end of its range", out / "stages.png",
                    tile_px=110, margin_px=170, blocks=2 if len(rows) > 12 else 1)  # fmt: skip
        logger.info("stages  %s", out / "stages.png")


def _patch(config: DictConfig) -> PatchImage:
    if config.patch:
        return load_patch(config.patch, config.width_mm or None)
    return card(config.width_mm or 500.0)


def _scenes(config: DictConfig, registry: Registry, device: torch.device) -> SceneSource:
    chosen = choices()
    source = parts.part(registry, "scenes", chosen["scenes"], config.scenes, config.seed)
    if not hasattr(source, "with_objects"):
        found: SceneSource = source
        return found
    victim = parts.victim(registry, chosen["victim"], config.victim, config.seed).to(device)
    return scenes.filled(source, victim, device)


def _shots(source: SceneSource, config: DictConfig, device: torch.device) -> list[PreviewShot]:
    """One wearer from each of the first images that have one."""
    if config.draws < 1:
        raise BadOption(f"draws must be at least 1, got {config.draws}")
    found: list[PreviewShot] = []
    for batch in source.sweep(8):
        for image in range(len(batch.keys)):
            wearers = (batch.wears & (batch.image_of == image)).nonzero().flatten()
            if len(wearers):
                found.append(_alone(batch, image, int(wearers[0]), device))
        if len(found) >= max(4 * config.draws, 64):
            break
    if not found:
        raise BadInput("no object in these scenes wears the patch. Choose another label, or other images")
    return found


def _alone(batch: SceneBatch, image: int, row: int, device: torch.device) -> PreviewShot:
    """The scene of one image, where only one object wears the patch."""
    kept = (batch.image_of == image).nonzero().flatten()
    height, width = batch.sizes_px[image].tolist()
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            of_image = field.name in ("srgb", "sizes_px", "blur_px", "noise", "visible")
            changed[field.name] = value[image : image + 1] if of_image else value[kept]
    changed["image_of"] = torch.zeros_like(kept)
    changed["wears"] = kept == row
    for name in ("srgb", "visible"):
        if changed.get(name) is not None:
            changed[name] = changed[name][..., :height, :width].contiguous()
    scene = dataclasses.replace(batch, keys=(batch.keys[image],), **changed).to(device)
    return PreviewShot(scene, int((kept == row).nonzero()))


def _draws(config: DictConfig, shots: list[PreviewShot], patch: PatchImage, out: Path) -> None:
    """A sheet of independent draws, and their numbers."""
    renderer: Any = parts.renderer(config.eot, quality="high", ink=parts.ink(config.ink))
    tiles, table = [], []
    for number in range(config.draws):
        shot = shots[number % len(shots)]
        drawn = renderer.sample(shot.scene, generator(config.seed, f"preview/{number}"))
        tiles.append(_tile(renderer, shot, patch, drawn, _caption(shot, drawn)))
        table.append({"tile": number, "image": shot.scene.keys[0], **_numbers(drawn, shot.row)})
    columns = 6
    rows = [TileRow("", tuple(tiles[start : start + columns])) for start in range(0, len(tiles), columns)]
    heading = f"eot={choices()['eot']}: {config.draws} draws, {patch.width_mm:.0f} x {patch.height_mm:.0f} mm"
    path = write_tiles(rows, heading, out / "draws.png")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_text(out / "draws.csv", stream.getvalue())
    logger.info("draws   %s (their numbers: %s)", path, out / "draws.csv")


def _tile(
    renderer: EotRenderer, shot: PreviewShot, patch: PatchImage, drawn: Draws, caption: tuple[str, ...]
) -> PictureTile:
    """The print as it is drawn; cut out alike whatever is drawn, so that sizes can be compared."""
    images = renderer.render(shot.scene, patch, drawn)
    plain = EotRenderer(EotConfig(place=renderer.config.place))
    still = plain.sample(shot.scene, torch.Generator(device=shot.scene.srgb.device))
    corners = plain.outline(shot.scene, patch, still)[shot.row]
    middle, side = middle_and_side(corners.cpu().numpy())
    return PictureTile(images[0].cpu(), middle, side, caption)


def _caption(shot: PreviewShot, drawn: Draws) -> tuple[str, ...]:
    scene, jitter, light = shot.scene, drawn.stages["jitter"], drawn.stages["light"]
    box = scene.boxes_xyxy_px[shot.row].tolist()
    far = f"{float(scene.distance_m[shot.row]):.1f} m, " if scene.distance_m is not None else ""
    first = f"{far}{box[2] - box[0]:.0f} x {box[3] - box[1]:.0f} px"
    turned = f"yaw {float(jitter['yaw_deg'][shot.row]):+.0f}, pitch {float(jitter['pitch_deg'][shot.row]):+.0f} deg"
    return first, f"{turned}, {float(light['exposure_ev'][shot.row]):+.1f} EV"


def _numbers(drawn: Draws, row: int) -> dict[str, str]:
    """Every drawn number of one object, by the option's name."""
    found = {}
    for group in GROUPS:
        for option, values in drawn.stages[group].items():
            if values.ndim in (1, 2) and values.is_floating_point() and option != "crop":
                own = values[0 if group == "camera" else row]
                found[f"{group}.{option}"] = " ".join(f"{v:.4g}" for v in own.reshape(-1).tolist())
    return found


def _spread(shots: list[PreviewShot], distances_m: list[float]) -> list[PreviewShot]:
    """The shots nearest to these distances; where none is known, those at quantiles of size, large to small."""
    if shots[0].scene.distance_m is not None:
        away = torch.tensor([float(s.scene.distance_m[s.row]) for s in shots if s.scene.distance_m is not None])
        return [shots[int((away.log() - torch.tensor(d).log()).abs().argmin())] for d in distances_m]
    order = sorted(shots, key=lambda s: -float(s.scene.boxes_xyxy_px[s.row][3] - s.scene.boxes_xyxy_px[s.row][1]))
    count = len(distances_m)
    return [order[round((k + 0.5) / count * (len(order) - 1))] for k in range(count)]


def _stage_rows(
    options: EotConfig, config: DictConfig, shots: list[PreviewShot], patch: PatchImage
) -> Iterator[TileRow]:
    yield _stage_row("nothing varies", _only(options, ()), config, shots, patch)
    for group in GROUPS:
        for option, span in ranges(getattr(options, group)).items():
            name = f"{group}.{option}"
            neutral = list(getattr(getattr(EotConfig(), group), option))
            if list(span) == neutral or name in HIDDEN:
                continue
            alone = _only(options, (name, COMPANION.get(name, name)))
            yield _stage_row(f"{name} {span[1]:g}", alone, config, shots, patch)
    yield _stage_row("everything, drawn", options, config, shots, patch)


def _only(options: EotConfig, names: tuple[str, ...]) -> EotConfig:
    """The preset with nothing but ``names``, each at the high end of its range."""
    made = dataclasses.replace(EotConfig(), place=options.place)
    for name in names:
        group, option = name.split(".")
        high = list(getattr(getattr(options, group), option))[1]
        changed: dict[str, Any] = {option: [high, high]}
        if name == "optics.motion_px":
            changed["motion_spread_deg"] = options.optics.motion_spread_deg
        made = dataclasses.replace(made, **{group: dataclasses.replace(getattr(made, group), **changed)})
    return made


def _stage_row(
    title: str, options: EotConfig, config: DictConfig, shots: list[PreviewShot], patch: PatchImage
) -> TileRow:
    from physadv.parts.render.entries import build_renderer

    renderer = build_renderer(dataclasses.replace(options, quality="high"), parts.ink(config.ink))
    tiles = []
    for number, shot in enumerate(shots):
        drawn = renderer.sample(shot.scene, generator(config.seed, f"stage/{number}"))
        far = shot.scene.distance_m
        caption = () if far is None else (f"{float(far[shot.row]):.1f} m",)
        tiles.append(_tile(renderer, shot, patch, drawn, caption))
    return TileRow(title, tuple(tiles))
