"""The commands, one row each: everything that help, completion, configuration and start know of one stands here.

A command is added with a row, a file for its target and a ``conf/NAME.yaml``. Importing this imports neither hydra nor
torch, nor the options' classes: rows name them, and they are loaded when they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from physadv.engines.studies.theories.table import STUDIES

_CONFIG = "physadv.app.config"
_PIPELINES = "physadv.app.pipelines"
_JUDGED = ("scenes", "eot", "ink", "victim", "goal")
_APART = ("judge.share", "judge.root", "judge.only_wearers")  # so that the same pictures are kept apart for judging


@dataclass(frozen=True)
class Command:
    """One row.

    The target of a command with options is called as ``target(config, registry, out)``; ``out`` is its run folder,
    opened for it, and it returns a number that a sweeper can minimise, or ``None``. Where it writes no run folder
    ``out`` is ``None``, and it returns the file that it wrote. That of a command without options is called as
    ``target(words)`` and returns the exit code.
    """

    words: str  # as typed: "calibrate eot"
    summary: str  # one line, for --help
    target: str  # module:function
    schema: str = ""  # module:dataclass of its options; empty: it has none, and reads its words itself
    groups: tuple[str, ...] = ()  # config groups from which it chooses parts
    kinds: tuple[tuple[str, str], ...] = ()  # (group, kind) where a group chooses among another kind than elsewhere
    presets: str = ""  # folder below conf/size and conf/experiment with its own: size=smoke is size=FOLDER/smoke
    inherits: tuple[str, ...] = ()  # groups, and single options, taken over from the run that made the patch
    writes_run_folder: bool = False
    only_json: bool = False  # takes --json and nothing else
    then: tuple[str, ...] = ()  # words that may follow, for completion
    takes_paths: bool = False  # a file or folder may follow as well
    family: str = ""  # words and summary of a row that stands for several in --help: "study NAME: a claim ..."

    @property
    def config_name(self) -> str:
        """Of ``conf/NAME.yaml`` and of its schema."""
        return self.words.replace(" ", "_")

    @property
    def options(self) -> type:
        """The dataclass of its options."""
        found: type = _resolved(self.schema)
        return found

    def load(self) -> Any:
        """Import the target."""
        return _resolved(self.target)


def _resolved(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


_STUDIES = (
    *(
        Command(
            f"study {row.name}", row.summary, target=f"{_PIPELINES}.study:study_command",
            schema=f"{_CONFIG}.study_options:StudyConfig", presets="study", writes_run_folder=True,
            family="study NAME: a claim of the lecture as an experiment",
        )
        for row in STUDIES.values()
    ),
    Command(
        "study all", "the companion of the lecture: every study in its order, on one page",
        target=f"{_PIPELINES}.study_all:study_all_command", schema=f"{_CONFIG}.study_options:StudyAllConfig",
        presets="study", writes_run_folder=True,
    ),
)  # fmt: skip

_ROWS = (
    Command(
        "generate", "optimise a patch, print it, judge it: the main job",
        target=f"{_PIPELINES}.generate:generate", schema=f"{_CONFIG}.schema:GenerateConfig",
        groups=("scenes", "patch", "victim", "defense", "goal", "attack"), writes_run_folder=True,
    ),
    Command(
        "evaluate", "judge a patch file against one or several victims, beside clean, grey and random controls",
        target=f"{_PIPELINES}.evaluate:evaluate_command", schema=f"{_CONFIG}.schema:EvaluateConfig",
        groups=("scenes", "victim", "defense", "goal"), writes_run_folder=True,
        inherits=(*_JUDGED, "protocol", "seed", *_APART, "judge.images", "judge.draws", "judge.quality"),
    ),
    Command(
        "grid", "robustness curves and maps: judge a patch at each distance, angle, blur, light, ... alone",
        target=f"{_PIPELINES}.grid:grid_command", schema=f"{_CONFIG}.schema:GridConfig",
        groups=("scenes", "victim", "defense", "goal"), writes_run_folder=True,
        inherits=(*_JUDGED, "protocol", "seed", *_APART),
    ),
    Command(
        "sheet", "make a print-ready PDF at true size from a patch",
        target=f"{_PIPELINES}.sheet:sheet_command", schema=f"{_CONFIG}.sheet_options:SheetConfig",
    ),
    Command(
        "calibrate colour", "measure what your printer and camera make of colours, from photos of the printed chart",
        target=f"{_PIPELINES}.calibrate_colour:calibrate_colour_command",
        schema=f"{_CONFIG}.calibrate_options:CalibrateColourConfig",
    ),
    Command(
        "calibrate camera", "measure the camera's focal length and distortion; print=true makes the board for it",
        target=f"{_PIPELINES}.calibrate_camera:calibrate_camera_command",
        schema=f"{_CONFIG}.calibrate_options:CalibrateCameraConfig",
    ),
    Command(
        "calibrate eot", "turn films of a printed board into a preset of conditions; hold forecasts against them",
        target=f"{_PIPELINES}.calibrate_eot:calibrate_eot",
        schema=f"{_CONFIG}.calibrate_eot_options:CalibrateEotConfig",
        groups=("scenes", "victim", "defense", "goal"), inherits=_JUDGED,
    ),
    Command(
        "eot preview", "see the conditions a patch is optimised under: draws, and each stage alone",
        target=f"{_PIPELINES}.eot_preview:eot_preview", schema=f"{_CONFIG}.schema:PreviewConfig",
        groups=("scenes", "victim"), writes_run_folder=True,
    ),
    Command(
        "study masking", "audit a defense: do attacks with gradients say the truth about it?",
        target=f"{_PIPELINES}.study_masking:study_masking",
        schema=f"{_CONFIG}.study_options:StudyMaskingConfig",
        groups=("scenes", "victim", "defense", "goal"), writes_run_folder=True,
    ),
    *_STUDIES,
    Command(
        "perturb", "attack pictures themselves, as the literature does: FGSM, PGD, one pixel, black boxes, ...",
        target=f"{_PIPELINES}.perturb:perturb", schema=f"{_CONFIG}.perturb_options:PerturbConfig",
        groups=("scenes", "victim", "defense", "goal", "attack"), kinds=(("attack", "perturbations"),),
        presets="perturb", writes_run_folder=True,
    ),
    Command(
        "drive", "closed loop: policies drive in a world, attacked in their pictures or by what hangs there",
        target=f"{_PIPELINES}.drive:drive", schema=f"{_CONFIG}.drive_options:DriveConfig",
        groups=("world", "policy", "victim", "defense", "goal", "patch", "attack"),
        kinds=(("attack", "perturbations"),),
        presets="drive", writes_run_folder=True,
    ),
    Command(
        "watch", "film a print and measure what it does: camera, stream, file or folder of images",
        target=f"{_PIPELINES}.watch:watch_command", schema=f"{_CONFIG}.watch_options:WatchConfig",
        groups=("world", "victim", "defense", "goal"), inherits=("ink", "victim", "goal"), writes_run_folder=True,
    ),
    Command(
        "report", "make the page of a run again, or one page for several: report compare RUN RUN",
        target=f"{_PIPELINES}.report:report_command", then=("compare",), takes_paths=True,
    ),
    Command(
        "train detector", "train a small detector: of traffic signs, people, or any classes of your photos",
        target=f"{_PIPELINES}.train_detector:train_command", schema=f"{_CONFIG}.schema:TrainDetectorConfig",
        presets="detector", writes_run_folder=True,
    ),
    Command(
        "train adversarial", "train a victim further, against patches that are optimised in the loop",
        target=f"{_PIPELINES}.train_adversarial:train_adversarial_command",
        schema=f"{_CONFIG}.schema:TrainAdversarialConfig", groups=("victim",), writes_run_folder=True,
    ),
    Command(
        "train policy", "train the small policy drive-nano: imitation of a teacher, then PPO",
        target=f"{_PIPELINES}.train_policy:train_policy_command",
        schema=f"{_CONFIG}.train_policy_options:TrainPolicyConfig", groups=("world",), writes_run_folder=True,
    ),
    Command(
        "train defense", "train a defense that finds patches: name=reconstruct or name=segment",
        target=f"{_PIPELINES}.train_defense:train_defense_command", schema=f"{_CONFIG}.schema:TrainDefenseConfig",
        writes_run_folder=True,
    ),
    Command(
        "plugins list", "list all parts that can be chosen, and who offers them (--json)",
        target=f"{_PIPELINES}.plugins_list:plugins_list", only_json=True,
    ),
    Command(
        "plugins info", "what a plugin offers, declares and costs: options, presets, permissions, seconds (--json)",
        target=f"{_PIPELINES}.plugins_info:plugins_info",
    ),
    Command(
        "plugins check", "hold a plugin to what its parts promise, and its needs to our tested versions (--json)",
        target=f"{_PIPELINES}.plugins_check:plugins_check",
    ),
    Command(
        "plugins new", "write a new plugin that works, with tests: plugins new acme-blur --kind defense",
        target=f"{_PIPELINES}.plugins_new:plugins_new", takes_paths=True,
    ),
    Command(
        "plugins bisect", "find the plugin that makes a command fail: plugins bisect -- generate size=smoke",
        target=f"{_PIPELINES}.plugins_bisect:plugins_bisect",
    ),
    Command(
        "completion", "make the shell complete commands, options and choices: completion bash|zsh|fish",
        target=f"{_PIPELINES}.completion:completion_command", then=("bash", "zsh", "fish"),
    ),
    Command(
        "doctor", "check whether this machine is ready (--json)",
        target=f"{_PIPELINES}.doctor:doctor", only_json=True,
    ),
)  # fmt: skip

COMMANDS = {row.words: row for row in _ROWS}
"""Words as typed → row, in the order of ``physadv --help``."""


def with_options() -> list[Command]:
    """Those that are configured with ``key=value``."""
    return [row for row in COMMANDS.values() if row.schema]
