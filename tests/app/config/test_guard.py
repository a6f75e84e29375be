"""A preset holds choices and numbers of physadv; it names no code, and reads nothing of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.registry import Registry
from physadv.core.errors import BadOption

REFUSED = {
    "callbacks": ("hydra: {callbacks: {x: {_target_: os.system, command: id}}}", "hydra.callbacks"),
    "job_logging": ("hydra: {job_logging: {version: 1, root: {level: INFO}}}", "hydra.job_logging"),
    "hydra_logging": ("hydra: {hydra_logging: {version: 1, root: {level: INFO}}}", "hydra.hydra_logging"),
    "environment": ("hydra: {job: {env_set: {LD_PRELOAD: x.so}}}", "hydra.job.env_set"),
    "chdir": ("hydra: {job: {chdir: true}}", "hydra.job.chdir"),
    "output": ("hydra: {output_subdir: x}", "hydra.output_subdir"),
    "run folder": ("hydra: {run: {dir: /tmp/x}}", "hydra.run"),
    "sweep folder": ("hydra: {sweep: {dir: /tmp/x}}", "hydra.sweep.dir"),
    "launcher's class": ("hydra: {launcher: {_target_: os.system}}", "hydra.launcher._target_"),
    "sweeper's class": ("hydra: {sweeper: {_target_: os.system}}", "hydra.sweeper._target_"),
    "sweeper's values": ("hydra: {sweeper: {params: {eot: 'a,b'}}}", "hydra.sweeper.params"),
    "mode": ("hydra: {mode: MULTIRUN}", "hydra.mode"),
    "defaults": ("defaults: [{override /hydra/job_logging: default}]", "hydra.job_logging"),
    "own launcher": ("defaults: [{override /hydra/launcher: mine}]", "hydra.launcher._target_"),
    "variable": ("name: '${oc.env:HOME}'", "sets name to"),
    "nested variable": ("victims: [{part: onnx, path: 'http://x/${oc.env:HOME}'}]", r"sets victims\[0\].path to"),
    "variable of a resolver": ("name: '${${device}:HOME}'", "sets name to"),
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


@pytest.mark.slow
@pytest.mark.parametrize("case", list(REFUSED))
def test_a_preset_may_not_touch_what_runs(case: str, registry: Registry, tmp_path: Path) -> None:
    text, key = REFUSED[case]
    (tmp_path / "eot").mkdir()
    (tmp_path / "eot" / "mine.yaml").write_text(f"# @package _global_\n{text}\n")
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "mine.yaml").write_text("_target_: os.system\n")
    with pytest.raises(BadOption, match=key):
        Composer(COMMANDS["generate"], registry, presets=str(tmp_path)).prepared(["eot=mine"])


def test_a_second_choice_of_a_sweep_is_looked_at_too(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "size").mkdir()
    (tmp_path / "size" / "evil.yaml").write_text(
        "# @package _global_\nhydra: {callbacks: {x: {_target_: os.system}}}\n"
    )
    with pytest.raises(BadOption, match=r"hydra\.callbacks"):
        Composer(COMMANDS["generate"], registry, presets=str(tmp_path), sweep=True).prepared(["size=smoke,evil"])


def test_a_preset_cannot_stand_in_for_a_schema(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "sign-nano.yaml").write_text("anything: 1\n")
    with pytest.raises(BadOption, match="stands in the way of victim=sign-nano"):
        Composer(COMMANDS["generate"], registry, presets=str(tmp_path)).prepared(["seed=1"])


@pytest.mark.parametrize("text", ["", "hello", "jitter: {yaw_deg: [0, 1]}\n"])
def test_a_preset_that_builds_on_none_is_told_how(text: str, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "eot").mkdir()
    (tmp_path / "eot" / "mine.yaml").write_text(text)
    with pytest.raises(BadOption, match=r"Begin eot/mine\.yaml with 'defaults: \[schema, _self_\]'"):
        Composer(COMMANDS["generate"], registry, presets=str(tmp_path)).prepared(["eot=mine"])


@pytest.mark.parametrize("content", [b"x: [", b"\xff\xfe", b"defaults: 5\n"])
def test_a_preset_that_cannot_be_read_is_one_line(content: bytes, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "eot").mkdir()
    (tmp_path / "eot" / "mine.yaml").write_bytes(content)
    with pytest.raises(BadOption, match="a preset cannot be read: ") as said:
        Composer(COMMANDS["generate"], registry, presets=str(tmp_path)).prepared(["eot=mine"])
    assert "\n" not in str(said.value)


def test_presets_may_choose_a_launcher_and_set_its_options(registry: Registry, tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs the extra sweep")
    (tmp_path / "size").mkdir()
    preset = "# @package _global_\ndefaults: [{override /hydra/launcher: joblib}]\nhydra: {launcher: {n_jobs: 2}}\n"
    (tmp_path / "size" / "shared.yaml").write_text(preset + "name: '${device}-run'\n")
    composer = Composer(COMMANDS["generate"], registry, presets=str(tmp_path))
    assert composer.composed(composer.prepared(["size=shared"])).name == "auto-run"


def test_a_preset_for_a_patch_does_not_go_round_its_run(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "protocol").mkdir()
    (tmp_path / "protocol" / "mine.yaml").write_text("# @package _global_\npatch: runs/x\n")
    with pytest.raises(BadOption, match="a preset sets patch=runs/x"):
        Composer(COMMANDS["evaluate"], registry, presets=str(tmp_path)).prepared(["protocol=mine"])
