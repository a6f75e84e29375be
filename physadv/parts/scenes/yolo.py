"""A YOLO data set: ``data.yaml`` with class names and parts, and for ``images/A.jpg`` the labels in ``labels/A.txt``.

Read here and not with supervision 0.31, the kept library that reads it: that one takes numbers in pixels as shares,
names no line, knows neither parts nor lists of photos, and would bring six more packages. ``voc.py`` likewise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput, BadOption
from physadv.core.labels import on_one_line
from physadv.library.files.label_names import read_names
from physadv.library.files.reading import read_text, read_yaml
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.category_names import joined
from physadv.parts.scenes.folder_photos import is_picture
from physadv.parts.scenes.marked import MarkedPhoto, MarkedSet
from physadv.parts.scenes.marked_scenes import marked_scenes
from physadv.parts.scenes.options import YoloConfig
from physadv.parts.scenes.photo_files import PhotoFiles, expect_inside, inside
from physadv.parts.scenes.remarks import Remarks
from physadv.parts.scenes.yolo_labels import read_labels

_YAMLS = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")
_NAME_FILES = ("classes.txt", "obj.names", "classes.names")
_PARTS = ("train", "val", "valid", "test")

_NO_LABELS = "photo(s) have no label file and count as without objects"
_NO_PHOTO = "label file(s) have no photo and are left out"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the set lies and what its yaml says."""

    base: Path
    source: Path
    content: dict[str, Any]
    part: Path | None = None  # where only one folder of photos was named


def build_yolo(config: YoloConfig) -> AnnotatedPhotos:
    """Read the labels, check them against the photos, and dress the chosen label."""
    return marked_scenes(config, read_yolo(config.root, config.split, config.names))


def read_yolo(root: str, split: str = "", names: Any = "") -> MarkedSet:
    """Read the labels of the photos of one of the set's parts, or of all.

    Raises :class:`BadInput` where no photo has a label file.
    """
    layout = _layout(root)
    remarks = Remarks(layout.source)
    classes = list(read_names(names, "scenes.names")) or _names(layout)
    files = _files(layout, split)
    labels = [_labels_of(file, layout.base) for file in files]
    if not any(path.is_file() for path in labels):
        raise BadInput(
            f"{layout.source}: none of the {len(files)} photos has a label file; the first would be "
            f"{str(labels[0])!r}. Put the labels there."
        )
    _tell_strays(labels, remarks)
    pose = "kpt_shape" in layout.content
    marks = [
        read_labels(path, file, len(classes), pose=pose, remarks=remarks)
        for path, file in zip(labels, files, strict=True)
    ]
    categories, new_row = joined(classes, [mark.category for found in marks for mark in found], remarks)
    photos = tuple(
        MarkedPhoto(
            file.relative_to(layout.base).as_posix(), None,
            tuple(replace(mark, category=new_row[mark.category]) for mark in found),
        )
        for file, found in zip(files, marks, strict=True)
    )  # fmt: skip
    return MarkedSet(layout.source, categories, photos, PhotoFiles([layout.base], layout.source), remarks)


def _tell_strays(labels: list[Path], remarks: Remarks) -> None:
    """Count photos without labels, and labels without photo."""
    for path in labels:
        if not path.is_file():
            remarks.add(_NO_LABELS, path.stem)
    known = set(labels)
    for folder in sorted({path.parent for path in labels}):
        for path in sorted(folder.glob("*.txt")):
            if path not in known and path.name not in _NAME_FILES and folder.name != "images":
                remarks.add(_NO_PHOTO, path.name)


def _layout(root: str) -> _Layout:
    """``data.yaml`` in the folder or, where the folder is one part of a set, in the one above."""
    if not root:
        raise BadOption("yolo scenes need scenes.root: a folder with data.yaml, or with images/ and labels/.")
    path = Path(root)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _Layout(path.parent, path, _yaml(path))
    if not path.is_dir():
        raise BadInput(f"no such folder: {root!r}. root holds data.yaml, or images/ and labels/.")
    own = _yaml_in(path)
    if own is not None:
        return _Layout(path, own, _yaml(own))
    alone = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    if len(alone) == 1:
        return _Layout(path, alone[0], _yaml(alone[0]))
    base = _above_images(path) or path
    above = _yaml_in(base) or _yaml_in(base.parent)
    content = {key: value for key, value in (_yaml(above) if above else {}).items() if key in ("names", "kpt_shape")}
    return _Layout(base, above or path, content, part=path)


def _yaml_in(folder: Path) -> Path | None:
    return next((folder / name for name in _YAMLS if (folder / name).is_file()), None)


def _above_images(path: Path) -> Path | None:
    """``set`` for ``set/images/val``, where there is ``set/labels/val``."""
    parts = path.parts
    if "images" not in parts:
        return None
    at = len(parts) - 1 - parts[::-1].index("images")
    base = Path(*parts[:at])
    return base if base.joinpath("labels", *parts[at + 1 :]).is_dir() else None


