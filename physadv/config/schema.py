"""The options that belong to a command rather than to a part. A field is an option, its default the default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.config.train_options import TrainConfig
from physadv.ensemble import Ensemble


@dataclass
class BudgetConfig:
    steps: int = 200  # optimisation steps
    batch: int = 4  # images a step
    draws: int = 2  # sampled conditions for each of them
    held_out: int = 8  # images whose fixed draws select the best patch


@dataclass
class JudgeConfig:
    images: int = 96  # images to judge on, at most; 0: all there are
    batch: int = 8  # images at a time
    draws: int = 1  # sampled conditions for each image
    share: float = 0.3  # share of a finite photo set kept for judging, never optimised on; 0: judge on the same photos
    root: str = ""  # another photo set to judge on, in the format of scenes.root; then nothing is split off
    quality: str = "high"  # rendering quality while judging


@dataclass
class RunConfig:
    """What every run has."""

    seed: int = 0  # one integer makes every random number
    device: str = "auto"  # auto, cpu, cuda, cuda:1, mps
    out: str = ""  # run folder; empty: runs/<date>-<command>
    resume: bool = False  # go on in an existing run folder
    dry_run: bool = False  # build all parts and render one batch, then stop
    progress: bool = True  # progress bars on the terminal
    strict: bool = False  # a broken plugin stops the run


@dataclass
class GenerateConfig(RunConfig):
    name: str = "sticker"  # of the story, for folder and report
    scenes: Any = field(default_factory=dict)
    patch: Any = field(default_factory=dict)
    eot: Any = field(default_factory=dict)
    ink: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    victims: list[Any] = field(default_factory=list)  # several: part names, ONNX paths, {part: ..., weight: 2, ...}
    ensemble: Ensemble = Ensemble.weighted  # of several: weighted (mean loss), worst (largest), rotate (one a step)
    goal: Any = field(default_factory=dict)
    attack: Any = field(default_factory=dict)
    penalties: Any = field(default_factory=dict)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    paper: str = "a4"  # of the print sheet: a4, letter, a3 or WIDTHxHEIGHT in mm


@dataclass
class EvaluateConfig(RunConfig):
    name: str = "evaluation"  # of the story, for folder and report
    patch: str = ""  # run folder, patch.safetensors, or any image
    width_mm: float = 0.0  # width of the patch; 0: as stored in the file
    scenes: Any = field(default_factory=dict)
    eot: Any = field(default_factory=dict)
    ink: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    victims: list[Any] = field(default_factory=list)  # several: part names, ONNX paths, or {part: ..., option: ...}
    goal: Any = field(default_factory=dict)
    judge: JudgeConfig = field(default_factory=lambda: JudgeConfig(share=0.0))


@dataclass
class PreviewConfig(RunConfig):
    name: str = "eot-preview"  # of the folder
    patch: str = ""  # run folder, patch.safetensors, or any image; empty: a test card of colours and lines
    width_mm: float = 0.0  # width of the patch; 0: as stored in the file, 500 for the test card
    draws: int = 24  # sampled conditions on the sheet
    distances_m: list[float] = field(default_factory=lambda: [5.0, 10.0, 20.0, 40.0])  # columns of the stages' picture
    scenes: Any = field(default_factory=dict)
    eot: Any = field(default_factory=dict)
    ink: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)  # only asked where bare photos do not say what is on them


@dataclass
class TrainDetectorConfig(RunConfig):
    name: str = "sign-nano"  # of the weights file
    train: TrainConfig = field(default_factory=TrainConfig)
