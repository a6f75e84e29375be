"""How strong our chest print is beside those of Thys et al. 2019, T-SEA and ART, at equal CPU time and size.

    pip install adversarial-robustness-toolbox
    OMP_NUM_THREADS=1 python benchmarks/strength.py TRAIN VAL --victim yolox_nano_coco_416.onnx \
        --unseen fastestdet_coco_352.onnx yolov5n.onnx [--published thys.png] [--seconds 60] [--seeds 3] [--out FOLDER]

TRAIN and VAL are folders with COCO annotations of people. Every method sees the same victim and photos of TRAIN
for the same process time on one thread, and makes a square of 400 mm. All are judged by `physadv evaluate` on VAL: on
the screen (nothing varies) and printed (eot=tshirt_indoor, ink=coated-offset). What is there already is not made again.
Writes `strength.md` (success and AP50, mean over the seeds, 95 % bootstraps over photos, differences paired) and
`strength.png` (success over CPU seconds). Goal: 1.5 times the success of the best other, on the screen and printed.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from strength_peers import T_SEA, THYS, Photos, art, printed_on_boxes
from strength_tables import curve, table
from torch import Tensor

import physadv
from physadv.api import Member, NoCheckpoints, Objective, OneDevice, PatchProblem, build, generator, renderer
from physadv.core.problem.patch_problem import Budget
from physadv.core.protocols import PatchModel, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import PatchImage, Step
from physadv.library.files.patches import save_patch

logger = logging.getLogger(__name__)

WIDTH_MM, MARKS = 400.0, (5, 10, 20, 40, 60, 120, 300)
SCREEN = {"relight": False, "match_camera": False}
WORLDS = {
    "screen": {"protocol.digital": True},
    "print": {"protocol.digital": False, "eot": "tshirt_indoor", "ink": "coated-offset"},
}
BATCH, LOOK_EVERY = 4, 20


@dataclass(frozen=True)
class Task:
    """The same for all."""

    victim: Victim
    train: Path
    seconds: float

    def scenes(self, **options: object) -> SceneSource:
        """The photos, with somebody of 64 px or more."""
        scenes: SceneSource = build(
            "scenes", "coco", root=str(self.train), label="person", wear_on="torso", min_height_px=64, **options
        )
        return scenes


class Clock:
    """Keeps the patch at each mark of process time."""

    def __init__(self, out: Path, seconds: float) -> None:
        self._out, self._begun = out, time.process_time()
        self._marks = [m for m in MARKS if m < seconds]

    @property
    def spent(self) -> float:
        """Process seconds."""
        return time.process_time() - self._begun

    def look(self, patch: Tensor) -> None:
        """Keep the patch if a mark is passed."""
        while self._marks and self.spent >= self._marks[0]:
            kept(patch, self._out / f"{self._out.name}-{self._marks.pop(0)}s")


@dataclass(frozen=True)
class Watched:
    """Looks at the clock after each of our steps."""

    clock: Clock
    patch: PatchModel

    def started(self, steps: int, done: int) -> None:
        """Nothing to do."""

    def stepped(self, step: Step) -> None:
        """Keep the patch as it stands."""
        self.clock.look(self.patch().srgb)

    def ended(self) -> None:
        """Nothing to do."""


def kept(srgb: Tensor, out: Path) -> None:
    """Save the patch at its true size."""
    out.mkdir(parents=True, exist_ok=True)
    srgb = srgb.detach().clamp(0, 1).cpu()
    save_patch(PatchImage(srgb, torch.ones_like(srgb[:1]), WIDTH_MM), out)


def theirs(steps: Iterator[Tensor], seconds: float, out: Path) -> None:
    """Step until the time is over."""
    clock, count = Clock(out, seconds), 0
    patch = next(steps)  # which sets all up
    while clock.spent < seconds:
        patch, count = next(steps), count + 1
        clock.look(patch)
    kept(patch, out)
    logger.warning("%s: %d steps in %.0f s", out.name, count, clock.spent)


def ours(task: Task, seed: int, out: Path, *, printed: bool = False) -> None:
    """`tshirt_hide_person_screen`, and for print a third of the time `tshirt_hide_person` from there."""
    first = task.seconds * (2 / 3 if printed else 1)
    clock_out = out if not printed else out / "screen"
    patch = descended(task, ("tshirt_screen", "none"), seed, first, clock_out, lr=0.02, init="grey", scenes=SCREEN)
    if printed:
        kept(patch, clock_out)
        world = ("tshirt_indoor", "coated-offset")
        patch = descended(task, world, seed, task.seconds - first, out, lr=0.01, init=str(clock_out), scenes={})
    kept(patch, out)


def descended(
    task: Task,
    world: tuple[str, str],
    seed: int,
    seconds: float,
    out: Path,
    *,
    lr: float,
    init: str,
    scenes: dict[str, bool],
) -> Tensor:
    """Our loop, with as many steps as the time allows; a few steps beforehand tell how many, and count as well."""
    goal = build("goals", "hide").bound(task.victim.labels)
    source, begun = task.scenes(**scenes), time.process_time()

    def problem(steps: int) -> PatchProblem:
        patch = build(
            "patches", "pyramid", width_mm=WIDTH_MM, height_mm=WIDTH_MM, px_per_100mm=24, init=init, seed=seed
        )
        return PatchProblem(
            scenes=source, patch=patch, renderer=renderer(*world), objective=Objective((Member(task.victim, goal),)),
            penalties=(build("penalties", "tv", weight=0.3),), budget=Budget(steps, BATCH, 1, 8), seed=seed,
            engine=OneDevice(torch.device("cpu")),
        )  # fmt: skip

    attack = build("attacks", "eot-adam", lr=lr, anneal=True, mosaic=0.8, check_every=LOOK_EVERY)
    attack.run(problem(LOOK_EVERY), [], NoCheckpoints())
    spent = time.process_time() - begun
    steps = max(LOOK_EVERY, int((seconds - spent) / (spent / LOOK_EVERY)))
    given = problem(steps)
    clock = Clock(out, seconds)
    done = attack.run(given, [Watched(clock, given.patch)], NoCheckpoints())
    logger.warning("%s: %d steps in %.0f s", out.name, steps, spent + clock.spent)
    return done.srgb


def made(task: Task, method: str, seed: int, out: Path) -> None:
    """One patch of one method."""
    if method in ("ours", "ours-print"):
        return ours(task, seed, out, printed=method == "ours-print")
    photos = Photos.of(task.scenes(**SCREEN), task.victim, 416, WIDTH_MM)
    random = generator(seed, method)
    if method == "art":
        return theirs(art(task.victim, photos, random), task.seconds, out)
    recipe = {"thys": THYS, "t-sea": T_SEA}[method]
    return theirs(printed_on_boxes(recipe, task.victim, photos, random), task.seconds, out)


def judged(out: Path, patches: list[Path], world: str, victims: list[str], val: Path) -> Path:
    """One judgement of many patches; they share the controls."""
    if not (out / "scores.json").is_file():
        physadv.run(
            "evaluate", {
                "patch": str(patches[0]), "against": [str(p) for p in patches[1:]], "width_mm": WIDTH_MM,
                "victims": victims, "scenes": "coco", "scenes.root": str(val), "scenes.label": "person",
                "scenes.wear_on": "torso", "scenes.min_height_px": 64, "judge.images": 0, "judge.batch": 4,
                "out": str(out), **WORLDS[world],
            },
        )  # fmt: skip
    return out


METHODS = ("ours", "ours-print", "thys", "t-sea", "art")


def main() -> None:
    """Make what is missing, judge it, write table and figure."""
    parser = argparse.ArgumentParser(description="our chest print beside those of others")
    parser.add_argument("train", type=Path)
    parser.add_argument("val", type=Path)
    parser.add_argument("--victim", required=True, help="ONNX file that all optimise on")
    parser.add_argument("--unseen", nargs="+", default=[], help="ONNX files that only judge")
    parser.add_argument("--published", type=Path, default=None, help="a patch of others, judged beside")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--out", type=Path, default=Path("runs/strength"))
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    torch.set_num_threads(1)
    task = Task(build("victims", "onnx", path=given.victim), given.train, given.seconds)
    runs = {(m, s): given.out / f"{m}-{s}" for s in range(given.seeds) for m in given.only}
    for (method, seed), out in runs.items():
        if not (out / "patch.png").is_file():
            made(task, method, seed, out)
    victims = [given.victim, *given.unseen]
    published = [given.published] if given.published else []
    tables = []
    for world in WORLDS:
        here = judged(given.out / f"judged-{world}", [*runs.values(), *published], world, victims, given.val)
        tables.append(table(here, world, given.only, given.seeds, given.published, Path(given.victim).stem))
    (given.out / "strength.md").write_text("\n\n".join(tables) + "\n")
    print("\n\n".join(tables))
    marks = [out / f"{out.name}-{mark}s" for (_, seed), out in runs.items() if not seed for mark in MARKS]
    marks = [m for m in marks if m.is_dir()]
    if marks:
        here = judged(given.out / "judged-marks", marks, "screen", victims[:1], given.val)
        curve(here, given.out / "judged-screen", marks, given.seconds, given.out / "strength.png")


if __name__ == "__main__":
    main()
