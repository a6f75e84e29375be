"""Only safetensors are read, nothing is fetched behind the user's back, and rubbish gets one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.api import BadInput, PhysadvError


class Payload:
    """A hostile author's addition to a weights file: unpickling it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def build(model: str | Path, **options: Any) -> Any:
    from physadv_transformers import TransformersConfig, _build

    return _build(TransformersConfig(model=str(model), **options))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole small DETR."""
    from physadv_transformers.untrained import make

    for part in make("detr", 0)[:2]:
        part.save_pretrained(tmp_path / "detr")
    return tmp_path / "detr"


def test_a_pickle_is_never_read(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Payload(tmp_path / "mark")}, folder / "pytorch_model.bin")
    with pytest.raises(BadInput, match=r"cannot be loaded .*safetensors"):
        build(folder)
    assert not (tmp_path / "mark").exists()


def test_code_that_comes_with_a_model_is_never_run(folder: Path, tmp_path: Path) -> None:
    description = json.loads((folder / "config.json").read_text())
    description |= {
        "model_type": "mine",
        "auto_map": {"AutoConfig": "mine.Config", "AutoModelForObjectDetection": "mine.M"},
    }
    (folder / "config.json").write_text(json.dumps(description))
    (folder / "mine.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'mark')!r})\n")
    with pytest.raises(BadInput):
        build(folder)
    assert not (tmp_path / "mark").exists()


def test_weights_that_are_cut_off_are_refused(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="cannot be loaded") as caught:
        build(folder)
    assert "\n" not in str(caught.value)


def test_weights_of_something_else_are_refused(folder: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadInput, match="weights are missing"):
        build(folder)


def test_a_folder_without_a_processor_is_refused(folder: Path) -> None:
    for file in folder.glob("*processor*"):
        file.unlink()
    with pytest.raises(BadInput, match="cannot be loaded"):
        build(folder)


@pytest.mark.parametrize(
    ("model", "options", "says"),
    [
        ("", {}, "needs victim.model="),
        ("random:yolo", {}, "one of detr, yolos"),
        ("facebook/detr-of-nowhere", {}, "cannot be loaded .*`hf download facebook/detr-of-nowhere`"),
        ("not a name", {}, "cannot be loaded"),
        ("random:owlvit", {}, "add victim.queries="),
        ("random:detr", {"queries": ["cat"]}, "leave victim.queries out"),
        ("random:detr", {"confidence": 1.5}, "within 0 and 1"),
        ("random:owlvit", {"queries": ["cat"], "prompt": "cat"}, "place {} for the query"),
    ],
)
def test_what_cannot_be_attacked_is_named(model: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(PhysadvError, match=says) as caught:
        build(model, **options)
    assert "\n" not in str(caught.value)


def test_a_model_for_another_task_is_named(tmp_path: Path) -> None:
    import transformers

    transformers.ViTConfig().save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="is a vit; victim=transformers attacks detr"):
        build(tmp_path)


def test_the_option_is_listed_without_importing_torch() -> None:
    code = "import sys, physadv_transformers as p; p.physadv_victims(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
