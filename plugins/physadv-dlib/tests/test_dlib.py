"""dlib's recogniser: the torch twin says the same, has gradients, and what cannot be is one line."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from physadv.api import AlignedNetwork, BadInput, BadOption, Recogniser
from physadv.testing import check_victim

dlib = pytest.importorskip("_dlib_pybind11", reason="needs dlib-bin")
if find_spec("face_recognition_models") is None:  # which cannot be imported where Python has no pkg_resources
    pytest.skip("needs face_recognition_models", allow_module_level=True)

from physadv_dlib import DlibConfig  # noqa: E402
from physadv_dlib.dat_file import read_weights  # noqa: E402
from physadv_dlib.files import RECOGNISER, model_file  # noqa: E402
from physadv_dlib.finder import DlibFinder, as_u8  # noqa: E402
from physadv_dlib.network import SIZE_PX, DlibNet  # noqa: E402
from physadv_dlib.victims import build, template  # noqa: E402

from physadv.api import Candidates  # noqa: E402

PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos"
pytestmark = pytest.mark.skipif(
    not PHOTOS.is_dir(), reason="needs photos of people in ../shared/data/photos, which is not part of the repository"
)


def load_srgb(path: Path) -> Tensor:
    """``(3, H, W)`` in [0, 1]."""
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 255


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people."""
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copy(PHOTOS / "astronaut.jpg", folder / "ann.jpg")
    shutil.copy(PHOTOS / "inria_crop001024.jpg", folder / "bob.jpg")
    return folder


@pytest.fixture(scope="module")
def twin(gallery: Path) -> Recogniser:
    """With gradients."""
    return build(DlibConfig(str(gallery)), deployed=False)


@pytest.fixture(scope="module")
def deployed(gallery: Path) -> Recogniser:
    """The black box."""
    return build(DlibConfig(str(gallery)), deployed=True)


@pytest.fixture(scope="module")
def ann() -> Tensor:
    """A picture with one face, ``(1, 3, H, W)``."""
    return load_srgb(PHOTOS / "astronaut.jpg")[None, :, :256, 100:356]


def test_the_torch_network_says_of_a_cut_out_face_what_dlib_says(ann: Tensor) -> None:
    picture = as_u8(ann[0])
    finder, net = DlibFinder(), dlib.face_recognition_model_v1(str(model_file(RECOGNISER)))
    box = finder._detector(picture, 1)[0]
    chip = dlib.get_face_chip(picture, finder._predictor(picture, box), SIZE_PX, 0.25)
    ours = DlibNet(read_weights(model_file(RECOGNISER)))(torch.from_numpy(chip).permute(2, 0, 1)[None].float() / 255)
    theirs = torch.tensor(list(net.compute_face_descriptor(chip)))
    assert (ours[0] - theirs).abs().max() < 1e-5


def test_faces_are_cut_out_where_dlib_cuts_them_out(ann: Tensor) -> None:
    picture, finder = as_u8(ann[0]), DlibFinder()
    theirs = dlib.get_face_chip(picture, finder._predictor(picture, finder._detector(picture, 1)[0]), SIZE_PX, 0.25)
    cutter = AlignedNetwork(nn.Flatten(), template(), SIZE_PX, name="cut out", unit=False)
    pixels = cutter.embed(ann, torch.tensor([0]), finder.find(ann[0])[:1])
    ours = pixels.view(3, SIZE_PX, SIZE_PX).permute(1, 2, 0) * 255
    difference = (ours - torch.from_numpy(theirs).float()).abs()
    assert difference.mean() < 6  # of 255: they interpolate otherwise
    assert difference.median() < 4


def test_both_know_who_it_is(twin: Recogniser, deployed: Recogniser, ann: Tensor) -> None:
    for victim in (twin, deployed):
        reports = victim.decide(victim.outputs(ann))
        assert [victim.labels[label] for label in reports[0].labels.tolist()] == ["ann"]


def test_a_stranger_is_unknown(twin: Recogniser) -> None:
    stranger = load_srgb(PHOTOS / "zidane.jpg")[None]
    labels = {twin.labels[label] for label in twin.decide(twin.outputs(stranger))[0].labels.tolist()}
    assert labels == {"unknown"}


def test_gradient_flows_to_the_face_alone(twin: Recogniser, ann: Tensor) -> None:
    images = ann.clone().requires_grad_()
    outputs: Candidates = twin.outputs(images)
    outputs.scores[0, 0, 0].backward()
    assert images.grad is not None
    left, top, right, bottom = outputs.boxes_xyxy_px[0, 0].long().tolist()
    inside = images.grad[0, :, top:bottom, left:right].abs().sum()
    assert inside > 0.5 * images.grad.abs().sum()


@pytest.mark.slow
def test_the_twin_keeps_what_a_victim_promises(twin: Recogniser, ann: Tensor) -> None:
    check_victim(twin, torch.cat([ann, ann.flip(3)]))


def test_no_face_is_no_report(twin: Recogniser) -> None:
    grey = torch.full((1, 3, 120, 120), 0.5, requires_grad=True)
    outputs = twin.outputs(grey)
    outputs.scores.sum().backward()
    assert len(twin.decide(outputs)[0].scores) == 0


def test_a_gallery_without_faces_is_one_line(tmp_path: Path) -> None:
    shutil.copy(PHOTOS / "kite.jpg", tmp_path / "nobody.jpg")
    with pytest.raises(BadInput, match=r"finds no face in .*nobody\.jpg"):
        build(DlibConfig(str(tmp_path)), deployed=False)


def test_a_file_that_dlib_did_not_write_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "net.dat").write_bytes(b"con_4 and no more")
    with pytest.raises(BadInput, match="no network of dlib"):
        read_weights(tmp_path / "net.dat")
    (tmp_path / "net.dat").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="no layers"):
        read_weights(tmp_path / "net.dat")


def test_a_gallery_must_be_named() -> None:
    from physadv_dlib import _build_twin

    with pytest.raises(BadOption, match=r"victim\.gallery"):
        _build_twin(DlibConfig())
