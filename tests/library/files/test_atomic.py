"""A file is whole or it is not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from physadv.core.errors import BadOutput
from physadv.library.files.atomic import write_bytes, write_text


def test_a_file_and_its_folders_are_written(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a" / "b.txt", "grün")
    assert path.read_text(encoding="utf-8") == "grün"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.txt"]


def test_a_full_disk_keeps_the_old_file_and_leaves_no_half_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_bytes(tmp_path / "a.bin", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadOutput, match=r"a\.bin.*disk is full"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_an_impossible_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadOutput, match="not a folder"):
        write_bytes(tmp_path / "file" / "a.bin", b"")
    with pytest.raises(BadOutput, match="folder"):
        write_bytes(tmp_path, b"")
