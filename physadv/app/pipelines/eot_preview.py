"""Pictures of the conditions a patch is optimised under: a sheet of draws, and a row for each stage alone."""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts, scenes
from physadv.app.assembly.victims import chosen_victim
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.scene_protocols import NeedsObjects, SceneSource
from physadv.core.seeding import generator
from physadv.core.types import Draws, PatchImage
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import load_patch
from physadv.library.placement.single_wearers import SingleWearer, nearest_to, single_wearers
from physadv.library.report.pictures.tiles import PictureTile, TileRow, middle_and_side, write_tiles
from physadv.parts.patches.testcard import card
from physadv.parts.printing.ink import Ink
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.eot import EotRenderer
from physadv.parts.render.options import EotConfig
from physadv.parts.render.single_stages import drawn_numbers, single_stages

logger = logging.getLogger(__name__)

COLUMNS = 6  # of the sheet of draws
MIN_WEARERS = 64  # among which the stages' distances are sought


@dataclasses.dataclass(frozen=True)
class Preview:
    """The patch whose conditions are shown, under a preset."""

    name: str  # of the preset
    options: EotConfig
    patch: PatchImage
    ink: Ink | None
    seed: int


def eot_preview(config: DictConfig, registry: Registry, out: Path) -> None:
    """Write ``draws.png`` and ``draws.csv``, and ``stages.png`` where the preset lets anything vary."""
    if config.draws < 1:
        raise BadOption(f"draws must be at least 1, got {config.draws}")
    device = parts.device_of(config.device)
    patch = load_patch(config.patch, config.width_mm or None) if config.patch else card(config.width_mm or 500.0)
    wearers = single_wearers(_scenes(config, registry, device), max(4 * config.draws, MIN_WEARERS), device)
    options: Any = OmegaConf.to_object(config.eot)
    preview = Preview(choices()["eot"], options, patch, parts.ink(config.ink), config.seed)
    with torch.no_grad():
        _write_draws(preview, [wearers[number % len(wearers)] for number in range(config.draws)], out)
        _write_stages(preview, nearest_to(wearers, config.distances_m), out)


def _scenes(config: DictConfig, registry: Registry, device: torch.device) -> SceneSource:
    chosen = choices()
    source: SceneSource = parts.part(registry, "scenes", chosen["scenes"], config.scenes, config.seed)
    if not isinstance(source, NeedsObjects):
        return source
    victim = chosen_victim(registry, chosen["victim"], config.victim, config.seed).to(device)
    return scenes.filled(source, victim, device)


def _write_draws(preview: Preview, wearers: Sequence[SingleWearer], out: Path) -> None:
    """A sheet of independent draws, one a wearer, and their numbers."""
    renderer = _renderer(preview, preview.options)
    tiles, table = [], []
    for number, wearer in enumerate(wearers):
        drawn = renderer.sample(wearer.scene, generator(preview.seed, f"preview/{number}"))
        tiles.append(_tile(renderer, wearer, preview.patch, drawn, _caption(wearer, drawn)))
        table.append({"tile": number, "image": wearer.scene.keys[0], **drawn_numbers(drawn, wearer.row)})
    rows = [TileRow("", tuple(tiles[start : start + COLUMNS])) for start in range(0, len(tiles), COLUMNS)]
    size_mm = f"{preview.patch.width_mm:.0f} x {preview.patch.height_mm:.0f} mm"
    path = write_tiles(rows, f"eot={preview.name}: {len(tiles)} draws, {size_mm}", out / "draws.png")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_text(out / "draws.csv", stream.getvalue())
    logger.info("draws   %s (their numbers: %s)", path, out / "draws.csv")


def _write_stages(preview: Preview, wearers: Sequence[SingleWearer], out: Path) -> None:
    """A row for each stage alone, a column for each wearer."""
    rows = []
    for title, options in single_stages(preview.options):
        renderer = _renderer(preview, options)
        tiles = []
        for number, wearer in enumerate(wearers):
            drawn = renderer.sample(wearer.scene, generator(preview.seed, f"stage/{number}"))
            caption = () if wearer.distance_m is None else (f"{wearer.distance_m:.1f} m",)
            tiles.append(_tile(renderer, wearer, preview.patch, drawn, caption))
        rows.append(TileRow(title, tuple(tiles)))
    heading = f"eot={preview.name}: each stage alone, at the end of its range"
    blocks = 2 if len(rows) > 12 else 1
    path = write_tiles(rows, heading, out / "stages.png", tile_px=110, margin_px=170, blocks=blocks)
    logger.info("stages  %s", path)


def _renderer(preview: Preview, options: EotConfig) -> EotRenderer:
    return build_renderer(dataclasses.replace(options, quality="high"), preview.ink)


def _tile(
    renderer: EotRenderer, wearer: SingleWearer, patch: PatchImage, drawn: Draws, caption: tuple[str, ...]
) -> PictureTile:
    """The print as it is drawn; cut out alike whatever is drawn, so that sizes can be compared."""
    images = renderer.render(wearer.scene, patch, drawn)
    plain = EotRenderer(EotConfig(place=renderer.config.place))
    still = plain.sample(wearer.scene, torch.Generator(device=wearer.scene.srgb.device))
    corners = plain.outline(wearer.scene, patch, still)[wearer.row]
    middle, side = middle_and_side(corners.cpu().numpy())
    return PictureTile(images[0].cpu(), middle, side, caption)


def _caption(wearer: SingleWearer, drawn: Draws) -> tuple[str, ...]:
    row, jitter, light = wearer.row, drawn.stages["jitter"], drawn.stages["light"]
    far = "" if wearer.distance_m is None else f"{wearer.distance_m:.1f} m, "
    turned = f"yaw {float(jitter['yaw_deg'][row]):+.0f}, pitch {float(jitter['pitch_deg'][row]):+.0f} deg"
    size = "{:.0f} x {:.0f} px".format(*wearer.size_px)
    return f"{far}{size}", f"{turned}, {float(light['exposure_ev'][row]):+.1f} EV"
