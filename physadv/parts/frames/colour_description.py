"""Films that are not in sRGB's light: HDR (HLG, PQ) and wide gamuts (BT.2020, P3) become sRGB, or are refused.

Display light as in ITU-R BT.2100, encoded for an SDR display (BT.1886), so that codes are those that the same scene
has in an SDR film. What is as bright as the film's white becomes code 255, brighter light is clipped, and darker light
keeps its ratios, as a measurement needs: there is no tone mapping in the narrow sense.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]

REFERENCE_WHITE_NITS = 203.0  # diffuse white in HDR, ITU-R BT.2408
SDR_WHITE_NITS = 100.0  # white of SDR that was put into an HDR signal as it was
_HLG_PEAK_NITS, _HLG_GAMMA = 1000.0, 1.2
_SDR_GAMMA = 2.4  # of a display for SDR film, ITU-R BT.1886
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020

# numbers of ITU-T H.273, as films carry them
PQ, HLG = 16, 18
BT2020, P3 = (9,), (11, 12)
_SDR = {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15}
_CURVES = {8: "linear light", 9: "a logarithmic curve", 10: "a logarithmic curve", 17: "SMPTE ST 428"}
_MATRICES = {10: "BT.2020 with constant luminance", 14: "ICtCp", 15: "IPT-C2"}

_FROM_2020 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)  # fmt: skip
_FROM_P3 = np.array(
    [[1.224940, -0.224940, 0.0], [-0.042057, 1.042057, 0.0], [-0.019638, -0.078636, 1.098274]], np.float32
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColourDescription:
    """How codes of a film stand for light, by H.273."""

    primaries: int
    curve: int
    matrix: int = 2

    @property
    def hdr(self) -> bool:
        """Codes that must not be taken for sRGB's."""
        return self.curve in (PQ, HLG)

    @property
    def plain(self) -> bool:
        """SDR with sRGB's primaries, or near enough (BT.601)."""
        return not self.hdr and self.primaries not in (*BT2020, *P3)

    @property
    def words(self) -> str:
        """For a message."""
        gamut = "BT.2020" if self.primaries in BT2020 else "P3" if self.primaries in P3 else "BT.709"
        curve = {PQ: "HDR, PQ", HLG: "HDR, HLG"}.get(self.curve, "SDR")
        return f"{curve}, {gamut}"

    @property
    def unknown(self) -> str:
        """The property of this light that cannot be turned into sRGB here, or nothing."""
        if self.matrix in _MATRICES:
            return _MATRICES[self.matrix]
        return "" if self.hdr or self.curve in _SDR else _CURVES.get(self.curve, f"curve {self.curve} of H.273")


class Converter:
    """Codes of 16 bits into sRGB of 8, for one kind of light and one white."""

    def __init__(self, light: ColourDescription, white_nits: float) -> None:
        self._light = light
        self._linear = _linear_of(light.curve)
        self._scale = _HLG_PEAK_NITS / white_nits if light.hdr else 1.0
        roots = np.linspace(0, 1, 2**16)  # of light: even steps of light itself would be coarse near black
        self._encoded = np.rint(255 * roots ** (2 / _SDR_GAMMA)).astype(np.uint8)

    def bgr_u8(self, rgb_u16: U16) -> U8:
        """``(H,W,3)`` in the film's own codes to BGR."""
        own = _display(self._linear[rgb_u16], self._light.curve)
        own *= self._scale
        if self._light.primaries in BT2020:
            own = own @ _FROM_2020.T
        elif self._light.primaries in P3:
            own = own @ _FROM_P3.T
        codes = (np.sqrt(np.clip(own, 0, 1)) * (2**16 - 1) + 0.5).astype(np.uint16)
        made: U8 = np.ascontiguousarray(self._encoded[codes][..., ::-1])
        return made


def brightest_nits(rgb_u16: U16, light: ColourDescription) -> float:
    """The light that all but a hundredth of the picture's pixels stay below, in any channel."""
    own = _display(_linear_of(light.curve)[rgb_u16], light.curve) * _HLG_PEAK_NITS
    return float(np.percentile(own.max(-1), 99))


def _display(linear: F32, curve: int) -> F32:
    """Light of the display, 1 being 1000 cd/m²; HLG's system gamma belongs to the display (BT.2100, table 5)."""
    if curve != HLG:
        return linear
    luma = np.maximum(linear @ _LUMA, 1e-6)[..., None]
    shown: F32 = linear * luma ** np.float32(_HLG_GAMMA - 1)
    return shown


def _linear_of(curve: int) -> F32:
    """A table from codes of 16 bits to linear light."""
    codes = np.linspace(0, 1, 2**16)
    if curve == HLG:  # inverse OETF, BT.2100 table 5
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        linear = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    elif curve == PQ:  # EOTF, BT.2100 table 4, in units of 1000 cd/m²
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = codes ** (1 / m2)
        linear = 10 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    else:
        linear = codes**_SDR_GAMMA
    table: F32 = linear.astype(np.float32)
    return table
