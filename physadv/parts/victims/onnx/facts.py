"""Facts that an ONNX file, and the configuration that exporters lay beside it, say of themselves.

Ultralytics writes metadata into the file; transformers, optimum and timm write ``config.json`` and
``preprocessor_config.json`` beside it. Nothing of this is trusted to be there, or to fit.
"""

from __future__ import annotations

import ast
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from physadv.core.labels import on_one_line

logger = logging.getLogger(__name__)

_NAME_KEYS = ("names", "class_names", "classes", "labels", "id2label")
_LARGEST = 1 << 24  # bytes of a configuration file that is looked at
_CONFIG, _PREPROCESSOR = "config.json", "preprocessor_config.json"


@dataclass(frozen=True)
class Facts:
    """Empty where nothing is said."""

    names: tuple[str, ...] | None = None  # of the classes
    task: str = ""  # as Ultralytics names tasks: detect, segment, pose, obb, classify
    keypoint_numbers: int = 0  # a detection carries them behind its class
    size_hw: tuple[int, int] | None = None  # that the model was exported for
    family: str = ""  # transformers' model_type, or the name of Ultralytics' head, in lower case
    mean: tuple[float, ...] = ()  # for values in [0, 1]
    std: tuple[float, ...] = ()
    crop_share: float = 0.0  # of the shorter side that a classifier sees in the end; 0 = not said
    fed: str = ""  # where it is said how pictures are fed; "" = nowhere
    files: tuple[Path, ...] = ()  # that were read besides


def facts_of(model: onnx.ModelProto, path: Path) -> Facts:
    """From the metadata first, from the files beside it where the metadata are silent."""
    said = {entry.key: entry.value for entry in model.metadata_props}
    beside = {name: _json_beside(path, name) for name in (_CONFIG, _PREPROCESSOR)}
    config, feeding = (content for _, content in beside.values())
    if not {"model_type", "pretrained_cfg", "architecture", "id2label"} & config.keys():
        config = {}  # some other program's
    trained = _mapping(config.get("pretrained_cfg"))
    feeding = feeding or trained
    mean, std = (_numbers(feeding.get(key) or feeding.get(f"image_{key}")) for key in ("mean", "std"))
    if feeding.get("do_normalize") is False:
        mean, std = (), ()
    task = said.get("task", "").strip().lower()
    ultralytics = "Ultralytics" in said.get("description", "") + said.get("author", "")
    return Facts(
        names=_names_in(said) or _names_in(config),
        task=task,
        keypoint_numbers=_product(_literal(said.get("kpt_shape", ""))),
        size_hw=_size(_literal(said.get("imgsz", ""))),
        family=(said.get("head") or str(config.get("model_type") or "")).lower(),
        mean=mean,
        std=std,
        crop_share=1.0 if task == "classify" else _share(feeding.get("crop_pct")),
        fed="the file's metadata" if ultralytics else (_PREPROCESSOR if feeding and not trained else _CONFIG)
        if feeding else "",
        files=tuple(file for file, content in beside.values() if file is not None and content),
    )  # fmt: skip


def _json_beside(path: Path, name: str) -> tuple[Path | None, Mapping[str, Any]]:
    """Beside the file, or a folder up where the file lies in one called ``onnx``, as hubs arrange it."""
    folders = (path.parent, path.parent.parent) if path.parent.name == "onnx" else (path.parent,)
    for folder in folders:
        file = folder / name
        try:
            if not file.is_file() or file.stat().st_size > _LARGEST:
                continue
            return file, _mapping(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            logger.warning("%s beside the model cannot be read; nothing is taken from it", file)
    return None, {}


def _names_in(said: Mapping[str, Any]) -> tuple[str, ...] | None:
    for key in _NAME_KEYS:
        value = said.get(key)
        if not value:
            continue
        if names := _names(_literal(value) if isinstance(value, str) else value):
            return names
        logger.warning("the model's class names (%s) cannot be read; give victim.labels", key)
    return None


def _names(value: object) -> tuple[str, ...] | None:
    """A list, a table from index to name, or text with commas or a name a line."""
    if isinstance(value, Mapping):
        try:
            table = {int(index): name for index, name in value.items()}
        except (TypeError, ValueError):
            return None
        if sorted(table) != list(range(len(table))):
            return None
        value = [table[index] for index in range(len(table))]
    if isinstance(value, str):
        value = [name.strip() for name in value.replace("\n", ",").split(",")]
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str | int) for name in value):
        return None
    names = tuple(on_one_line(str(name)) for name in value)
    return names if all(names) else None


def _literal(text: str) -> object:
    """Text as Python or JSON writes values; text that is neither stays text."""
    if len(text) > _LARGEST:
        return None
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return None if text.lstrip().startswith(("{", "[", "(")) else text


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) not in (1, 3):
        return ()
    if not all(isinstance(x, int | float) and math.isfinite(x) for x in value):
        return ()
    return tuple(map(float, value)) if len(value) == 3 else (float(value[0]),) * 3


def _share(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 < value <= 1 else 0.0


def _product(value: object) -> int:
    """``[17, 3]`` → 51."""
    if not isinstance(value, list | tuple) or not all(isinstance(x, int) and 0 < x < 10_000 for x in value):
        return 0
    return math.prod(value) if value else 0


def _size(value: object) -> tuple[int, int] | None:
    sides = [value] * 2 if isinstance(value, int) else value
    if (
        isinstance(sides, list | tuple)
        and len(sides) == 2
        and all(isinstance(s, int) and 32 <= s <= 4096 for s in sides)
    ):
        return sides[0], sides[1]
    return None
