from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from physadv.core.errors import BadInput
from physadv.library.files.images import load_srgb


def with_chunk(path: Path, curve: int) -> Path:
    """A PNG that says which curve its codes follow."""
    Image.fromarray(np.full((8, 8, 3), 150, np.uint8)).save(path)
    data = path.read_bytes()
    body = b"cICP" + bytes([9, curve, 0, 1])
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(data[:33] + chunk + data[33:])  # behind the header
    return path


@pytest.mark.parametrize(("curve", "name"), [(16, "PQ"), (18, "HLG")])
def test_an_hdr_png_is_refused_with_the_command_that_converts(curve: int, name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"HDR picture \({name}\).*ffmpeg -i FILE -vf zscale"):
        load_srgb(with_chunk(tmp_path / "a.png", curve))


def test_a_png_that_names_an_ordinary_curve_is_read(tmp_path: Path) -> None:
    assert load_srgb(with_chunk(tmp_path / "a.png", 13)).shape == (3, 8, 8)


def test_an_hdr_avif_is_refused_and_an_ordinary_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    Image.fromarray(np.full((8, 8, 3), 150, np.uint8)).save(path)
    assert load_srgb(path).shape == (3, 8, 8)
    data = path.read_bytes()
    at = data.index(b"colrnclx") + 8
    path.write_bytes(data[:at] + b"\x00\x09\x00\x10\x00\x09" + data[at + 6 :])
    with pytest.raises(BadInput, match="HDR picture"):
        load_srgb(path)
