"""A new plugin of any kind passes its own tests as it was written, and cannot be written over anything."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from physadv.app.plugin_care.scaffold import PLUGIN_KINDS, PluginName, kind_called, written
from physadv.app.registry import Registry
from physadv.core.errors import BadOption, BadOutput, IncompatibleParts
from physadv.core.hookspecs import KINDS
from physadv.core.problem.norm import Norm
from physadv.engines.perturbing.probe import refusal
from tests.running import physadv


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a package of every kind."""
    place = tmp_path_factory.mktemp("plugins")
    for word, kind in PLUGIN_KINDS.items():
        written(PluginName(f"acme-{word}x"), kind, place)
    return place


def test_every_kind_of_part_and_observers_can_be_made() -> None:
    assert {kind.plural for kind in PLUGIN_KINDS.values()} == {kind.plural for kind in KINDS} | {"observers"}


@pytest.mark.parametrize("word", PLUGIN_KINDS)
def test_a_new_package_passes_its_own_tests(word: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / f"acme-{word}x"
    monkeypatch.syspath_prepend(str(place))
    spec = importlib.util.spec_from_file_location(f"new_{word}", place / "tests" / f"test_acme_{word}x.py")
    assert spec is not None
    assert spec.loader is not None
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    ran = [test() for name, test in vars(tests).items() if name.startswith("test_")]
    assert len(ran) == (2 if word == "observer" else 3)


def test_its_parts_and_presets_are_found_without_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [f"acme_{word}x" for word in PLUGIN_KINDS]
    paths = ":".join(str(folder / f"acme-{word}x") for word in PLUGIN_KINDS)
    text = (
        "import sys; from physadv.app.registry import Registry; r = Registry(strict=True, discover=False);"
        "print(sum(len(one.parts) for one in r.records), 'torch' in sys.modules)"
    )
    env = {"PHYSADV_PLUGINS": ",".join(modules), "PYTHONPATH": paths, "PATH": ""}
    done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(len(KINDS)), "False"], done.stderr
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for word in PLUGIN_KINDS:
        monkeypatch.syspath_prepend(str(folder / f"acme-{word}x"))
    for place in Registry(strict=True, discover=False).config_dirs():
        for preset in Path(place).rglob("*.yaml"):
            first, says, runs = preset.read_text().splitlines()[:3]
            assert first == "# @package _global_"
            assert says.startswith("# ")
            assert runs.startswith("# physadv ")
            yaml.safe_load(preset.read_text())


def test_a_preset_of_a_new_package_is_composed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder / "acme-defensex"))
    done = physadv("generate", "experiment=acme_defensex", "--cfg", "job", env={"PHYSADV_PLUGINS": "acme_defensex"})
    assert "side_px: 3" in done.stdout, done.stderr


def test_a_new_attack_on_images_is_probed_through_its_guard(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder / "acme-perturbationx"))
    monkeypatch.setenv("PHYSADV_PLUGINS", "acme_perturbationx")
    registry = Registry(strict=True, discover=False)
    name = "acme/perturbationx"
    attack = registry.build("perturbations", name, registry.entry("perturbations", name).config())
    assert refusal(attack, Norm.linf, 0.1) is None
    assert isinstance(refusal(attack, Norm.l2, 0.1), IncompatibleParts)


def test_the_command_says_what_comes_next(tmp_path: Path) -> None:
    done = physadv("plugins", "new", "acme-blurry", "--kind", "defense", cwd=tmp_path)
    assert (done.returncode, "physadv plugins check acme-blurry" in done.stdout) == (0, True)
    told = json.loads(physadv("plugins", "new", "acme-ring", "--kind=patches", "--json", cwd=tmp_path).stdout)
    assert told["part"] == "acme/ring"
    assert all((tmp_path / told["folder"] / file).is_file() for file in told["files"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme-blurry", "acme-ring"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["acme-x", "--kind", "defence"], "no kind named 'defence'. Did you mean 'defense'?"),
        (["acme-x"], "needs --kind"),
        (["acme-x", "--kind"], "--kind needs a value"),
        (["--kind", "goal"], "takes one NAME"),
        (["Acme X", "--kind", "goal"], "is not a name for a package"),
        (["../acme", "--kind", "goal"], "is not a name for a package"),
        (["acme-", "--kind", "goal"], "is not a name for a package"),
        (["class", "--kind", "goal"], "is a name of Python"),
        (["torch", "--kind", "goal"], "installed already"),
        (["acme-x", "--knd", "goal"], "Did you mean '--kind'?"),
        (["taken", "--kind", "goal"], "exists already"),
    ],
)
def test_bad_words_are_refused_in_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    done = physadv("plugins", "new", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOutput, match="cannot be written"):
        written(PluginName("acme-x"), kind_called("goal"), tmp_path / "file")


def test_names_follow_from_the_package_s() -> None:
    name = PluginName("physadv-acme-soft-blur")
    assert (name.module, name.part, name.of_class) == (
        "physadv_acme_soft_blur",
        "acme/soft-blur",
        "PhysadvAcmeSoftBlur",
    )
    with pytest.raises(BadOption, match="is a name of Python"):
        PluginName("json")
