"""Runs the command: in the test's own process, or in one of its own where that is what is tested.

What starts afresh with every process is tested in test_cli; here a hundred commands would only wait for torch.
"""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from physadv.cli import main

ROOT = Path(__file__).resolve().parents[1]
LOADED = ["torch._dynamo", "torchvision", "hydra", "physadv.cli", "physadv.app.pipelines.generate",
          "physadv.app.pipelines.evaluate", "physadv.parts.victims.sign_nano", "physadv.app.config.store"]  # fmt: skip

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
if _FORKS:
    PROCESSES.set_forkserver_preload(LOADED)

Done = subprocess.CompletedProcess[str]


def physadv(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """What the command answers in this process, which is afterwards as it was.

    ``env`` is added to the environment. Modules that the command imports stay imported: plugins of a test's own, and
    what changes ``PYTHONPATH``, need :func:`forked`.
    """
    assert "PYTHONPATH" not in (env or {}), "modules of a test's own need a process of their own: use forked()"
    out, err = _stream("strict"), _stream("backslashreplace")
    with ExitStack() as stack:
        for keeper in (_process(cwd or ROOT, env or {}), _logging(), _hydra(), _random(), warnings.catch_warnings()):
            stack.enter_context(keeper)
        warnings.resetwarnings()  # those of tests are errors
        warnings.simplefilter("ignore", DeprecationWarning)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(args)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(args, code, _text(out), _text(err))


def forked(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """What the command answers in a process of its own, forked from one that has torch imported already."""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("out", "err")]
        process = PROCESSES.Process(target=_main, args=(args, str(cwd or ROOT), env or {}, *map(str, files)))
        process.start()
        process.join()
        out, err = (file.read_text() for file in files)
        code = process.exitcode
        process.close()
    assert code is not None
    return subprocess.CompletedProcess(args, code, out, err)


def _main(args: tuple[str, ...], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115 - until the end
    os.environ.update(env)
    sys.path[:0] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.chdir(cwd)
    sys.exit(main(args))


def _stream(errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors, write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@contextmanager
def _process(cwd: Path, env: dict[str, str]) -> Iterator[None]:
    """Folder, environment, arguments and module path."""
    with pytest.MonkeyPatch.context() as patch:
        before = dict(os.environ)
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["physadv"])
        patch.setattr(sys, "path", list(sys.path))
        os.environ.update(env)
        try:
            yield
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)


@contextmanager
def _logging() -> Iterator[None]:
    """Handlers and levels: the command makes its own, and closes those that are there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in root.manager.loggerDict}
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


@contextmanager
def _hydra() -> Iterator[None]:
    """What Hydra keeps for the process: it runs one command at a time, with that command's parts and presets."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins

    from physadv.app.config.store import PresetFolders

    Plugins.instance()  # what Hydra's own plugins store comes once for a process
    store = ConfigStore.instance()
    offered, folders = dict(store.repo), PresetFolders.folders
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().clear()
        store.repo, PresetFolders.folders = offered, folders


@contextmanager
def _random() -> Iterator[None]:
    """The global generator, from which training draws weights."""
    import torch

    before = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(before)
