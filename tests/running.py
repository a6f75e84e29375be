"""Runs the command in a process of its own, forked from one that has imported what takes seconds to import.

What starts afresh with every process is tested in test_cli; here a hundred commands would only wait for torch.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOADED = ["torch._dynamo", "torchvision", "hydra", "physadv.cli", "physadv.app.pipelines.generate",
          "physadv.app.pipelines.evaluate", "physadv.parts.victims.sign_nano", "physadv.app.config.store"]  # fmt: skip

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
if _FORKS:
    PROCESSES.set_forkserver_preload(LOADED)


def physadv(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What the command answers when a user types it."""
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
    from physadv.cli import main

    sys.exit(main(args))
