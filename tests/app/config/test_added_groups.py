"""A plugin's own config group is chosen as any other: typed, in experiments, in sweeps, in processes of launchers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from physadv.app.commands import COMMANDS
from physadv.app.config.completion import options_of
from physadv.app.config.compose import Composer
from physadv.app.config.help import text
from physadv.app.registry import Registry
from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption
from tests.running import ROOT

MODULE = """
from dataclasses import dataclass
from pathlib import Path

from physadv.api import Entry, hookimpl


@dataclass
class StepConfig:
    steps: int = 8


def build(config):
    from physadv.api import build

    return build("perturbations", "pgd", steps=config.steps)


@hookimpl
def physadv_perturbations():
    return [Entry("acme/step", StepConfig, build, "another's attack with fewer steps")]


@hookimpl
def physadv_config_dirs():
    return [str(Path(__file__).parent / "acme_conf")]
"""
HEAD = "# @package _global_\n# A story.\n# physadv perturb acme=night\n"
FILES = {
    "acme/night.yaml": HEAD + "eps: 1/255\nname: night\n",
    "acme/day.yaml": HEAD + "eps: 2/255\nname: day\n",
    "acme/nowhere.yaml": "name: nowhere\n",
    "experiment/perturb/acme_step.yaml": HEAD + "defaults:\n  - /acme: night\n  - override /victim: digits\n"
                                                "  - override /scenes: digits\n  - override /attack: acme/step\n"
                                                "attack: {steps: 2}\nseed: 5\n",
    "experiment/perturb/acme_nowhere.yaml": HEAD + "defaults:\n  - /acme: nowhere\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a plugin with a part, an experiment and a group."""
    place = tmp_path_factory.mktemp("acme")
    (place / "acme_added.py").write_text(MODULE)
    for name, content in FILES.items():
        (place / "acme_conf" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "acme_conf" / name).write_text(content)
    return place


@pytest.fixture(scope="module")
def registry(place: Path) -> Iterator[Registry]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        patch.setenv("PHYSADV_PLUGINS", "acme_added")
        yield Registry(discover=False)


@pytest.fixture(scope="module")
def composer(registry: Registry) -> Composer:
    return Composer(COMMANDS["perturb"], registry, sweep=True)


@pytest.mark.parametrize(
    ("typed", "name", "eps"),
    [
        (["acme=night"], "night", "1/255"),
        (["acme=null"], "perturb", "None"),
        (["acme=night", "eps=0.5"], "night", "0.5"),
        (["experiment=perturb/acme_step"], "night", "1/255"),
        (["experiment=perturb/acme_step", "acme=day"], "day", "2/255"),
        (["experiment=perturb/acme_step", "acme=null"], "perturb", "None"),
    ],
)
def test_a_choice_changes_the_options_it_names(composer: Composer, typed: list[str], name: str, eps: str) -> None:
    made = composer.composed(composer.prepared(typed))
    assert (made.name, str(made.eps)) == (name, eps)
    if len(typed[0].split("/")) > 1:
        assert (made.seed, made.attack.steps) == (5, 2)


def test_it_is_in_help_and_completion_and_can_be_swept(composer: Composer, registry: Registry) -> None:
    assert "  acme=null | day | night | nowhere" in text(composer, [])
    assert "  acme=night | day | nowhere" in text(composer, ["acme=night"])
    assert options_of(COMMANDS["perturb"], registry)["acme"] == ("day", "night", "nowhere")
    assert composer.prepared(["acme=night,day"]) == ["+acme=night,day"]


def test_a_part_that_wraps_another_builds_it_by_name(registry: Registry) -> None:
    attack = registry.build("perturbations", "acme/step", registry.entry("perturbations", "acme/step").config())
    assert attack.needs is AccessLevel.gradients


@pytest.mark.parametrize(("typed", "said"), [
    ("acme=nigth", "there is no acme named 'nigth'. Did you mean acme=night?"),
    ("acme=nowhere", "Begin acme/nowhere.yaml with the line '# @package _global_'"),
    ("acne=night", "Did you mean 'acme'?"),
    ("acme.eps=1", "acme chooses a preset and has no options of its own"),
    ("experiment=perturb/acme_nowhere", "the preset acme=NAME says not where its options belong"),
])  # fmt: skip
def test_a_choice_that_cannot_be_is_one_line(composer: Composer, typed: str, said: str) -> None:
    with pytest.raises(BadOption) as refused:
        composer.prepared([typed])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_command_without_its_options_refuses_it(registry: Registry) -> None:
    with pytest.raises(BadOption, match=r"acme=night sets 'eps', which physadv sheet does not have"):
        Composer(COMMANDS["sheet"], registry).prepared(["acme=night"])


@pytest.mark.slow
@pytest.mark.parametrize(("launcher", "names"), [("joblib", ["night", "day"]), ("submitit_local", ["day"])])
def test_fresh_processes_of_launchers_find_parts_experiments_and_groups(
    place: Path, tmp_path: Path, launcher: str, names: list[str]
) -> None:
    package = launcher.partition("_")[0]
    pytest.importorskip(f"hydra_plugins.hydra_{package}_launcher", reason=f"pip install hydra-{package}-launcher")
    words = ["perturb", "-m", "experiment=acme_step", f"acme={','.join(names)}", f"hydra/launcher={launcher}",
             "images=2", "dry_run=true", "out=made"]  # fmt: skip
    env = {"PHYSADV_PLUGINS": "acme_added", "PYTHONPATH": f"{place}:{ROOT}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "physadv.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    jobs = [tmp_path / "made" / str(job) / "config" / "config.yaml" for job in range(len(names))]
    notes = [yaml.safe_load(file.read_text()) for file in jobs]
    assert [note["name"] for note in notes] == names
    assert {(note["seed"], note["attack"]["steps"]) for note in notes} == {(5, 2)}
