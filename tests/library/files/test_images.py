"""Whatever a user calls an image either loads, or is refused in one line that names the file and the way out."""

from __future__ import annotations

import os
import struct
import weakref
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from physadv.core.errors import BadInput
from physadv.library.files import images
from physadv.library.files.images import load_mask, load_rgba, load_srgb, save_png


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


def a_photo(width: int = 32, height: int = 20) -> Image.Image:
    ramp = np.linspace(0, 255, width * height * 3).astype(np.uint8).reshape(height, width, 3)
    return Image.fromarray(ramp)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    picture = a_photo().convert("RGB") if mode == "LAB" else a_photo().convert(mode)
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        picture = ImageCms.applyTransform(picture, to_lab)
    srgb = load_srgb(saved(tmp_path / "a.tif", picture))
    assert srgb.shape == (3, 20, 32)
    assert srgb.dtype == torch.float32
    assert 0 <= srgb.min() < 0.2
    assert 0.8 < srgb.max() <= 1


def test_colours_arrive_exactly(tmp_path: Path) -> None:
    picture = a_photo()
    expected = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
    assert torch.equal(load_srgb(saved(tmp_path / "a.png", picture)), expected)


def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    codes = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    srgb = load_srgb(saved(tmp_path / "a.png", Image.fromarray(codes)))
    assert torch.equal((srgb * 255).round()[0, 0], torch.tensor([0.0, 1.0, 128.0, 255.0]))


def test_a_single_pixel_is_an_image(tmp_path: Path) -> None:
    assert load_srgb(saved(tmp_path / "a.png", Image.new("RGB", (1, 1), "red")))[:, 0, 0].tolist() == [1, 0, 0]


def test_transparency_shows_paper_and_stays_apart_when_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGBA", (2, 2), (255, 0, 0, 0)))
    assert load_srgb(path).min() == 1
    assert load_rgba(path)[:, 0, 0].tolist() == [1, 0, 0, 0]
    assert load_rgba(saved(tmp_path / "b.png", Image.new("L", (2, 2), 0)))[:, 0, 0].tolist() == [0, 0, 0, 1]


def test_a_mask_is_the_alpha_or_else_the_luminance(tmp_path: Path) -> None:
    assert load_mask(saved(tmp_path / "a.png", Image.new("RGBA", (3, 2), (255, 255, 255, 51)))).unique() == 0.2
    assert load_mask(saved(tmp_path / "b.png", Image.new("RGB", (3, 2), "white"))).unique() == 1


def test_a_phone_photo_is_turned_upright(tmp_path: Path) -> None:
    picture = a_photo(32, 20)
    exif = picture.getexif()
    exif[0x0112] = 6
    assert load_srgb(saved(tmp_path / "a.jpg", picture, exif=exif)).shape == (3, 32, 20)


def a_profile_with_red_and_green_exchanged() -> bytes:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swaps = {b"rXYZ": b"----", b"gXYZ": b"rXYZ", b"----": b"gXYZ"}
    for old, new in swaps.items():
        icc = icc.replace(old, new)
    return icc.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_an_embedded_profile_is_honoured(tmp_path: Path) -> None:
    icc = a_profile_with_red_and_green_exchanged()
    path = saved(tmp_path / "a.png", Image.new("RGBA", (2, 2), (200, 100, 50, 255)), icc_profile=icc)
    assert (load_srgb(path)[:, 0, 0] * 255 - torch.tensor([100, 200, 50])).abs().max() <= 1


def test_a_broken_profile_is_reported_and_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (2, 2), (60, 60, 200)), icc_profile=b"nonsense" * 20)
    assert (load_srgb(path)[:, 0, 0] * 255).round().tolist() == [60, 60, 200]
    assert "colour profile" in caplog.text


def a_bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 11000, 11000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such image file"),
        (b"", "empty"),
        (b"this is text", "not an image"),
        (a_bomb(), "121 MP"),
    ],
)
def test_what_is_no_image_is_refused_by_name(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "picture.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"picture\.png.*|.*{message}") as caught:
        load_srgb(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp", ".gif"])
@pytest.mark.parametrize("share", [0.03, 0.3, 0.9])
def test_a_truncated_file_is_refused_by_name(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / f"picture{suffix}", Image.fromarray(noise))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadInput, match="picture"):
        load_srgb(path)


def test_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        load_srgb(tmp_path)


def test_float_images_are_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="8- or 16-bit"):
        load_srgb(saved(tmp_path / "a.tif", Image.new("F", (2, 2), 0.5)))


@pytest.mark.slow
def test_twenty_megapixels_are_read(tmp_path: Path) -> None:
    assert load_srgb(saved(tmp_path / "a.jpg", Image.new("RGB", (5472, 3648), "grey"))).shape == (3, 3648, 5472)


def test_a_second_save_writes_again_and_keeps_no_tensor(tmp_path: Path) -> None:
    srgb = torch.rand(3, 4, 4)
    save_png(srgb, tmp_path / "a.png")
    first = (tmp_path / "a.png").read_bytes()
    srgb.zero_()
    save_png(srgb, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() != first
    (tmp_path / "a.png").unlink()
    save_png(srgb, tmp_path / "a.png")
    assert load_srgb(tmp_path / "a.png").max() == 0
    gone = weakref.ref(srgb)
    del srgb
    assert gone() is None


def test_what_pillow_would_hand_to_another_program_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(BadInput, match="not an image that can be read"):
        load_srgb(tmp_path / "a.png")


def test_a_pipe_or_a_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(BadInput, match="not a regular file"):
            load_srgb(path)


def test_heic_is_read_where_the_extra_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif", reason='needs pip install "physadv[heic]"')
    heif.from_pillow(Image.new("RGB", (64, 48), (200, 40, 40))).save(tmp_path / "a.heic")
    assert load_srgb(tmp_path / "a.heic").shape == (3, 48, 64)


def test_heic_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    monkeypatch.setattr(images, "picture_formats", lambda: {".png": "PNG"})
    with pytest.raises(BadInput, match=r"a\.HEIC.*physadv\[heic\]"):
        load_srgb(tmp_path / "a.HEIC")
