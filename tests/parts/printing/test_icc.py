"""A printer's profile proofs as littleCMS does; whatever is no printer's profile is refused in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageCms
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage
from physadv.library.colour.print_proof import ProofLut
from physadv.parts.printing.entries import build_ink
from physadv.parts.printing.icc import fit_table, load_profile_table, proof_colours
from physadv.parts.printing.options import InkConfig
from tests.running import physadv
from tests.runs import once

MEASUREMENTS = Path("/usr/share/color/icc/FOGRA39L.ti3")


def display() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def of_class(kind: bytes) -> bytes:
    """A screen's profile that says it is something else (bytes 12 to 16 of the header)."""
    return display()[:12] + kind + display()[16:]


@pytest.fixture(scope="session")
def press(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CMYK profile of FOGRA39, made once: that takes half a minute."""
    if not (MEASUREMENTS.is_file() and shutil.which("colprof")):
        pytest.skip("needs colprof and FOGRA39L.ti3 (Debian: argyll, icc-profiles-free)")
    return once(tmp_path_factory, "press", make_press) / "press.icc"


def make_press(place: Path) -> None:
    from tools.make_proof_lut import profile_from_measurements

    place.mkdir()
    profile_from_measurements(MEASUREMENTS, place)


def test_a_profile_that_changes_nothing_gives_a_table_that_changes_nothing() -> None:
    table = fit_table(proof_colours(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), 5))
    axis = torch.linspace(0, 1, len(table))
    identity = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1)
    assert (torch.from_numpy(table) / 255 - identity).abs().max() < 2.5 / 255


def test_an_rgb_printers_profile_is_taken(tmp_path: Path) -> None:
    (tmp_path / "inkjet.icc").write_bytes(of_class(b"prtr"))
    table, _ = load_profile_table(tmp_path / "inkjet.icc")
    assert table.shape == (33, 33, 33, 3)
    assert table[-1, -1, -1].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes"),
        (b"hello world " * 100, "not an ICC profile"),
        (display(), "screen"),
        (of_class(b"scnr"), "scanner"),
        (of_class(b"link"), "device link"),
        (of_class(b"abst"), "abstract"),
        (of_class(b"spac"), "colour space"),
        (of_class(b"nmcl"), "named-colour|damaged"),
        (of_class(b"prtr")[:400], "cut off"),
        (of_class(b"prtr")[:128] + b"\xff" * (len(display()) - 128), "damaged|cannot be used"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "abstract|colour space"),
    ],
)
def test_what_is_no_printers_profile_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.icc").write_bytes(content)
    with pytest.raises(BadInput, match=rf"x\.icc.*({message})"):
        load_profile_table(tmp_path / "x.icc")


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such"):
        load_profile_table(tmp_path / "absent.icc")
    with pytest.raises(BadInput, match="folder"):
        load_profile_table(tmp_path)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "inkjet.icc"
    path.write_bytes(of_class(b"prtr"))
    assert load_profile_table(path)[0] is load_profile_table(path)[0]
    path.write_bytes(b"no longer a profile" * 20)
    with pytest.raises(BadInput, match="not an ICC"):
        load_profile_table(path)


@pytest.mark.slow
def test_the_command_line_answers_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "screen.icc").write_bytes(display())
    for typed, words in ((["ink=icc"], "ink.path"), (["ink=icc", "ink.path=screen.icc"], "screen")):
        done = physadv("generate", "size=smoke", "progress=false", "out=run", *typed, cwd=tmp_path)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert words in done.stderr


def noise(seed: int) -> npt.NDArray[np.uint8]:
    """Pixels ``(80,80,3)`` of every colour."""
    return np.random.default_rng(seed).integers(0, 256, (80, 80, 3), dtype=np.uint8)


def srgb_of(rgb_u8: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(rgb_u8).permute(2, 0, 1) / 255


def proofed_by_littlecms(rgb_u8: npt.NDArray[np.uint8], profile: Path) -> Tensor:
    """Codes ``(80,80,3)`` of the soft proof that littleCMS makes."""
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildProofTransform(
        srgb, srgb, str(profile), "RGB", "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        proofRenderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.SOFTPROOFING | ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    return torch.from_numpy(np.array(ImageCms.applyTransform(Image.fromarray(rgb_u8), transform))).float()


@pytest.mark.slow
def test_a_cmyk_profile_proofs_as_littlecms_does(press: Path) -> None:
    ink = build_ink(InkConfig(colours="icc", path=str(press)))
    assert ink is not None
    assert "press" in ink.name
    asked = noise(1)
    printed = ink(PatchImage(srgb_of(asked), torch.ones(1, 80, 80), 100.0)).srgb.permute(1, 2, 0) * 255
    assert (printed - proofed_by_littlecms(asked, press)).abs().mean() < 0.7


@pytest.mark.slow
def test_the_shipped_table_proofs_as_littlecms_does(press: Path) -> None:
    """Against the profile that Argyll makes of the same measurements (see tools/make_proof_lut.py)."""
    asked = noise(0)
    printed = ProofLut.load()(srgb_of(asked)).permute(1, 2, 0) * 255
    assert (printed - proofed_by_littlecms(asked, press)).abs().mean() < 0.6


@pytest.mark.slow
def test_the_shipped_table_is_that_of_its_measurements(press: Path) -> None:
    """The coarser lattice of a user's profile fits the same table as the 256³ colours of the shipped one."""
    table, _ = load_profile_table(press)
    assert (table.view(-1, 3) - ProofLut.load().colours).abs().mean() < 0.3 / 255


@pytest.mark.slow
def test_a_device_link_is_refused(press: Path, tmp_path: Path) -> None:
    link = ImageCms.ImageCmsProfile(str(press)).tobytes()
    (tmp_path / "link.icc").write_bytes(link[:12] + b"link" + link[16:])
    with pytest.raises(BadInput, match="device link"):
        load_profile_table(tmp_path / "link.icc")
