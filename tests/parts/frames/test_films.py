"""What a film's file says about its pictures is honoured, and what it says about itself is believed only so far."""

from __future__ import annotations

import logging
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput
from physadv.core.types import Frame
from physadv.parts.frames.colour_description import ColourDescription, Converter
from physadv.parts.frames.container import codec_name, missing_bytes
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from tests.parts.frames.films import U8, film

SIZE = (160, 96)


def corner(width: int = SIZE[0], height: int = SIZE[1], shift: int = 0) -> U8:
    """Grey, with red in the top left quarter and a white disc, ``shift`` px from its place, in the bottom right."""
    picture = np.full((height, width, 3), 110, np.uint8)
    picture[: height // 2, : width // 2] = (210, 60, 40)
    cv2.circle(picture, (width * 3 // 4 + shift, height * 3 // 4), height // 8, (235, 235, 235), -1)
    return picture


def read(path: Path) -> list[Frame]:
    return list(open_source(str(path), options=FrameOptions()))


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def miss(frame: Frame, rgb: U8) -> float:
    """Mean difference in codes."""
    return float(np.abs(frame.bgr_u8[..., ::-1].astype(float) - rgb).mean())


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [("libsvtav1", "mp4", {"preset": "12", "crf": "10"}), ("libx264", "mp4", None), ("libx265", "mkv", None),
     ("mpeg2video", "ts", {"qscale": "2"}), ("mjpeg", "avi", {"qscale": "2"}), ("libvpx-vp9", "webm", {"crf": "10"})],
)  # fmt: skip
def test_common_codecs_are_read_whole(tmp_path: Path, codec: str, suffix: str, options: dict[str, str] | None) -> None:
    options = (options or {"crf": "12", "preset": "ultrafast"}) | ({"log-level": "none"} if codec == "libx265" else {})
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    frames = read(film(tmp_path / f"f.{suffix}", [corner()] * 6, codec=codec, pix_fmt=pix_fmt, options=options))
    assert [f.index for f in frames] == list(range(6))
    assert [f.time_s for f in frames] == pytest.approx([i / 25 for i in range(6)], abs=2e-3)
    assert max(miss(f, corner()) for f in frames) < 6


def comb(picture: U8) -> float:
    """How far every second row is from its neighbours."""
    rows = picture.astype(float)
    return float(np.abs(rows[2:-1:2] - (rows[1:-2:2] + rows[3::2]) / 2).mean())


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_interlaced_film_shows_one_moment_a_frame(tmp_path: Path, codec: str) -> None:
    """The second field (the encoder's first is the lower one) is a step later: woven, a moving edge is a comb."""

    def woven(picture: U8, number: int) -> U8:
        made = corner(shift=-8 * number - 4)
        made[1::2] = corner(shift=-8 * number)[1::2]
        return made

    options = {"flags": "+ilme+ildct", "crf": "8", "x264-params": "tff=1"}
    path = film(tmp_path / "i.ts", [corner()] * 6, codec=codec, options=options, change=woven)
    assert next(av.open(str(path)).decode(video=0)).interlaced_frame
    frames = read(path)
    assert len(frames) == 6
    for number, frame in enumerate(frames):
        assert comb(frame.bgr_u8) < 0.5 * comb(woven(corner(), number))
        assert miss(frame, corner(shift=-8 * number)) < 3


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(4, 3), (213, 96)), (Fraction(8, 9), (160, 108)), (Fraction(1), SIZE)]
)
def test_pixels_that_are_not_square_become_square(
    tmp_path: Path, aspect: Fraction, size: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        frames = read(film(tmp_path / "a.mp4", [corner()] * 3, aspect=aspect))
    assert {f.bgr_u8.shape[1::-1] for f in frames} == {size}
    assert caplog.text.count("pixels are not square") == (aspect != 1)
    assert miss(frames[0], cv2.resize(corner(), size, interpolation=cv2.INTER_CUBIC)) < 4


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_a_turned_film_stands_upright(tmp_path: Path, turn_deg: int) -> None:
    frame = read(film(tmp_path / "t.mp4", [corner()] * 2, turn_deg=turn_deg))[0]
    assert miss(frame, np.rot90(corner(), turn_deg // 90)) < 4  # counter-clockwise, as FFmpeg means it


def test_a_film_that_asks_to_be_mirrored_is_mirrored(tmp_path: Path) -> None:
    path = film(tmp_path / "m.mp4", [corner()] * 2, turn_deg=180)
    turned = struct.pack(">9i", -(2**16), 0, 0, 0, -(2**16), 0, SIZE[0] << 16, SIZE[1] << 16, 2**30)
    mirrored = struct.pack(">9i", -(2**16), 0, 0, 0, 2**16, 0, SIZE[0] << 16, 0, 2**30)
    data = path.read_bytes()
    own = next(data[at : at + 36] for at in range(len(data) - 36) if data[at : at + 20] == turned[:20])
    path.write_bytes(data.replace(own, mirrored))
    assert miss(read(path)[0], corner()[:, ::-1]) < 4


@pytest.mark.parametrize("curve", [16, 18], ids=["PQ", "HLG"])
def test_hdr_film_comes_out_as_the_same_scene_in_sdr(
    tmp_path: Path, curve: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Written with the formulas of BT.2100 the other way round, white at 100 cd/m²."""
    scene = corner()
    light = (scene / 255.0) ** 2.4
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    shown = light @ to_2020.T / 10  # of 1000 cd/m²
    if curve == 18:
        own = shown * np.maximum(shown @ [0.2627, 0.6780, 0.0593], 1e-9)[..., None] ** (1 / 1.2 - 1)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        codes = np.where(own <= 1 / 12, np.sqrt(3 * own), a * np.log(np.maximum(12 * own - b, 1e-9)) + c)
    else:
        power = (shown / 10) ** (2610 / 16384)
        codes = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    pictures = [np.rint(255 * codes).astype(np.uint8)] * 3
    options = {"crf": "4", "preset": "ultrafast"}
    path = film(tmp_path / "h.mp4", pictures, pix_fmt="yuv444p", options=options, tags=(9, curve, 9))
    with caplog.at_level(logging.WARNING):
        frame = read(path)[0]
    assert "HDR" in caplog.text
    assert "BT.2020" in caplog.text
    assert miss(frame, scene) < 8  # 8 bits are few for PQ
    assert miss(frame, pictures[0]) > 30


def test_hdr_white_is_never_brighter_than_reference_white() -> None:
    codes = np.full((2, 2, 3), round(0.75 * 65535), np.uint16)  # 75 % of HLG: 203 cd/m²
    assert Converter(ColourDescription(9, 18), 203.0).bgr_u8(codes) == pytest.approx(255, abs=1)
    half = Converter(ColourDescription(9, 18), 406.0).bgr_u8(codes)
    assert half == pytest.approx(255 * 0.5 ** (1 / 2.4), abs=1)


def test_light_that_is_not_known_is_refused_with_the_command_that_converts(tmp_path: Path) -> None:
    said = refusal(film(tmp_path / "l.mp4", [corner()] * 2, tags=(1, 9, 1)))
    assert "logarithmic" in said
    assert "ffmpeg -i FILE -vf zscale" in said


def test_a_film_of_two_views_is_refused_with_the_command_that_takes_one(tmp_path: Path) -> None:
    options = {"crf": "12", "preset": "ultrafast", "x264-params": "frame-packing=3"}
    said = refusal(film(tmp_path / "3d.mp4", [corner()] * 2, options=options))
    assert "stereo3d=sbsl:ml" in said  # into an AVI, which cannot carry the mark on


def test_a_trimmed_film_is_not_called_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures = [np.full((*SIZE[::-1], 3), 20 + 8 * number, np.uint8) for number in range(20)]
    path = film(tmp_path / "t.mp4", pictures, shift=12)
    assert av.open(str(path)).streams.video[0].frames == 20  # what the container counts
    with caplog.at_level(logging.WARNING):
        frames = read(path)
    assert len(frames) == 8
    assert miss(frames[0], pictures[12]) < 4
    assert not caplog.text


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_film_that_ends_before_its_container_does_is_said_to_be_cut_short(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (20, *SIZE[::-1], 3), np.uint8)
    options = {"movflags": "+faststart"} if suffix == "mp4" else {}
    with av.open(str(tmp_path / f"whole.{suffix}"), "w", options=options) as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for picture in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    whole, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    assert missing_bytes(whole) == 0
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with caplog.at_level(logging.WARNING):
        assert 5 <= len(read(cut)) < 20
    assert "cut short" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert len(read(whole)) == 20
    assert not caplog.text


def test_a_film_without_its_index_is_told_so(tmp_path: Path) -> None:
    path = film(tmp_path / "f.mp4", [corner()] * 3)
    path.write_bytes(path.read_bytes()[: path.read_bytes().rindex(b"moov") - 4])
    said = refusal(path)
    assert "'moov'" in said
    assert "ffmpeg" not in said  # it could not read it either


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "e.mp4").touch()
    assert "is empty" in refusal(tmp_path / "e.mp4")


def test_a_file_of_zeros_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "z.mp4").write_bytes(bytes(100_000))
    assert "zeros" in refusal(tmp_path / "z.mp4")


def test_sound_only_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "s.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    assert "sound only" in refusal(path)


def test_a_codec_without_decoder_is_named(tmp_path: Path) -> None:
    path = film(tmp_path / "f.mp4", [corner()] * 3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"qx9z"))
    said = refusal(path)
    assert "'qx9z'" in said
    assert "damaged" not in said
    assert codec_name(path) == "the codec 'qx9z'"


def test_a_name_with_a_colon_is_no_address(tmp_path: Path) -> None:
    assert len(read(film(tmp_path / "udp:a b.mp4", [corner()] * 3))) == 3


def test_a_list_of_films_does_not_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n")
    assert "list.m3u8" in refusal(path)