def _yaml(path: Path) -> dict[str, Any]:
    content = read_yaml(path, typed=False)
    if not isinstance(content, dict):
        raise BadInput(f"{path} must map names, train and val to values, got a {type(content).__name__}.")
    return content


def _names(layout: _Layout) -> list[str]:
    names = layout.content.get("names")
    if names is None:
        return _names_beside(layout.base)
    if isinstance(names, dict):
        if set(names) != {str(number) for number in range(len(names))}:
            raise BadInput(f"{layout.source}: names must be numbered 0, 1, 2, …, got {list(names)[:8]!r:.100}.")
        names = [names[str(number)] for number in range(len(names))]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n.strip() for n in names):
        raise BadInput(f"{layout.source}: names must list the classes, got {names!r:.100}. Write names: [stop, yield].")
    count = layout.content.get("nc")
    if isinstance(count, str) and count.isdecimal() and int(count) != len(names):
        raise BadInput(f"{layout.source}: nc is {count:.20}, but there are {len(names)} names. Correct one of them.")
    return [on_one_line(name) for name in names]


def _names_beside(base: Path) -> list[str]:
    places = [base, base / "labels", base.parent]
    found = next((p / name for p in places for name in _NAME_FILES if (p / name).is_file()), None)
    if found is None:
        raise BadInput(f"nothing names the classes of {str(base)!r}. Add data.yaml, or set scenes.names=[…].")
    return list(read_names(str(found), "scenes.names"))


def _files(layout: _Layout, split: str) -> list[Path]:
    """The photos of a part, or of all parts, each once."""
    named = {key: layout.content[key] for key in _PARTS if layout.content.get(key)}
    if (
        split and split not in named and layout.part is None
    ):  # one part, as judge.root may be, is all that was asked for
        other = {"val": "valid", "valid": "val"}.get(split, "")
        if other not in named:
            raise BadOption(f"{layout.source} names no part {split!r}; it names {', '.join(named) or 'none'}.")
        split = other
    parts = [value for key, value in named.items() if not split or key == split]
    places = [place for value in parts for place in (value if isinstance(value, list) else [value])]
    if not named:
        place = layout.part or layout.base
        files = _below(place / "images" if (place / "images").is_dir() else place, layout)
    else:
        files = [file for place in places for file in _listed(place, layout)]
    if not files:
        raise BadInput(f"no photos in {str(layout.base)!r}. Put them into images/, or correct {layout.source}.")
    return sorted(set(files))


def _listed(place: Any, layout: _Layout) -> list[Path]:
    """The photos of one place that the yaml names: a folder, or a text file of names."""
    if not isinstance(place, str) or not place:
        raise BadInput(f"{layout.source}: a part must name a folder, got {place!r:.60}. Correct it.")
    path = _place(place, layout)
    if path.is_dir():
        return _below(path, layout)
    if path.suffix.lower() != ".txt" or not path.is_file():
        raise BadInput(f"{layout.source} names {place!r:.100}, which is neither a folder nor a .txt of photos.")
    listed = read_text(path).splitlines()
    names = [line.strip() for line in listed if line.strip()]
    files = [_place(name, layout) for name in names]
    return [file for file in files if file.is_file()]


def _place(name: str, layout: _Layout) -> Path:
    """A folder or file of the set. Roboflow writes ``../train/images`` for what lies beside the yaml."""
    name = name.replace("\\", "/")
    stripped = name.removeprefix("../") if name.startswith("../") else name.removeprefix("./")
    inner = layout.content.get("path")
    bases = [stripped]
    if isinstance(inner, str) and inner and not Path(inner).is_absolute() and ".." not in Path(inner).parts:
        bases.insert(0, f"{inner}/{stripped}")
    for base in bases:
        path = inside(layout.base, base, str(layout.source))
        if path.exists():
            if not path.resolve().is_relative_to(layout.base.resolve()):
                raise BadInput(
                    f"{layout.source} names {name!r:.100}, a link out of {str(layout.base)!r}. Copy it there."
                )
            return path
    raise BadInput(
        f"{layout.source} names {name!r:.100}, but there is no such folder or file in {str(layout.base)!r}. "
        "Correct it, or name a folder with images/ and labels/ as scenes.root."
    )


def _below(folder: Path, layout: _Layout) -> list[Path]:
    files = [path for path in folder.rglob("*") if is_picture(path) and not path.name.startswith(".")]
    for file in files:
        expect_inside(file, layout.base, str(layout.source))
    return files


def _labels_of(file: Path, base: Path) -> Path:
    """``labels/…/A.txt`` for ``images/…/A.jpg``, by the last ``images``; else beside the photo."""
    parts = list(file.relative_to(base).parts)
    if "images" in parts[:-1]:
        parts[len(parts) - 2 - parts[-2::-1].index("images")] = "labels"
    return base.joinpath(*parts).with_suffix(".txt")
