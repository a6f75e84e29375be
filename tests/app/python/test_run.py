"""Commands inside somebody else's process."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, get_args, get_overloads, get_type_hints

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

import physadv
from physadv.app.commands import COMMANDS, Command
from physadv.app.config.store import PresetFolders
from physadv.app.python.results import Run
from physadv.app.python.written import Answer, Files
from physadv.core.errors import BadInput, PhysadvError
from physadv.core.types import PatchImage, Step
from physadv.library.files.patches import save_patch
from physadv.library.runs.progress import ProgressBar
from tests.running import physadv as physadv_typed


@pytest.fixture
def patch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A patch in the working directory."""
    monkeypatch.chdir(tmp_path)
    save_patch(PatchImage(torch.full((3, 4, 8), 0.4), torch.ones(1, 4, 8), 80.0), tmp_path / "mine")
    return tmp_path / "mine"


def state() -> dict[str, Any]:
    """What other code of the process would notice."""
    stored = json.dumps(ConfigStore.instance().repo, default=lambda node: str(id(node)))
    return {
        "hydra": GlobalHydra.instance().hydra, "config": HydraConfig.instance().cfg, "stored": stored,
        "presets": PresetFolders.folders, "resolvers": OmegaConf.has_resolver("hydra"),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "handlers": [*logging.getLogger().handlers, *logging.getLogger("physadv").handlers],
        "filters": [list(handler.filters) for handler in logging.getLogger().handlers],
        "levels": [logging.getLogger(name).level for name in (None, "physadv", "matplotlib")],
        "argv": list(sys.argv), "cwd": Path.cwd(), "environment": dict(os.environ),
        "streams": (sys.stdout, sys.stderr), "random": torch.get_rng_state().tolist(),
    }  # fmt: skip


@pytest.mark.slow
def test_a_command_writes_what_it_writes_and_leaves_the_process_as_it_was(patch: Path) -> None:
    physadv.run("sheet", patch=patch, out="first.pdf")
    before = state()
    made = physadv.run("sheet", "paper=a3", patch=patch, out=Path("own") / "sheet.pdf", progress=False)
    assert state() == before
    assert isinstance(made, Files)
    assert made.path == patch.parent / "own" / "sheet.pdf"
    assert [file.name for file in made.files] == ["sheet.pdf", "board.json"]
    assert "own/board.json" in made._repr_html_()


def test_a_failure_leaves_the_process_as_it_was(patch: Path) -> None:
    before = state()
    with pytest.raises(BadInput, match="no such patch"):
        physadv.run("sheet", patch="nowhere")
    assert state() == before


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: physadv.run("genrate"), "no command 'genrate'. Did you mean 'generate'"),
        (lambda: physadv.run("sheet", papr="a4"), "no option 'papr' in SheetConfig. Did you mean 'paper'"),
        (lambda: physadv.run("sheet", "-m", "paper=a3,a4"), "A sweep is a loop"),
        (lambda: physadv.run("sheet", "--cfg", "job"), "neither -m nor --cfg"),
        (lambda: physadv.run("report", "nowhere"), "no run folder 'nowhere'"),
    ],
)
def test_mistakes_are_errors_with_the_remedy(patch: Path, call: Any, told: str) -> None:
    with pytest.raises(PhysadvError, match=told):
        call()


@pytest.mark.slow
def test_hydra_of_the_caller_goes_on(patch: Path) -> None:
    (patch.parent / "theirs.yaml").write_text("answer: 42")
    with initialize_config_dir(str(patch.parent), version_base="1.3"):
        physadv.run("sheet", patch=patch, out="a.pdf")
        assert compose("theirs").answer == 42
    GlobalHydra.instance().clear()


@pytest.mark.slow
def test_threads_wait_for_one_another(patch: Path) -> None:
    made: list[Files] = []
    threads = [
        threading.Thread(target=lambda name=name: made.append(physadv.run("sheet", patch=patch, out=f"{name}.pdf")))
        for name in "abc"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.path.name for one in made) == ["a.pdf", "b.pdf", "c.pdf"]


def test_an_event_loop_may_run(patch: Path) -> None:
    async def cell() -> Files:
        return physadv.run("sheet", patch=patch)

    assert asyncio.run(cell()).path.name == "sheet.pdf"


def test_a_part_that_exits_ends_only_its_command(patch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Command, "load", lambda command: lambda config, registry, out: sys.exit(7))
    with pytest.raises(PhysadvError, match="wanted to end the process"):
        physadv.run("sheet", patch=patch)


def test_ctrl_c_stays_what_it_is(patch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(config: Any, registry: Any, out: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Command, "load", lambda command: stopped)
    before = state()
    with pytest.raises(KeyboardInterrupt):
        physadv.run("sheet", patch=patch)
    assert state() == before


def test_messages_go_to_the_handlers_that_are_there_without_passwords(
    patch: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def talkative(config: Any, registry: Any, out: Any) -> Path:
        logging.getLogger("physadv.toy").info("watching %s", "rtsp://me:secret@camera/1")
        return patch / "patch.png"

    monkeypatch.setattr(Command, "load", lambda command: talkative)
    physadv.run("sheet", patch=patch)
    assert "watching rtsp://me:***@camera/1" in caplog.text
    caplog.clear()
    physadv.run("sheet", patch=patch, progress=False)
    assert caplog.text == ""


def test_commands_that_write_nothing_answer() -> None:
    answer = physadv.run("plugins list", "--json")
    assert isinstance(answer, Answer)
    assert json.loads(answer.text)["parts"]
    assert "usage: physadv report" in physadv.run("report", "--help").text


def test_the_types_of_results_are_told_for_every_command() -> None:
    typed = [get_args(get_type_hints(one)["command"]) for one in get_overloads(physadv.run)]
    assert sorted(words for some in typed for words in some) == sorted(COMMANDS)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, physadv; sys.exit(bool({'torch', 'hydra', 'omegaconf', 'numpy', 'pluggy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"run", "load"} <= set(dir(physadv))
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        _ = physadv.walk  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_run_that_made_nothing_says_so(patch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Command, "load", lambda command: lambda config, registry, out: 1.0)
    run = physadv.run("generate", size="smoke", dry_run=True, out="dry")
    assert isinstance(run, Run)
    assert run.folder == patch.parent / "dry"
    assert "was a dry run" in repr(run)


@pytest.mark.slow  # optimises twice, and judges
def test_a_run_is_that_of_the_command_line_also_after_a_stop(patch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"size": "smoke", "judge": {"images": 2, "quality": "fast"}, "attack.check_every": 1}
    typed = ["size=smoke", "judge.images=2", "judge.quality=fast", "attack.check_every=1"]
    told = physadv_typed("generate", *typed, "out=typed", "progress=false", cwd=patch.parent)
    assert told.returncode == 0, told.stderr

    def stopped(bar: ProgressBar, step: Step) -> None:
        if step.index == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(ProgressBar, "stepped", stopped)
        with pytest.raises(KeyboardInterrupt, match="resume=true"):
            physadv.run("generate", small, out="called")
    run = physadv.run("generate", small, out="called", resume=True, progress=False)
    same = physadv.load("typed")
    assert run.record.patch_digest == same.record.patch_digest
    assert run.scores == same.scores
    assert run.report.is_file()
    assert "The patch hides" in run._repr_html_()
