"""Pictures for classifiers: one object a picture, from folders or arrays, and every spoilt source explains itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.classes import build_classes
from physadv.parts.scenes.options import ClassesConfig
from physadv.testing import check_scenes


def codes(seed: int, height: int = 32, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_folders(root: Path, sizes: tuple[tuple[int, int], ...] = ((32, 32),) * 3) -> Path:
    """``stop``, ``yield`` and ``keep right``, each with a picture of every size (height, width)."""
    for number, name in enumerate(("stop", "yield", "keep right")):
        (root / name).mkdir(parents=True)
        for index, size in enumerate(sizes):
            Image.fromarray(codes(10 * number + index, *size)).save(root / name / f"{index}.png")
    return root


def write_arrays(path: Path, **arrays: Any) -> Path:
    x = np.stack([codes(index) for index in range(6)])
    np.savez(path, **{"x": x, "y": np.array([0, 1, 2, 0, 1, 2])} | arrays)
    return path


def source(root: Path, **options: Any) -> AnnotatedPhotos:
    return build_classes(ClassesConfig(root=str(root), **options))


def test_folders_and_arrays_pass_the_battery(tmp_path: Path) -> None:
    check_scenes(source(write_folders(tmp_path / "set")))
    check_scenes(source(write_folders(tmp_path / "mixed", ((40, 30), (30, 50), (32, 32))), label="stop", size_px=24))
    check_scenes(source(write_arrays(tmp_path / "set.npz")))


def test_a_picture_is_one_object_that_fills_it(tmp_path: Path) -> None:
    (batch,) = source(write_folders(tmp_path / "set", ((32, 48),)), label="stop").sweep(4)
    assert batch.boxes_xyxy_px.tolist() == [[0, 0, 48, 32]] * 3
    assert batch.label_names == ("keep right", "stop", "yield")
    assert batch.keys == ("keep right/0.png", "stop/0.png", "yield/0.png")
    assert batch.labels.tolist() == [0, 1, 2]
    assert batch.wears.tolist() == [False, True, False]
    height_mm = torch.tensor([[0.0, 0.0], [-375.0, 375.0], [1.0, 1.0]])  # of a stop sign, above and below its middle
    assert (batch.image_from_surface[1] @ height_mm)[1].tolist() == pytest.approx([-0.5, 31.5], abs=1e-4)


def test_all_wear_without_a_label_and_the_height_can_be_told(tmp_path: Path) -> None:
    (batch,) = source(write_arrays(tmp_path / "set.npz"), object_height_mm=640, fills=0.5).sweep(8)
    assert batch.wears.all()
    assert float(batch.image_from_surface[0, 0, 0]) == pytest.approx(32 * 0.5 / 640)


def test_an_unknown_height_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        source(write_folders(tmp_path / "set"))
    assert "how tall is a 'keep right' and 1 more? Taken as 1000 mm" in caplog.text  # stop signs are known


def test_unequal_pictures_become_squares(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "set", ((20, 40), (40, 20)))
    assert {tuple(batch.srgb.shape[1:]) for batch in source(root).sweep(4)} == {(3, 224, 224)}
    cropped, stretched = (next(source(root, size_px=20, fit=fit).sweep(6)) for fit in ("crop", "stretch"))
    stored = torch.from_numpy(codes(20, 20, 40)).permute(2, 0, 1) / 255  # "keep right" is first
    assert torch.equal(cropped.srgb[0], stored[:, :, 10:30])
    assert float((stretched.srgb[0] - cropped.srgb[0]).abs().mean()) > 0.05


def test_a_limit_keeps_all_classes_or_the_label(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "set")
    (batch,) = source(root, limit=3).sweep(9)
    assert batch.labels.tolist() == [0, 1, 2]
    (batch,) = source(root, limit=4, label="yield").sweep(9)
    assert batch.wears.sum() == 3


def test_names_come_from_the_option_the_file_or_numbers(tmp_path: Path) -> None:
    named = write_arrays(tmp_path / "named.npz", names=np.array(["stop", "yield", "keep right"]))
    assert next(source(named).sweep(1)).label_names == ("stop", "yield", "keep right")
    assert next(source(named, names=["a", "b", "c"]).sweep(1)).label_names == ("a", "b", "c")
    assert next(source(write_arrays(tmp_path / "bare.npz")).sweep(1)).label_names == ("class0", "class1", "class2")
    own = write_arrays(tmp_path / "own.npz", name=np.array([f"{index}.ppm" for index in range(6)]))
    assert next(source(own).sweep(2)).keys == ("0.ppm", "1.ppm")


def refused(match: str, root: Path, kind: type[PhysadvError] = BadInput, **options: Any) -> None:
    with pytest.raises(kind, match=match) as caught:
        list(source(root, **options).sweep(4))
    assert "\n" not in str(caught.value)


def test_folders_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    refused("no folder or .npz file", tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    refused("no sub-folders", tmp_path / "empty")
    (tmp_path / "empty" / "stop").mkdir()
    refused("no pictures in the sub-folders", tmp_path / "empty")
    root = write_folders(tmp_path / "set")
    (root / "stop" / "1.png").write_bytes(b"not a picture")
    refused(r"1\.png.* is not an image", root)
    whole = (root / "yield" / "1.png").read_bytes()
    (root / "stop" / "1.png").write_bytes(whole[: len(whole) // 2])
    refused(r"1\.png.*truncated", root)


def test_arrays_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    refused("no such file", tmp_path / "missing.npz")
    path = tmp_path / "a.npz"
    for content in (b"", b"PK\x03\x04 no archive", b"text"):
        path.write_bytes(content)
        refused("is not a .npz of plain arrays", path)
    np.savez(path, pictures=codes(0))
    refused("needs arrays x and y, but holds pictures", path)
    for wrong, match in (
        ({"x": np.zeros((6, 32, 32, 3))}, "must be .* uint8 in RGB"),
        ({"x": np.zeros((6, 3, 32, 32), np.uint8)}, "must be .* uint8 in RGB"),
        ({"y": np.zeros(6)}, "class numbers"),
        ({"y": np.array([0, 1])}, "class numbers"),
        ({"y": np.full(6, -1)}, "class numbers"),
        ({"y": np.array([[1], [2]], object)}, "plain arrays"),
        ({"names": np.array(["stop", "yield"])}, "goes up to 2, but there are 2 names"),
    ):
        refused(match, write_arrays(path, **wrong))
    whole = write_arrays(path).read_bytes()
    for share in (0.3, 0.7, 0.95):
        path.write_bytes(whole[: int(len(whole) * share)])
        refused("is not a .npz", path)


def test_options_that_make_no_sense_say_so(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "set")
    for options, match in (
        ({"label": "cat"}, "there is no class 'cat' here. There are: keep right, stop, yield"),
        ({"fit": "letterbox"}, "crop or stretch"),
        ({"fills": 0.0}, "scenes.fills"),
        ({"limit": -1}, "scenes.limit"),
        ({"names": "a,b,c"}, "scenes.names is for a .npz"),
    ):
        refused(match, root, BadOption, **options)
    with pytest.raises(BadOption, match=r"need scenes\.root"):
        build_classes(ClassesConfig())


def test_one_picture_counts_once_though_it_is_there_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    x = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    x[2], x[3] = x[0], x[1]
    np.savez(tmp_path / "a.npz", x=x, y=np.array([0, 1, 0, 0]))
    scenes = build_classes(ClassesConfig(root=str(tmp_path / "a.npz")))
    assert len(scenes) == 2
    assert (
        "2 picture(s) are there twice and count once: 000002 = 000000, 000003 = 000001 of another class" in caplog.text
    )
    for folder, seed in (("stop", 0), ("yield", 0), ("go", 1)):
        (tmp_path / "set" / folder).mkdir(parents=True)
        Image.fromarray(x[seed]).save(tmp_path / "set" / folder / "a.png")
    assert len(build_classes(ClassesConfig(root=str(tmp_path / "set")))) == 2
    assert "yield/a.png = stop/a.png" in caplog.text
