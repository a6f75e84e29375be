"""A Pascal VOC data set (Everingham et al. 2010): an XML file per photo, in ``Annotations/`` or beside it."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.reading import MB, read_bytes, read_text
from physadv.library.placement.objects import Box
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.category_names import joined
from physadv.parts.scenes.folder_photos import is_picture
from physadv.parts.scenes.marked import Annotation, MarkedPhoto, MarkedSet
from physadv.parts.scenes.marked_scenes import marked_scenes
from physadv.parts.scenes.options import VocConfig
from physadv.parts.scenes.photo_files import PhotoFiles
from physadv.parts.scenes.remarks import Remarks

_LONGEST = 16 * MB  # of an XML file
_STEM = "photo(s) were found by the name of their XML file, not by the one written in it"
_DIFFICULT = "object(s) are marked difficult: they neither wear the patch nor count as missed"

Raw = tuple[str, Box, bool, str]  # category, xmin ymin xmax ymax as written, difficult, where


def build_voc(config: VocConfig) -> AnnotatedPhotos:
    """Read the annotations, check them against the photos, and dress the chosen label."""
    return marked_scenes(config, read_voc(config.root, config.split))


def read_voc(root: str, split: str = "") -> MarkedSet:
    """Read the XML files, of all photos or of those that a part lists.

    Raises :class:`BadOption` without a folder, and :class:`BadInput` where it is missing.
    """
    if not root:
        raise BadOption("voc scenes need scenes.root: a folder with Annotations/ and JPEGImages/.")
    base = Path(root)
    if not base.is_dir():
        raise BadInput(f"no such folder: {root!r}. root holds Annotations/ and JPEGImages/, or XML beside photos.")
    remarks = Remarks(base)
    files = _xml_files(base, split)
    places = [base / name for name in ("JPEGImages", "images", "Images") if (base / name).is_dir()]
    photos = PhotoFiles([*places, base], base)
    read = [_read(file, photos, remarks) for file in files]
    # VOC counts pixels from 1 and includes the last: the left edge of pixel 1 is 0. Tools that count from 0 write 0s.
    first = 0.0 if any(min(raw[1][:2]) < 1 for *_, found in read for raw in found) else 1.0
    names = sorted({raw[0] for *_, found in read for raw in found})
    rows = [names.index(raw[0]) for *_, found in read for raw in found]
    categories, new_row = joined(names, rows, remarks)
    marked = tuple(
        MarkedPhoto(name, size, tuple(_mark(raw, new_row[names.index(raw[0])], first) for raw in found))
        for name, size, found in read
    )
    return MarkedSet(base, categories, marked, photos, remarks)


def _mark(raw: Raw, category: int, first: float) -> Annotation:
    _, (left, top, right, bottom), difficult, where = raw
    return Annotation((left - first, top - first, right, bottom), category, difficult, where)


def _xml_files(base: Path, split: str) -> list[Path]:
    folder = next((base / name for name in ("Annotations", "annotations") if (base / name).is_dir()), base)
    files = sorted(path for path in folder.rglob("*.xml") if not path.name.startswith("."))
    if split:
        listed = base / "ImageSets" / "Main" / f"{split}.txt"
        if Path(split).name != split or not listed.is_file():
            known = sorted(path.stem for path in (base / "ImageSets" / "Main").glob("*.txt"))
            raise BadOption(f"no part {split!r} in {str(base)!r}: there are {', '.join(known[:8]) or 'none'}.")
        lines = read_text(listed).splitlines()
        wanted = {line.split()[0] for line in lines if line.strip()}
        files = [path for path in files if path.stem in wanted]
        if missing := wanted - {path.stem for path in files}:
            raise BadInput(
                f"{listed} lists {len(missing)} photo(s) without XML, e.g. {min(missing)!r}. Correct the list."
            )
    if not files:
        raise BadInput(
            f"no XML files in {str(folder)!r}. Put one per photo there, or choose scenes=coco or scenes=yolo."
        )
    return files


def _read(path: Path, photos: PhotoFiles, remarks: Remarks) -> tuple[str, tuple[int, int] | None, list[Raw]]:
    """The photo's name, its size where it is stated, and the objects."""
    tree = _tree(path)
    objects = [
        _object(one, f"object {number} of {path.name}", path) for number, one in enumerate(tree.iter("object"), 1)
    ]
    for *_, difficult, where in objects:
        if difficult:
            remarks.add(_DIFFICULT, where)
    size = [_number(tree.findtext(f"size/{side}")) for side in ("height", "width")]
    stated = (int(size[0]), int(size[1])) if size[0] and size[1] and min(size[0], size[1]) >= 1 else None
    return _photo_name(path, tree, photos, remarks), stated, objects


def _tree(path: Path) -> ElementTree.Element:
    data = read_bytes(path, _LONGEST)
    if b"<!ENTITY" in data:  # a few of them can stand for gigabytes
        raise BadInput(f"{path} defines entities, which annotations need not. Export it again.")
    try:
        tree = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadInput(f"{path} is not valid XML: {error}. Export it again.") from error
    if tree.tag != "annotation":
        raise BadInput(f"{path} is not a Pascal VOC annotation: it begins with <{tree.tag[:40]}>. Move it elsewhere.")
    return tree


def _photo_name(path: Path, tree: ElementTree.Element, photos: PhotoFiles, remarks: Remarks) -> str:
    """As written, or of the XML file's own name where that photo is there: files get renamed, their text does not."""
    written = (tree.findtext("filename") or "").strip()
    own = [
        file.name for folder in photos.folders for file in folder.glob(f"{_escaped(path.stem)}.*") if is_picture(file)
    ]
    if len(set(own)) == 1 and own[0] != written:
        remarks.add(_STEM, path.name)
        return own[0]
    return written or own[0] if own else written or path.stem


def _escaped(stem: str) -> str:
    """A name in which a pattern's signs are plain letters."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _object(one: ElementTree.Element, where: str, path: Path) -> Raw:
    name = " ".join((one.findtext("name") or "").split())
    if not name:
        raise BadInput(f"{path}: {where} has no name. Name its class.")
    sides = [_number(one.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
    left, top, right, bottom = (math.nan if side is None else side for side in sides)
    if not all(math.isfinite(side) and abs(side) < 1e9 for side in (left, top, right, bottom)):
        raise BadInput(f"{path}: {where} needs bndbox with xmin, ymin, xmax and ymax, all numbers. Correct it.")
    return name, (left, top, right, bottom), (one.findtext("difficult") or "").strip() == "1", where


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
