"""A key press completes commands, options and choices without starting a program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.completion import completion, options_of
from physadv.app.registry import Registry
from physadv.core.errors import BadOption

COMPLETED = {
    "physadv ev": ["evaluate "],
    "physadv calibrate ": ["colour ", "camera ", "eot "],
    "physadv calibrate eot ru": ["runs="],
    "physadv help shee": ["sheet "],
    "physadv generate victim.pat": ["victim.path="],
    "physadv generate seed=1 victim=sign": ["sign-nano ", "sign-nano-robust "],
    "physadv generate experiment=stop_sign_h": ["stop_sign_hide "],
    "physadv generate resume=": ["true ", "false "],
    "physadv generate ensemble=w": ["weighted ", "worst "],
    "physadv generate penalties.tv.w": ["penalties.tv.weight="],
    "physadv evaluate patch=pat": ["patch one.png", "patch two.png"],
    "physadv watch --conf": ["--config-dir "],
    "physadv report pat": ["patch one.png", "patch two.png"],
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_what_was_begun(registry: Registry, tmp_path: Path) -> None:
    for name in ("patch one.png", "patch two.png"):
        (tmp_path / name).touch()
    asks = "\n".join(
        f'COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; _physadv; printf "%s|" "${{COMPREPLY[@]}}"; echo'
        for line in COMPLETED
    )
    script = completion("bash", registry) + asks
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [sorted(line.split("|")[:-1]) for line in done.stdout.splitlines()]
    assert found == [sorted(words) for words in COMPLETED.values()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_every_command_and_part(shell: str, registry: Registry) -> None:
    script = completion(shell, registry)
    assert all(command.split()[-1] in script for command in COMMANDS)
    assert all(offered.entry.name in script for kind in ("victims", "attacks") for offered in registry.offered(kind))


def test_options_are_those_of_the_schema(registry: Registry) -> None:
    options = options_of(COMMANDS["generate"], registry)
    assert options["resume"] == ("true", "false")
    assert {"seed", "scenes.root", "victim.path", "eot.light.exposure_ev", "size", "judge.images"} <= options.keys()
    assert "scenes.root" not in options_of(COMMANDS["sheet"], registry)


def test_another_shell_is_refused(registry: Registry) -> None:
    with pytest.raises(BadOption, match="bash, zsh, fish"):
        completion("ksh", registry)
