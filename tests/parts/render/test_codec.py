"""A picture comes back as the real encoder leaves it, and the gradient comes back as it was."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from physadv.core.errors import BadOption, MissingExtra
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.parts.render.codec import check_codec
from tests.parts.render.copies import recompress

video = pytest.mark.skipif(find_spec("av") is None, reason="needs PyAV: pip install av")
CODECS = ["jpeg", pytest.param("h264", marks=video)]


def pictures(count: int = 2, height: int = 96, width: int = 128) -> Tensor:
    """Smooth, coloured, with an edge."""
    coarse = torch.rand(count, 3, height // 16, width // 16, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)
    smooth[:, :, 20:40, 30:70] = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
    return smooth


def psnr(images: Tensor, truth: Tensor) -> float:
    return float(-10 * (images - truth).square().mean().log10())


@pytest.mark.parametrize("quality", [20, 75, 95])
def test_jpeg_is_what_pillow_makes_of_the_same_codes(quality: int) -> None:
    images = pictures(1, 90, 70)
    file = io.BytesIO()
    Image.fromarray(rgb_u8_from_srgb(images[0])).save(file, "JPEG", quality=quality)
    theirs = torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1).float()
    ours = recompress(images, torch.tensor([float(quality)]), "jpeg")[0] * 255
    assert (ours - theirs).abs().max() <= 2


@pytest.mark.parametrize("codec", CODECS)
def test_full_quality_leaves_an_image_alone_bit_for_bit_beside_one_that_suffers(codec: str) -> None:
    images = pictures()
    out = recompress(images, torch.tensor([100.0, 30.0]), codec)
    assert torch.equal(out[0], images[0])
    assert not torch.equal(out[1], images[1])
    assert out.data_ptr() != images.data_ptr()


@pytest.mark.parametrize("codec", CODECS)
def test_the_gradient_passes_straight_through(codec: str) -> None:
    images = pictures().requires_grad_()
    weights = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    (recompress(images, torch.tensor([10.0, 100.0]), codec) * weights).sum().backward()
    assert images.grad is not None
    assert torch.equal(images.grad, weights)


@pytest.mark.parametrize("codec", CODECS)
def test_less_quality_is_a_worse_picture_whose_mean_stays(codec: str) -> None:
    images = pictures(1)
    out = [recompress(images, torch.tensor([quality]), codec) for quality in (95.0, 60.0, 15.0)]
    good, fair, poor = (psnr(picture, images) for picture in out)
    assert good > 30
    assert good > fair > poor > 14
    assert all(float((picture - images).mean(dim=(2, 3)).abs().max()) < 0.01 for picture in out[:2])
    assert all(picture.min() >= 0 and picture.max() <= 1 for picture in out)


@pytest.mark.parametrize("codec", CODECS)
def test_odd_sizes_and_codes_out_of_range_come_through(codec: str) -> None:
    images = pictures(1, 64, 64)[..., :51, :63] * 1.2 - 0.1
    out = recompress(images, torch.tensor([90.0]), codec)
    assert out.shape == images.shape
    assert psnr(out, images.clamp(0, 1)) > 27


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_cuda_device_jpeg_looks_alike_and_stays_there() -> None:
    images, quality = pictures(), torch.tensor([80.0, 100.0])
    out = recompress(images.cuda(), quality.cuda(), "jpeg")
    assert out.is_cuda
    assert torch.equal(out[1].cpu(), images[1])
    assert psnr(out.cpu(), recompress(images, quality, "jpeg")) > 30


def test_an_absent_codec_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadOption, match="jpeg, h264"):
        check_codec("h265")
    check_codec("jpeg")
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("physadv.parts.render.codec.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install av"):
        check_codec("h264")


@video
def test_an_ffmpeg_without_x264_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    check_codec("h264")
    monkeypatch.setattr("av.codec.codecs_available", {"h264"})
    with pytest.raises(BadOption, match="codec=jpeg"):
        check_codec("h264")
