"""Derive the soft-proof table of ``physadv.library.colour.print_proof`` from measured print colours.

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

import safetensors.numpy
from PIL import ImageCms

from physadv.parts.printing.icc import fit_table, proof_colours

OUT = Path(__file__).resolve().parents[1] / "physadv" / "library" / "colour" / "data" / "coated-offset.safetensors"
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("measurements", type=Path, nargs="?", help="characterisation data (.ti3), for colprof")
    parser.add_argument("--profile", type=Path, help="a ready CMYK profile instead")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        profile = arguments.profile or profile_from_measurements(arguments.measurements, Path(folder))
        proofed = proof_colours(ImageCms.ImageCmsProfile(str(profile)), step=1)
    table = fit_table(proofed)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(safetensors.numpy.save({"table": table}, metadata=SOURCE))
    logger.info("%s: %d bytes, red becomes %s", arguments.out, arguments.out.stat().st_size, table[-1, 0, 0])


if __name__ == "__main__":
    main()
