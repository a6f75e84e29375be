"""Derive the soft-proof table of ``physadv.ink`` from measured print colours.

    apt-get install icc-profiles-free argyll
    python tools/make_proof_lut.py /usr/share/color/icc/FOGRA39L.ti3

Argyll's ``colprof`` turns the measurements into a printer profile, littleCMS proofs all 256³ sRGB colours through it
(relative colorimetric with black-point compensation), and the table is the least-squares trilinear fit to the result:
it averages away the rounding of an 8-bit proof. ``--profile`` takes a ready CMYK profile instead of measurements.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from PIL import Image, ImageCms

NODES = 33
OUT = Path(__file__).resolve().parents[1] / "physadv" / "printing" / "data" / "coated-offset.safetensors"
SOURCE = {
    "condition": "FOGRA39L: offset on coated paper, ISO 12647-2:2004/Amd 1",
    "source": "altered from FOGRA39L.ti3 of icc-profiles-free 2.0.1 (Fogra, www.fogra.org; Kai-Uwe Behrmann)",
    "licence": "Zlib",
    "intent": "relative colorimetric with black-point compensation",
}

logger = logging.getLogger("make_proof_lut")


def profile_from_measurements(ti3: Path, folder: Path) -> Path:
    """Fit a Lab-table CMYK profile of medium quality to the measurements."""
    shutil.copy(ti3, folder / "press.ti3")
    subprocess.run(
        ["colprof", "-qm", "-bm", "-al", "-D", "press", "press"], cwd=folder, check=True, capture_output=True
    )
    return folder / "press.icc"


def proof_all_colours(profile: Path) -> npt.NDArray[np.float64]:
    """What every 8-bit sRGB colour looks like in print: ``(256, 256, 256, 3)`` sRGB in [0, 1], indexed r, g, b."""
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildProofTransform(
        srgb, srgb, str(profile), "RGB", "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        proofRenderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.SOFTPROOFING | ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE,
    )  # fmt: skip
    codes = np.arange(256, dtype=np.uint8)
    lattice = np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), -1).reshape(4096, 4096, 3)
    proofed = ImageCms.applyTransform(Image.fromarray(lattice), transform)
    assert proofed is not None
    return np.asarray(proofed).reshape(256, 256, 256, 3) / 255.0


def fit_table(proofed: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """The ``NODES``³ table whose trilinear interpolation is nearest to ``proofed``; the fit separates by axis."""
    position = np.arange(256) / 255 * (NODES - 1)
    hats = np.clip(1 - np.abs(position[:, None] - np.arange(NODES)), 0, None)
    fit = np.linalg.pinv(hats)
    table: npt.NDArray[np.float64] = np.einsum("ir,rgbc->igbc", fit, proofed)
    table = np.einsum("jg,igbc->ijbc", fit, table)
    table = np.einsum("kb,ijbc->ijkc", fit, table)
    table[-1, -1, -1] = 1.0  # bare paper is bare paper
    return (np.clip(table, 0, 1) * 255).round().astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("measurements", type=Path, nargs="?", help="characterisation data (.ti3), for colprof")
    parser.add_argument("--profile", type=Path, help="a ready CMYK profile instead")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        profile = arguments.profile or profile_from_measurements(arguments.measurements, Path(folder))
        proofed = proof_all_colours(profile)
    table = fit_table(proofed)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(safetensors.numpy.save({"table": table}, metadata=SOURCE))
    logger.info("%s: %d bytes, red becomes %s", arguments.out, arguments.out.stat().st_size, table[-1, 0, 0])


if __name__ == "__main__":
    main()
