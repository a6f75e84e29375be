"""Files from anybody are read with limits, or refused by name."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from physadv.core.errors import BadInput
from physadv.library.files.reading import read_arrays, read_bytes, read_json, read_text, read_yaml


def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path / "pipe", "a device or a pipe"),
        (Path("/dev/zero"), "a device or a pipe"),
        (tmp_path, "is a folder"),
        (tmp_path / "none", "No such file"),
        (tmp_path / ("n" * 5000), "File name too long"),
        (tmp_path / "zero\0byte", "null byte"),
    ):
        with pytest.raises(BadInput, match=why):
            read_bytes(path)


def test_a_file_over_its_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    with pytest.raises(BadInput, match=r"has 3\.0 MB; such a file has at most 1 MB"):
        read_bytes(tmp_path / "large", 1_000_000)


def test_text_in_another_coding_is_refused_and_a_byte_order_mark_is_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("größe".encode("latin-1"))
    with pytest.raises(BadInput, match="not text in UTF-8"):
        read_text(tmp_path / "latin")
    (tmp_path / "marked").write_bytes("größe".encode("utf-8-sig"))
    assert read_text(tmp_path / "marked") == "größe"


@pytest.mark.parametrize("text", ["[" * 20_000, "[" * 500 + "]" * 500, "{", "9" * 6000, "{'a': 1}"])
def test_json_that_cannot_be_right_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInput, match=r"a\.json"):
        read_json(tmp_path / "a.json")


BOMB = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join(['*' + b] * 9)}]\n" for b, c in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [BOMB, "[" * 20_000, "a: !!python/object/apply:os.system [ls]", "a: [", "\x00", "2020-13-45: 1"]
)
def test_yaml_that_cannot_be_right_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(BadInput, match=r"a\.yaml"):
        read_yaml(tmp_path / "a.yaml")


def test_references_in_yaml_are_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("source: http://host/${oc.env:HOME}\n")
    assert read_yaml(tmp_path / "a.yaml") == {"source": "http://host/${oc.env:HOME}"}


def packed(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def claiming() -> bytes:
    """An archive whose header promises 27 terabytes."""
    head = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": (3_000_000, 3000, 3000)}
    np.lib.format.write_array_header_1_0(head, about)  # type: ignore[no-untyped-call]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.npy", head.getvalue() + b"\0" * 100)
    return stream.getvalue()


def flagged() -> bytes:
    """An archive that says it is encrypted."""
    data = bytearray(packed(x=np.zeros(3)))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "unpacks to": lambda: packed(x=np.zeros(2_000_000, np.uint8)),
    "promises": claiming,
    "not a .npz": flagged,
    "not a .npz of plain arrays": lambda: packed(x=np.array([{}], dtype=object)),
    r"not a \.npz of plain arrays": lambda: packed(x=np.zeros(3))[:-30],
    "plain arrays": lambda: b"PK",
}


@pytest.mark.parametrize("why", ARCHIVES)
def test_archives_made_to_mislead_are_refused_before_memory_is_taken(why: str, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(ARCHIVES[why]())
    with pytest.raises(BadInput, match=why):
        read_arrays(tmp_path / "a.npz", 1_000_000)


def test_a_plain_archive_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(packed(x=np.arange(6).reshape(2, 3), y=np.array("text"), z=np.zeros((0, 4))))
    arrays = read_arrays(tmp_path / "a.npz", 1_000_000)
    assert arrays["x"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (str(arrays["y"]), arrays["z"].shape) == ("text", (0, 4))
