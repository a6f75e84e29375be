"""Where a print sits on a person of whom only a box is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.library.placement.objects import PhotoObject, dressing
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.folder import FolderScenes, build_folder
from physadv.parts.scenes.options import CocoConfig, FolderConfig
from tests.parts.scenes.test_coco import write_set

PERSON_MM, FACE_MM = 1700.0, 190.0


def chest(box: tuple[float, float, float, float], size: tuple[int, int] = (1000, 1000)) -> torch.Tensor | None:
    return dressing("person", PERSON_MM, 0.0, "torso").surface(PhotoObject(box, 0, may_wear=True), size)


def test_a_standing_person_is_measured_by_height() -> None:
    surface = chest((100.0, 50.0, 200.0, 390.0))  # 340 px: 0.2 px a millimetre
    assert surface is not None
    x, y, scale = float(surface[0, 2]), float(surface[1, 2]), float(surface[0, 0])
    assert scale == pytest.approx(0.2)
    assert x == pytest.approx(149.5)
    assert y == pytest.approx(50 + 0.34 * 340 - 0.5)


def test_a_person_cut_at_the_waist_is_as_large_as_the_whole_person() -> None:
    whole, cut = chest((400.0, 100.0, 536.0, 440.0)), chest((400.0, 100.0, 536.0, 240.0), (240, 1000))
    assert whole is not None
    assert cut is not None
    assert float(cut[0, 0]) == pytest.approx(float(whole[0, 0]), rel=0.01)
    assert float(cut[1, 2]) == pytest.approx(float(whole[1, 2]), abs=2)


def test_a_seated_person_lies_between_height_and_width() -> None:
    box = (400.0, 100.0, 500.0, 300.0)
    surface = chest(box)
    assert surface is not None
    assert 200 / PERSON_MM < float(surface[0, 0]) < 100 / (0.4 * PERSON_MM)


def test_a_person_seen_from_the_side_is_not_small() -> None:
    surface = chest((100.0, 50.0, 140.0, 390.0))
    assert surface is not None
    assert float(surface[0, 0]) == pytest.approx(0.2)


def test_who_does_not_show_the_chest_does_not_wear() -> None:
    assert chest((400.0, 900.0, 500.0, 920.0)) is None
    assert chest((400.0, 960.0, 500.0, 1000.0)) is None


def test_the_print_is_on_the_shirt_below_the_face() -> None:
    wearer = dressing("face", FACE_MM, 0.0, "torso")
    surface = wearer.surface(
        PhotoObject((400.0, 100.0, 460.0, 195.0), 0, may_wear=True), (600, 800)
    )  # 0.5 px a millimetre
    assert surface is not None
    assert float(surface[0, 0]) == pytest.approx(0.5)
    print_top = float(surface[1, 2]) - 0.5 * 406 / 2
    assert 195 + 20 < print_top < 195 + 100  # below the chin, by 40 to 200 mm
    assert wearer.surface(PhotoObject((400.0, 400.0, 460.0, 495.0), 0, may_wear=True), (600, 800)) is None


def test_a_face_detector_says_where_the_shirts_are(tmp_path: Path) -> None:
    root = write_set(tmp_path, [], [(200, 400), (200, 120)])
    scenes = build_folder(FolderConfig(root=str(root / "images"), label="face", wear_on="torso"))
    assert isinstance(scenes, FolderScenes)
    seen = scenes.with_objects(lambda _: (torch.tensor([[80.0, 40, 120, 95]]), torch.tensor([0])), ("face",))
    worn = {key: bool(wears) for batch in seen.sweep(1) for key, wears in zip(batch.keys, batch.wears, strict=True)}
    assert worn == {"0.png": True, "1.png": False}


def test_face_and_shirt_say_how_the_print_is_lit() -> None:
    wearer, face = dressing("face", FACE_MM, 0.0, "torso"), PhotoObject((400.0, 100.0, 460.0, 195.0), 0, may_wear=True)
    surface = wearer.surface(face, (600, 800))
    assert surface is not None
    left, top, right, bottom = wearer.lit_px(face, surface)
    assert left < 400 < 460 < right
    assert 100 == top < bottom < 600
    person = dressing("person", PERSON_MM, 0.0, "torso")
    assert person.lit_px(face, surface) == face.box_xyxy_px


@pytest.mark.parametrize(
    ("options", "named"),
    [({"label": "stop sign", "wear_on": "torso"}, "not of a 'stop sign'"), ({"wear_on": "hat"}, "object or torso")],
)
def test_only_people_have_a_chest(tmp_path: Path, options: dict[str, str], named: str) -> None:
    root = write_set(tmp_path, [(0, [0, 0, 8, 12])], [(16, 16)])
    with pytest.raises(BadOption, match=named):
        build_coco(CocoConfig(root=str(root), **options))  # type: ignore[arg-type]


def test_most_real_persons_show_the_chest_inside_their_box(shared: Path) -> None:
    worn = 0
    for split in ("train", "val"):
        config = CocoConfig(
            root=str(shared / "data" / "coco128" / split), wear_on="torso", min_height_px=96,
            relight=False, match_camera=False,
        )  # fmt: skip
        for batch in build_coco(config).sweep(4):
            rows = batch.wears.nonzero().flatten()
            centres = batch.image_from_surface[rows][:, :2, 2]
            boxes = batch.boxes_xyxy_px[rows]
            assert ((centres > boxes[:, :2] - 0.5) & (centres < boxes[:, 2:] - 0.5)).all()
            worn += len(rows)
    assert worn >= 0.95 * 94  # of the persons at least 96 px tall
