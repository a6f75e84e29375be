"""Who has a run folder, and what becomes of it when a run does not end well."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from physadv.app.config import run_folder
from physadv.app.config.run_folder import opened
from physadv.core.errors import BadInput, BadOption, BadOutput
from physadv.core.types import Step
from physadv.library.runs import locks
from physadv.library.runs.folder import untouched
from physadv.library.runs.progress import CurveLog


@pytest.fixture(autouse=True)
def _without_hydra(monkeypatch: pytest.MonkeyPatch) -> None:
    def note(place: Path, config: DictConfig) -> None:
        (place / "config").mkdir(exist_ok=True)
        (place / "config" / "config.yaml").write_text(OmegaConf.to_yaml(config))
        (place / "config" / "choices.yaml").write_text("victim: sign-nano\n")
        (place / "config" / "overrides.yaml").write_text("[]\n")

    monkeypatch.setattr(run_folder, "_note", note)
    monkeypatch.setattr(run_folder, "choices", lambda: {"victim": "sign-nano"})


def _config(**changed: object) -> DictConfig:
    plain = {"resume": False, "dry_run": False, "out": "", "seed": 0, "protocol": {"iou": 0.5}, "paper": "a4"}
    return OmegaConf.create({**plain, **changed})


def _ends(place: Path, written: str, error: BaseException) -> None:
    with opened(place, _config()):
        (place / written).write_bytes(b"")
        raise error


def _stopped(place: Path) -> None:
    (place / "checkpoint.pt").write_bytes(b"")
    raise KeyboardInterrupt


def test_a_run_takes_over_what_a_dry_run_left(tmp_path: Path) -> None:
    place = tmp_path / "run"
    with opened(place, _config(dry_run=True)):
        (place / "preview.png").write_bytes(b"")
    with opened(place, _config(seed=1)):
        assert not (place / "preview.png").exists()
        (place / "checkpoint.pt").write_bytes(b"")
    assert "seed: 1" in (place / "config" / "config.yaml").read_text()
    with pytest.raises(BadOutput, match="exists"), opened(place, _config()):
        pass


def test_a_grid_goes_on_along_other_axes(tmp_path: Path) -> None:
    place = tmp_path / "run"
    with opened(place, _config(only=["distance_m"])):
        (place / "checkpoint.pt").write_bytes(b"")
    with opened(place, _config(only=["yaw_deg"], resume=True)):
        pass


@pytest.mark.parametrize("error", [BadOption("no"), OSError(errno.EIO, "no"), RuntimeError("no"), KeyboardInterrupt()])
def test_a_failed_start_leaves_nothing(error: BaseException, tmp_path: Path) -> None:
    place = tmp_path / "new" / "run"
    with pytest.raises((BadOption, BadInput, RuntimeError, KeyboardInterrupt)):
        _ends(place, "patch.png", error)
    assert not list(tmp_path.iterdir())


def test_a_failure_after_the_first_result_keeps_it_and_says_how_to_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "run"
    with caplog.at_level("INFO"), pytest.raises(BadOption):
        _ends(place, "checkpoint.pt", BadOption("no"))
    assert f"out={place} resume=true" in caplog.text
    with opened(place, _config(resume=True, protocol={"iou": 0.6}, paper="a3")):
        pass
    with pytest.raises(BadOption, match="other options for seed"), opened(place, _config(resume=True, seed=3)):
        pass
    assert (place / "checkpoint.pt").is_file()


def test_a_stop_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match=rf"plus out={tmp_path}/run resume=true$"):
        _ends(tmp_path / "run", "checkpoint.pt", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match=r"plus resume=true$"), opened(tmp_path / "own", _config(out="own")):
        _stopped(tmp_path / "own")


def test_a_dry_run_changes_nothing_in_a_run_that_it_looks_at(tmp_path: Path) -> None:
    with opened(tmp_path / "run", _config()):
        (tmp_path / "run" / "checkpoint.pt").write_bytes(b"")
    with opened(tmp_path / "run", _config(resume=True, dry_run=True, paper="a3")):
        pass
    assert "paper: a4" in (tmp_path / "run" / "config" / "config.yaml").read_text()


@pytest.mark.parametrize(
    "files", [["a.txt"], ["config/notes.txt"], ["config/config.yaml", "patch.png"], ["preview.png"]]
)
def test_a_folder_with_anything_else_in_it_is_refused_and_left_alone(files: list[str], tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert not untouched(tmp_path)
    with pytest.raises(BadOutput, match="exists"), opened(tmp_path, _config()):
        pass
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(files)


def test_an_empty_folder_is_taken_and_stays_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(BadOption), opened(tmp_path, _config()):
        raise BadOption("no")
    assert tmp_path.is_dir()
    assert untouched(tmp_path)


_HOLD = """
import sys; from pathlib import Path; from physadv.library.runs.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A folder in which another command works."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield tmp_path
        assert other.stdin is not None
        other.stdin.close()


def test_two_commands_never_have_one_folder(held: Path) -> None:
    with pytest.raises(BadOutput, match="another command is working"), locks.locked(held, wait_s=0.0):
        pass


def test_parts_of_a_grid_share_a_folder(tmp_path: Path) -> None:
    with locks.locked(tmp_path, shared=True), locks.locked(tmp_path, shared=True, wait_s=0.0):
        pass


def test_drafts_of_killed_processes_are_swept(tmp_path: Path) -> None:
    from physadv.library.files.atomic import sweep_drafts

    old, young = (tmp_path / "cells" / f".physadv-{name}.tmp" for name in ("old", "young"))
    old.parent.mkdir()
    for draft in (old, young):
        draft.touch()
    os.utime(old, times=(time.time() - 1e5,) * 2)
    sweep_drafts(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)
    with opened(tmp_path / "run", _config()):
        (tmp_path / "run" / "checkpoint.pt").touch()
    (tmp_path / "run" / ".physadv-0.tmp").touch()
    with opened(tmp_path / "run", _config(resume=True)):
        assert not (tmp_path / "run" / ".physadv-0.tmp").exists()


def test_a_failure_of_reading_is_not_told_as_one_of_writing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot open .*aaa…: File name too long"), opened(tmp_path / "r", _config()):
        open("/nowhere/" + "a" * 5000).close()
    with pytest.raises(BadOutput, match="cannot write to"), opened(tmp_path / "r", _config()):
        (tmp_path / "r" / "no" / "where").touch()


def _step(index: int, held_out: float | None = None) -> Step:
    return Step(index, 9, 1.0, 0.5, 0.1, {"goal": 1.0}, held_out=held_out)


def test_a_kill_before_the_checkpoint_loses_no_row(tmp_path: Path) -> None:
    log = CurveLog(tmp_path / "curves.csv")
    log.started(9, 0)
    for index in range(3):
        log.stepped(_step(index, 1.0))
    again = CurveLog(tmp_path / "curves.csv")  # the checkpoint holds two steps: the third is made again
    again.started(9, 2)
    again.stepped(_step(2, 1.0))
    assert [line.partition(",")[0] for line in (tmp_path / "curves.csv").read_text().splitlines()[1:]] == list("012")


def test_a_damaged_table_of_steps_is_named(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("step,loss\nx,1\n")
    with pytest.raises(BadInput, match="delete it to go on"):
        CurveLog(tmp_path / "curves.csv").started(9, 1)
