"""Every reader of files that may come from anybody, each with a sound file of its kind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from PIL import Image, ImageCms
from safetensors.torch import save as safetensors_of

from physadv.core.types import Detections
from physadv.engines.judging.clean_cache import CleanCache
from physadv.engines.judging.shards import Shards
from physadv.engines.watch.frame_log import read_log
from physadv.library.colour.print_proof import COATED_OFFSET, ProofLut
from physadv.library.fiducials.camera import load_camera
from physadv.library.files.boards import Board, Boards, Tag, load_boards
from physadv.library.files.images import load_mask, load_rgba, load_srgb
from physadv.library.files.label_names import read_names
from physadv.library.files.patches import load_patch
from physadv.library.files.reading import read_yaml
from physadv.library.files.state_dicts import read_state
from physadv.library.runs.checkpoints import FolderCheckpoints
from physadv.library.runs.options import read_object_if_there
from physadv.parts.printing.icc import load_profile_table
from physadv.parts.render.mesh import load_mesh
from physadv.parts.scenes.checked import checked
from physadv.parts.scenes.class_arrays import read_arrays
from physadv.parts.scenes.coco_json import read_coco
from physadv.parts.scenes.photo_files import PhotoFiles
from physadv.parts.scenes.quads import read_quads
from physadv.parts.scenes.remarks import Remarks
from physadv.parts.scenes.voc import read_voc
from physadv.parts.scenes.yolo import read_yolo
from physadv.parts.scenes.yolo_labels import read_labels
from physadv.parts.victims.onnx.file import read_onnx

Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """How files of a kind are called, what a sound one holds, and who reads it."""

    name: str  # of the file
    sound: bytes
    read: Read


def readers(place: Path) -> list[Reader]:
    """All of them; ``place`` is a folder for what some need beside their file."""
    (place / "a.png").write_bytes(picture("PNG"))
    state = {"a": torch.zeros(3), "b": torch.ones(2, 2)}
    return [
        *(Reader(f"a.{kind.lower()}", picture(kind), load_srgb) for kind in PICTURES),
        Reader("rgba.png", picture("PNG"), load_rgba),
        Reader("mask.png", picture("PNG"), load_mask),
        Reader("patch.safetensors", safetensors_of({"srgb": torch.rand(3, 8, 8), "alpha": torch.ones(1, 8, 8)},
                                                   {"width_mm": "100.0"}), load_patch),
        Reader("sized.png", picture("PNG", dpi=(254, 254)), load_patch),
        Reader("annotations.json", text(coco()), lambda path: checked(read_coco(path, PhotoFiles([place], path)))),
        Reader("a.txt", b"0 0.5 0.5 0.25 0.5\n1 0.1 0.1 0.5 0.1 0.3 0.6\n",
               lambda path: read_labels(path, place / "a.png", 2, pose=False, remarks=Remarks(path))),
        Reader("data.yaml", b"path: .\ntrain: images/train\nnc: 2\nnames: {0: stop, 1: yield}\n",
               lambda path: read_yolo(str(_yolo_set(place, path)))),
        Reader("a.xml", VOC, lambda path: checked(read_voc(str(_voc_set(place, path))))),
        Reader("board.json", text({"format": 1, **asdict(boards())}), load_boards),
        Reader("camera.yaml", CAMERA.encode(), load_camera),
        Reader("config.yaml", b"scenes:\n  root: photos\n  limit: [1, 2]\nseed: 0\n", read_yaml),
        Reader("quads.json", text({"a.png": {"corners": [[0, 0], [9, 0], [9, 9], [0, 9]], "width_mm": 500,
                                             "height_mm": 500}}), lambda path: read_quads(path, [place / "a.png"])),
        Reader("names.json", b'["stop", "yield"]', lambda path: read_names(str(path), "victim.labels")),
        Reader("names.txt", b"stop\nyield\n", lambda path: read_names(str(path), "victim.labels")),
        Reader("run.json", text({"command": "generate", "seconds": 3.5, "patches": [{"digest": "ab"}]}),
               read_object_if_there),
        Reader("frames.jsonl", (text({"format": 1, "run": {}}) + b"\n" + text({"index": 0}) + b"\n"),
               lambda path: list(read_log(path)[1])),
        Reader("classes.npz", arrays(x=np.zeros((2, 8, 8, 3), np.uint8), y=np.arange(2)),
               lambda path: read_arrays(path, ())),
        Reader("000000.npz", arrays(a=np.arange(5), words=np.frombuffer(b'{"views": []}', np.uint8)),
               lambda path: Shards(path.parent, "key").read(0)),
        Reader("cache.npz", _cached(place), lambda path: _from_cache(path)),
        Reader("model.onnx", network(), lambda path: read_onnx(path, 0)),
        Reader("weights.pth", saved(state), read_state),
        Reader("old.pth", saved(state, zipped=False), read_state),
        Reader("weights.safetensors", safetensors_of(state), read_state),
        Reader("checkpoint.pt", saved({"patch": state, "step": 3}), lambda path: FolderCheckpoints(path).load()),
        Reader("old.pt", saved({"patch": state}, zipped=False), lambda path: FolderCheckpoints(path).load()),
        Reader("printer.icc", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), load_profile_table),
        Reader("ink.safetensors", Path(COATED_OFFSET).read_bytes()[:6000], ProofLut.load),
        Reader("mesh.obj", OBJ, lambda path: load_mesh(str(path), 8)),
    ]  # fmt: skip


VOC = (
    b"<annotation><filename>a.png</filename><size><width>16</width><height>16</height></size><object><name>stop</name>"
    b"<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>12</ymax></bndbox></object></annotation>"
)


def _yolo_set(place: Path, path: Path) -> Path:
    """A set with one photo whose data.yaml is ``path``."""
    root = place / "yolo"
    for kind in ("images", "labels"):
        (root / kind / "train").mkdir(parents=True, exist_ok=True)
    (root / "images" / "train" / "a.png").write_bytes((place / "a.png").read_bytes())
    (root / "labels" / "train" / "a.txt").write_text("0 0.5 0.5 0.25 0.5\n")
    (root / "data.yaml").write_bytes(path.read_bytes())
    return root


def _voc_set(place: Path, path: Path) -> Path:
    """A set with one photo whose XML is ``path``."""
    root = place / "voc"
    root.mkdir(exist_ok=True)
    (root / "a.png").write_bytes((place / "a.png").read_bytes())
    (root / "a.xml").write_bytes(path.read_bytes())
    return root


PICTURES = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")
OBJ = b"""v 0 0 0
v 100 0 0
v 100 100 0
v 0 100 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3
f 1/1 3/3 4/4
"""
CAMERA = """format: 1
source: ChArUco, 34 views
size_px: [640, 480]
focal_px: [600.0, 601.0]
centre_px: [319.5, 239.5]
distortion: [0.1, -0.2, 0.0, 0.0, 0.05]
"""


def picture(kind: str, **more: Any) -> bytes:
    """A small picture of smooth colours."""
    ramp = np.linspace(0, 255, 16, dtype=np.uint8)
    codes = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(90)), axis=-1)
    stream = io.BytesIO()
    Image.fromarray(codes).save(stream, kind, **more)
    return stream.getvalue()


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def arrays(**columns: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **columns)
    return stream.getvalue()


def saved(state: Any, *, zipped: bool = True) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def coco() -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 16, "height": 16}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1.5, 2, 8, 9], "area": 72, "iscrowd": 0}],
        "categories": [{"id": 3, "name": "stop", "supercategory": "sign"}],
    }


def boards() -> Boards:
    tags = (Tag(0, -80.0, 0.0, 60.0), Tag(1, 80.0, 0.0, 60.0))
    return Boards("0123abcd", "sticker", 0, (Board("patch", (100.0, 60.0), tags),))


def network() -> bytes:
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 3, 32, 32])
    graph = helper.make_graph([helper.make_node("Relu", ["images"], ["output0"])], "net", [image], [out])
    model: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    onnx.load_from_string(model)
    return model


def _cached(place: Path) -> bytes:
    found = Detections(torch.rand(3, 4), torch.rand(3), torch.zeros(3, dtype=torch.long))
    CleanCache(place / "made").save("kk", (found, found))
    return next((place / "made").rglob("*.npz")).read_bytes()


def _from_cache(path: Path) -> object:
    home = path.parent / "cache" / "kk"
    home.mkdir(parents=True, exist_ok=True)
    (home / "kk.npz").write_bytes(path.read_bytes())
    return CleanCache(path.parent / "cache").load("kk", torch.device("cpu"))
