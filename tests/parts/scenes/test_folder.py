"""Bare photos: measured surfaces to the pixel, and objects as a detector sees them."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.images import load_srgb, picture_formats
from physadv.parts.scenes.folder import FolderScenes, build_folder
from physadv.parts.scenes.folder_photos import photos_in
from physadv.parts.scenes.options import FolderConfig
from tests.parts.scenes.sets import noise

SURFACE = {"corners": [[10, 20], [50, 24], [48, 60], [12, 58]], "width_mm": 600, "height_mm": 500}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, size in (("a.jpg", (100, 80)), ("b.png", (40, 40)), (".hidden.png", (9, 9))):
        Image.new("RGB", size, "olive").save(folder / name)
    (folder / "notes.txt").write_text("not a photo")
    return folder


def with_quads(photos: Path, content: Any, **options: Any) -> Any:
    path = photos.parent / "quads.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return build_folder(FolderConfig(root=str(photos), quads=str(path), label="stop sign", **options))


@pytest.mark.parametrize("long_side_px", [640, 50])
def test_millimetres_land_on_the_measured_corners(photos: Path, long_side_px: int) -> None:
    scenes = with_quads(photos, {"a.jpg": SURFACE}, long_side_px=long_side_px)
    batch = next(b for b in scenes.sweep(1) if b.keys == ("a.jpg",))
    rim = torch.tensor([[-300.0, -250, 1], [300, -250, 1], [300, 250, 1], [-300, 250, 1]])
    points = rim @ batch.image_from_surface[0].T
    scale = min(1.0, long_side_px / 100)
    expected = (torch.tensor(SURFACE["corners"]) + 0.5) * scale - 0.5
    assert torch.allclose(points[:, :2] / points[:, 2:], expected, atol=1e-3)


def test_a_photo_without_a_surface_is_normal(photos: Path) -> None:
    scenes = with_quads(photos, {"a.jpg": [SURFACE, SURFACE]})
    assert sorted(int(batch.wears.sum()) for batch in scenes.sweep(4)) == [0, 2]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "not valid JSON"), ([], "must map photos"), ({"c.jpg": SURFACE}, "c.jpg"),
        ({"a.jpg": 3}, "must be an object"), ({"a.jpg": SURFACE | {"width_mm": 0}}, "width_mm"),
        ({"a.jpg": SURFACE | {"height_mm": "tall"}}, "height_mm"),
        ({"a.jpg": SURFACE | {"corners": [[0, 0], [1, 1]]}}, "four"),
        ({"a.jpg": SURFACE | {"corners": SURFACE["corners"][::-1]}}, "Reorder"),  # type: ignore[index]
        ({"a.jpg": SURFACE | {"corners": [[0, 0], [9, 9], [9, 0], [0, 9]]}}, "Reorder"),
        ({"a.jpg": SURFACE | {"corners": [[0, 0], [5, 0], [9, 0], [0, 9]]}}, "Reorder"),
        ({"a.jpg": SURFACE | {"corners": [[5, 5]] * 4}}, "enclose no area"),
        ({"a.jpg": SURFACE | {"corners": [[0, 0], [5, 5], [9, 9], [7, 7]]}}, "enclose no area"),
    ],
)  # fmt: skip
def test_bad_quads_explain_themselves(photos: Path, content: Any, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        with_quads(photos, content)


def test_a_detector_can_say_where_the_objects_are(photos: Path) -> None:
    bare = build_folder(FolderConfig(root=str(photos), long_side_px=50))
    assert isinstance(bare, FolderScenes)
    seen: list[tuple[int, ...]] = []

    def detect(srgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(tuple(srgb.shape))
        return torch.tensor([[1.0, 2, 11, 36], [3, 3, 5, 5]]), torch.tensor([1, 0])

    scenes = bare.with_objects(detect, ("dog", "person"))
    batches = list(scenes.sweep(1))
    assert seen == [(3, 40, 50), (3, 40, 40)]
    assert all(batch.wears.tolist() == [True, False] for batch in batches)
    assert torch.allclose(batches[0].boxes_xyxy_px[0], torch.tensor([1.0, 2, 11, 36]))


def test_without_objects_there_are_no_scenes(photos: Path) -> None:
    bare = build_folder(FolderConfig(root=str(photos)))
    assert len(bare) == 2
    with pytest.raises(BadInput, match="nothing says where the objects are in the 2 photos"):
        bare.batches(1, torch.Generator())
    with pytest.raises(BadOption, match="does not know 'person'"):
        bare.with_objects(lambda _: (torch.zeros(0, 4), torch.zeros(0)), ("dog",))  # type: ignore[union-attr]


def test_a_folder_that_cannot_be_used_explains_itself(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for root, named in (("empty", "no photos"), ("file", "is a file"), ("gone", "no such folder")):
        with pytest.raises(BadInput, match=named):
            build_folder(FolderConfig(root=str(tmp_path / root)))
    with pytest.raises(BadOption, match="root"):
        build_folder(FolderConfig())


def test_a_folder_reads_what_pillow_reads_and_counts_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = noise((64, 48))
    names = ["a.jpg", "b.gif", "c.avif", "d.jfif", "e.webp", "f.tif", "g.JPE", "h.ppm", "i.jp2", "j.png"]
    for seed, name in enumerate(names):
        noise((64, 48), seed).save(tmp_path / name)
    picture.save(tmp_path / "k.gif", save_all=True, append_images=[noise((64, 48), 5)])  # the first frame counts
    for name in ("phone.HEIC", "raw.cr2", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    known = {suffix: kind for suffix, kind in picture_formats().items() if suffix != ".heic"}
    monkeypatch.setattr("physadv.parts.scenes.folder_photos.picture_formats", lambda: known)
    with caplog.at_level(logging.INFO):
        found = photos_in(tmp_path)
    assert [path.name for path in found] == sorted([*names, "k.gif"])
    assert "2 photo(s) left out that cannot be read: phone.HEIC, raw.cr2" in caplog.text
    assert "physadv[heic]" in caplog.text
    assert "1 other file(s) passed over: notes.txt" in caplog.text
    assert all(load_srgb(path).shape == (3, 48, 64) for path in found)


def test_a_folder_whose_photos_lie_deeper_names_the_folders(tmp_path: Path) -> None:
    (tmp_path / "march").mkdir()
    noise((8, 8)).save(tmp_path / "march" / "a.png")
    with pytest.raises(BadInput, match=r"They lie in its sub-folders: name one \(march\)"):
        photos_in(tmp_path)


def test_one_picture_under_two_names_is_used_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noise((64, 48)).save(tmp_path / "a.png")
    noise((64, 48)).save(tmp_path / "copy of a.png")
    noise((64, 48), 1).save(tmp_path / "b.png")
    assert len(build_folder(FolderConfig(root=str(tmp_path)))) == 2
    assert "1 photo(s) are there twice and count once: copy of a.png = a.png" in caplog.text
    measured = with_quads(tmp_path, {"copy of a.png": SURFACE})
    assert sorted(key for batch in measured.sweep(1) for key in batch.keys) == ["b.png", "copy of a.png"]


def test_a_limit_takes_photos_with_surfaces_first(photos: Path) -> None:
    scenes = with_quads(photos, {"b.png": SURFACE | {"corners": [[1, 1], [30, 1], [30, 30], [1, 30]]}}, limit=1)
    assert [batch.keys for batch in scenes.sweep(9)] == [("b.png",)]


def test_masks_and_photos_stay_in_their_folders(photos: Path) -> None:
    secret = photos.parent.parent / "secret.png"
    noise((100, 80)).save(secret)
    for name in ("../secret.png", str(secret), "..\\secret.png"):
        with pytest.raises(BadInput, match="leads out"):
            with_quads(photos, {"a.jpg": SURFACE | {"mask": name}})
    (photos.parent / "link.png").symlink_to(secret)
    with pytest.raises(BadInput, match="a link out of"):
        with_quads(photos, {"a.jpg": SURFACE | {"mask": "link.png"}})
    (photos / "z.png").symlink_to(secret)
    with pytest.raises(BadInput, match="a link out of"):
        build_folder(FolderConfig(root=str(photos)))


def test_a_name_that_is_not_text_is_refused(photos: Path) -> None:
    noise((8, 8)).save(photos / "\udcff.png")
    with pytest.raises(BadInput, match=r"is not UTF-8\. Rename it") as caught:
        build_folder(FolderConfig(root=str(photos)))
    str(caught.value).encode("utf-8")
