"""The options that belong to a command rather than to a part. A field is an option, its default the default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.core.clip import ClipConfig
from physadv.core.problem.ensemble import Ensemble
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.training.adversarial_options import AdversarialTraining
from physadv.engines.training.defense_options import DefenseTraining
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.robust_options import RobustTraining
from physadv.parts.transfer.options import TransferConfig


@dataclass
class BudgetConfig:
    steps: int = 200  # optimisation steps
    batch: int = 4  # images a step
    draws: int = 2  # sampled conditions for each of them
    held_out: int = 8  # images whose fixed draws select the best patch


@dataclass
class JudgeConfig:
    images: int = 96  # images to judge on, at most, those in which something wears the patch first; 0: all there are
    only_wearers: bool = False  # leave out photos in which nothing wears the patch
    batch: int = 8  # images at a time
    draws: int = 1  # sampled conditions for each image
    share: float = 0.3  # share of a finite photo set kept for judging, never optimised on; 0: judge on the same photos
    root: str = ""  # another photo set to judge on, in the format of scenes.root; then nothing is split off
    quality: str = "high"  # rendering quality while judging
    cache: str = "auto"  # folder of clean detections that runs share; auto: beside the run folder; empty: none


@dataclass
class RunConfig:
    """Options that every run has."""

    seed: int = 0  # one integer makes every random number
    device: str = "auto"  # auto, cpu, cuda, cuda:1, mps
    out: str = ""  # run folder; empty: runs/<date>-<command>
    resume: bool = False  # go on in an existing run folder
    dry_run: bool = False  # build all parts, render one batch, tell the cost, then stop; a run may take the folder over
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
    ensemble: Ensemble = Ensemble.weighted  # of several: weighted (mean loss), worst (largest), rotate, balanced
    transfer: TransferConfig = field(default_factory=TransferConfig)
    defense: Any = field(default_factory=dict)
    defenses: list[Any] = field(default_factory=list)  # several: part names, {part: ..., option: ...}, chains (a+b)
    evasion: float = 1.0  # weight of staying unnoticed by the defense, against the goal: lambda of an adaptive attack
    goal: Any = field(default_factory=dict)
    attack: Any = field(default_factory=dict)
    penalties: Any = field(default_factory=dict)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)
    paper: str = "a4"  # of the print sheet: a4, letter, a3 or WIDTHxHEIGHT in mm


@dataclass
class AdaptiveConfig:
    """Attacks that know the defenses, for the table of them."""

    on: bool = False  # attack every victim behind every defense anew; adaptive=true for short
    steps: int = 0  # of each attack; 0: as many as the run had that made the patch
    restarts: int = 2  # attacks with different seeds, of which the worst counts; the first begins as the run did
    lambdas: list[float] = field(
        default_factory=lambda: [0.1, 0.5, 2.0]
    )  # weights of staying unnoticed, each with all restarts, where a defense looks for patches
    queries: int = 2000  # pictures that the black box attack may ask about; 0: no such attack


@dataclass
class JudgedConfig(RunConfig):
    """Options of every command that judges a patch file."""

    patch: str = ""  # run folder, patch.safetensors, or any image
    against: list[str] = field(default_factory=list)  # further patches, judged on the same scenes and draws
    width_mm: float = 0.0  # width of the patches; 0: as stored in their files
    scenes: Any = field(default_factory=dict)
    eot: Any = field(default_factory=dict)
    ink: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    victims: list[Any] = field(default_factory=list)  # several: part names, ONNX paths, or {part: ..., option: ...}
    defense: Any = field(default_factory=dict)
    defenses: list[Any] = field(default_factory=list)  # several: part names, {part: ..., option: ...}, chains (a+b)
    goal: Any = field(default_factory=dict)
    judge: JudgeConfig = field(default_factory=lambda: JudgeConfig(share=0.0))
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)


@dataclass
class EvaluateConfig(JudgedConfig):
    name: str = "evaluation"  # of the story, for folder and report
    stages: bool = False  # show where the effect is lost: stages from screen to street added, and left out, one by one
    adaptive: AdaptiveConfig = field(default_factory=AdaptiveConfig)


@dataclass
class AxesConfig:
    """Values at which one condition is held while all else varies as the ``eot`` preset says. Empty: left out."""

    distance_m: list[float] = field(
        default_factory=lambda: [5.0, 10.0, 15.0, 20.0, 30.0, 40.0]
    )  # of the object; annotated photos are resampled
    yaw_deg: list[float] = field(
        default_factory=lambda: [-60.0, -30.0, 0.0, 30.0, 60.0]
    )  # of what wears the patch; not on photos, which show it as it was filmed
    patch_yaw_deg: list[float] = field(
        default_factory=lambda: [-60.0, -30.0, 0.0, 30.0, 60.0]
    )  # of the patch alone, on an object that stays; on photos
    pitch_deg: list[float] = field(default_factory=lambda: [-30.0, 0.0, 30.0])  # of the patch alone
    scale: list[float] = field(default_factory=lambda: [0.5, 0.75, 1.0, 1.5])  # of the patch, against its print
    defocus_px: list[float] = field(default_factory=lambda: [0.0, 1.0, 2.0, 4.0])  # blur: sigma of the defocus
    exposure_ev: list[float] = field(default_factory=lambda: [-2.0, -1.0, 0.0, 1.0, 2.0])  # of the camera, in stops
    temperature_k: list[float] = field(default_factory=lambda: [2700.0, 4000.0, 6500.0, 10000.0])  # of the light
    jpeg_quality: list[float] = field(default_factory=lambda: [10.0, 30.0, 60.0, 90.0])  # of the camera's file
    occlusion: list[float] = field(default_factory=lambda: [0.0, 0.15, 0.3, 0.5])  # share of the patch behind an arm


@dataclass
class GridConfig(JudgedConfig):
    name: str = "grid"  # of the story, for folder and report
    axes: AxesConfig = field(default_factory=AxesConfig)
    only: list[str] = field(default_factory=list)  # these axes and no others, as axes=[distance_m]; empty: all
    map: list[str] = field(default_factory=lambda: ["distance_m", "yaw_deg"])  # two axes for a map; empty: none
    usable_from: float = 0.5  # success from which the patch counts as usable
    part: int = 0  # which of the parts this job does, from 0
    parts: int = 1  # jobs that share the work: -m part=0,1,2,3 parts=4
    judge: JudgeConfig = field(default_factory=lambda: JudgeConfig(share=0.0, images=32))


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
    says: str = ""  # what the detector is for: the model card begins with it
    licence: str = ""  # of the weights, for the model card
    train: TrainConfig = field(default_factory=TrainConfig)


@dataclass
class TrainAdversarialConfig(RunConfig):
    name: str = "sign-nano-robust"  # of the weights file
    method: str = "free"  # free (a backward pass changes weights and attack), pgd (attack first); digits: fgsm, trades
    victim: Any = field(default_factory=dict)  # whose weights are trained on; digits and mnist begin with random ones
    train: AdversarialTraining = field(default_factory=AdversarialTraining)
    robust: RobustTraining = field(default_factory=RobustTraining)


@dataclass
class TrainDefenseConfig(RunConfig):
    name: str = "reconstruct"  # of the defence that learns: reconstruct, segment
    train: DefenseTraining = field(default_factory=DefenseTraining)
