"""A damaged checkpoint is one line, never a traceback, and never code that runs."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.errors import BadInput
from physadv.library.runs.checkpoints import read_checkpoint, restoring, write_checkpoint

STATE: dict[str, Any] = {"patch": {"x": torch.arange(6.0).reshape(2, 3)}, "step": 7, "best": {}}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c.pt", STATE)
    found = read_checkpoint(tmp_path / "c.pt")
    assert found["step"] == 7
    assert torch.equal(found["patch"]["x"], STATE["patch"]["x"])


def test_a_checkpoint_without_a_digest_is_loaded_too(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "c.pt")
    assert read_checkpoint(tmp_path / "c.pt")["step"] == 7


@pytest.mark.parametrize("headed", [True, False])
def test_damage_of_any_kind_is_one_line(headed: bool, tmp_path: Path) -> None:
    file, dice = tmp_path / "c.pt", random.Random(1)
    write_checkpoint(file, STATE) if headed else torch.save(STATE, file)
    whole = file.read_bytes()
    noise = bytes(range(256)) * 3
    cuts = [b"", b"junk", b"physadv1", noise, *(whole[: dice.randrange(len(whole))] for _ in range(20))]
    flips = []
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        flips.append(bytes(data))
    for data in [*cuts, *flips]:
        file.write_bytes(data)
        said = _refused(file)
        assert "\n" not in (said or "")
        assert said or not headed or data == whole  # a flipped bit of a number shows only by the digest


def _refused(file: Path) -> str | None:
    """The one line, if there is one; any other exception fails the test."""
    try:
        read_checkpoint(file)
    except BadInput as error:
        return str(error)
    return None


def test_a_pickle_that_would_run_something_does_not(tmp_path: Path) -> None:
    class Boom:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"patch": Boom()}, tmp_path / "c.pt")
    with pytest.raises(BadInput, match="cannot be read"):
        read_checkpoint(tmp_path / "c.pt")
    assert not (tmp_path / "ran").exists()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "c.pt")
    with pytest.raises(BadInput):
        read_checkpoint(tmp_path / "c.pt")


def test_another_runs_state_is_told_as_such() -> None:
    with pytest.raises(BadInput, match="is not one of this run"), restoring("the checkpoint"):
        torch.nn.Linear(2, 2).load_state_dict({"weight": torch.zeros(3, 3), "bias": torch.zeros(2)})
    with pytest.raises(BadInput, match="it has no 'patch'"), restoring("the checkpoint"):
        STATE["best"]["patch"]
