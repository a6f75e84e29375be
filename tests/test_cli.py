"""The command line answers fast, says what was mistyped, and never shows a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, Done, physadv


def started(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """What the command answers in a new process, as a user starts it."""
    return subprocess.run(
        [sys.executable, "-m", "physadv.cli", *args], cwd=cwd or ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, **(env or {})},
    )  # fmt: skip


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["generate", "--help"],
        ["evaluate", "--help"],
        ["calibrate", "colour", "--help"],
        ["completion", "bash"],
        ["help", "calibrate", "eot"],
        ["plugins", "list"],
        ["plugins", "list", "--json"],
    ],
)
def test_help_and_lists_never_import_torch(args: list[str]) -> None:
    code = (
        "import sys\nfrom physadv.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'torchvision', 'cv2', 'kornia', 'onnx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_top_help_does_not_even_import_hydra() -> None:
    code = "import sys; from physadv.cli import main; main(['--help']); sys.exit('hydra' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode == 0


MISTYPED = {
    "command": (["generat"], "Did you mean 'generate'"),
    "choice": (["generate", "victim=sign-nani"], "Did you mean victim=sign-nano"),
    "option of a part": (
        ["generate", "patch.widht_mm=3"],
        "'patch.widht_mm' in RasterConfig. Did you mean 'patch.width_mm'",
    ),
    "option of a command": (["generate", "sede=3"], "'sede' in GenerateConfig. Did you mean 'seed'"),
    "option of another part": (["generate", "victim.path=x"], "'victim.path' in SignNanoConfig"),
    "type": (["generate", "seed=two"], "'seed' of GenerateConfig: Value 'two'"),
    "sweep without -m": (["generate", "seed=1,2"], "add -m to run them all"),
    "not an option": (["generate", "help"], "key=value"),
    "experiment": (["generate", "experiment=stop_sign_altr"], "Did you mean experiment=stop_sign_alter"),
    "experiment in help": (
        ["generate", "experiment=stop_sign_altr", "--help"],
        "Did you mean experiment=stop_sign_alt",
    ),
    "flag": (["generate", "--frob"], "there is no flag '--frob'"),
    "flag's value": (["generate", "--cfg", "frob"], "--cfg shows one of job"),
    "flag without its value": (["generate", "--config-dir"], "--config-dir needs a value"),
    "flag of Hydra": (["generate", "--info", "x"], "there is no flag --info"),
    "folder of presets": (["generate", "--config-dir", "/nonexistent"], "there is no such folder"),
    "configuration": (["generate", "--config-name", "nope"], "there is no flag --config-name"),
    "rerun": (["generate", "--experimental-rerun", "x"], "there is no flag '--experimental-rerun'"),
    "text with an equals sign": (["generate", "scenes=coco", "scenes.root=x=y"], "no such folder: 'x=y'"),
    "text with underscores": (["generate", "scenes=coco", "scenes.root=2024_01"], "no such folder: '2024_01'"),
    "added": (["generate", "+colour=red"], "Leave out the '+'"),
    "list flag": (["plugins", "list", "--jsn"], "takes only --json"),
    "evaluate without a patch": (["evaluate"], "patch="),
    "device": (["generate", "device=cudda", "size=smoke"], "device=cudda cannot be used here"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(MISTYPED))
def test_what_was_mistyped_is_named_in_one_line(case: str, tmp_path: Path) -> None:
    args, hint = MISTYPED[case]
    done = physadv(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


A_FEW = [
    "generate victim=sign-nani",
    "calibrate eot",
    "report",
    "completion ksh",
    "doctor frob",
    "plugins list --jsn",
]
OTHERS = [
    "evaluate", "grid", "sheet", "watch", "eot preview draws=0", "train detector sede=1", "train defense name=segmint",
    "calibrate colour", "calibrate camera",
]  # fmt: skip
STARTED = [*A_FEW, *(pytest.param(line, marks=pytest.mark.exhaustive) for line in OTHERS)]
"""Of each way from the words to the command one, and the others where time does not matter."""


@pytest.mark.parametrize("line", STARTED)
def test_a_command_that_is_started_answers_as_in_this_process(line: str, tmp_path: Path) -> None:
    mine, done = (run(*line.split(), cwd=tmp_path) for run in (physadv, started))
    assert (done.returncode, done.stdout, done.stderr) == (mine.returncode, mine.stdout, mine.stderr)
    assert done.returncode == 2


@pytest.mark.slow
def test_a_typo_inside_an_experiment_file_names_the_schema(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nbudget: {stepps: 3}\n")
    done = physadv("generate", "--config-dir", str(tmp_path), "experiment=mine", cwd=tmp_path)
    assert done.returncode == 2
    assert "'budget.stepps' in BudgetConfig. Did you mean 'budget.steps'" in done.stderr


@pytest.mark.slow
def test_the_configuration_can_be_shown_without_running(tmp_path: Path) -> None:
    done = physadv("generate", "--cfg", "job", "seed=7", cwd=tmp_path)
    assert done.returncode == 0
    assert "seed: 7" in done.stdout
    assert not list(tmp_path.iterdir())


def test_plugins_list_names_every_part_in_json() -> None:
    listed = json.loads(physadv("plugins", "list", "--json").stdout)
    names = {row["name"] for row in listed["parts"]}
    assert {"road", "coco", "folder", "raster", "sign-nano", "onnx", "opencv-dnn", "hide", "alter", "conjure"} <= names
    assert {"eot-adam", "eot-pgd", "tv", "nps", "proof"} <= names


def test_a_plugin_from_the_environment_can_be_chosen() -> None:
    env = {"PHYSADV_PLUGINS": "physadv_halo", "PYTHONPATH": str(ROOT / "plugins" / "physadv-halo")}
    done = started("generate", "--cfg", "job", "patch=example/halo", "patch.rings=6", env=env)
    assert done.returncode == 0, done.stderr
    assert "rings: 6" in done.stdout


@pytest.mark.slow
def test_a_broken_plugin_is_reported_and_the_rest_goes_on() -> None:
    done = physadv("generate", "--cfg", "job", env={"PHYSADV_PLUGINS": "no_such_plugin"})
    assert done.returncode == 0
    assert "no_such_plugin" in done.stderr
    assert "PHYSADV_BLOCK=no_such_plugin" in done.stderr


def test_doctor_says_whether_the_machine_is_ready() -> None:
    done = started("doctor", "--json")
    assert json.loads(done.stdout)["ready"] is (done.returncode == 0)
