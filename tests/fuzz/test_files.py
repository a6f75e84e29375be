"""Damaged files are read or refused in one line: no other exception, nothing slow, nothing left behind."""

from __future__ import annotations

import logging
import time
import warnings
from pathlib import Path

import pytest

from physadv.core.errors import PhysadvError
from tests.fuzz.mutants import mutants
from tests.fuzz.readers import Reader, readers
from tests.fuzz.scale import share

NAMES = [
    "a.png", "a.jpeg", "a.gif", "a.tiff", "a.webp", "a.bmp", "rgba.png", "mask.png", "patch.safetensors", "sized.png",
    "annotations.json", "a.txt", "data.yaml", "a.xml", "board.json", "camera.yaml", "config.yaml", "quads.json",
    "names.json", "names.txt", "run.json",
    "frames.jsonl", "classes.npz", "000000.npz", "cache.npz", "model.onnx", "weights.pth", "old.pth",
    "weights.safetensors", "checkpoint.pt", "old.pt", "printer.icc", "ink.safetensors", "mesh.obj",
]  # fmt: skip
EACH = 400  # mutants of a file, in the whole run
SLOW_S = 10.0


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    return {reader.name: reader for reader in readers(tmp_path_factory.mktemp("beside"))}


def test_every_reader_is_tried(kinds: dict[str, Reader]) -> None:
    assert list(kinds) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_read_or_refused_by_name(name: str, kinds: dict[str, Reader], tmp_path: Path) -> None:
    reader, faults = kinds[name], []
    logging.disable(logging.WARNING)
    try:
        for number, data in enumerate(mutants(reader.sound, share(EACH), seed=7)):
            (tmp_path / name).write_bytes(data)
            begun = time.monotonic()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of libraries, about odd files
                    reader.read(tmp_path / name)
            except PhysadvError as error:
                if "\n" in str(error).strip():
                    faults.append(f"mutant {number}: several lines: {error}")
            except Exception as error:  # noqa: BLE001 - what this test looks for
                faults.append(f"mutant {number}: {type(error).__name__}: {error}")
            if (seconds := time.monotonic() - begun) > SLOW_S:
                faults.append(f"mutant {number}: {seconds:.0f} s")
    finally:
        logging.disable(logging.NOTSET)
    assert faults == []
