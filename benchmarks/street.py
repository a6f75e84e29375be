"""What the drawn street costs, how its chests are bent, and how many of its people a detector finds undisturbed.

    OMP_NUM_THREADS=1 python benchmarks/street.py [DETECTOR.onnx …] [--images 200] [--seed 0]

Speed: CPU time a picture of 640×384, one thread. Goal: 20 pictures a second. Chests: curvature of the best upright
cylinder, the best ellipse, and how far cloth of 380 × 380 mm lies off both. Recall: people whose box overlaps a
reported person by half, by height in pixels; goal .9 from 60 px on. Who is hidden for three quarters is not counted.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from scipy.optimize import least_squares
from torchvision.ops import box_iou

from physadv.core.protocols import Victim
from physadv.core.types import SceneBatch
from physadv.library.metrics.interval import wilson
from physadv.library.people.chest import ChestCloth
from physadv.library.people.drawing import some_person
from physadv.parts.render.trunk import round_section
from physadv.parts.scenes.street import StreetScenes
from physadv.parts.scenes.street_options import StreetConfig
from physadv.parts.victims.onnx.graph_victim import GraphVictim
from physadv.parts.victims.onnx.victim import build
from physadv.parts.victims.options import OnnxConfig

EDGES_PX = (0, 40, 60, 100, 160, 10_000)
PRINT_MM = 380.0
CHEST = (
    "curvature of the cylinder, 1/m", "cloth off it, rms as a share of the width",
    "breadth of the ellipse, mm", "its depth, mm", "cloth off it, rms as a share of the width",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("detectors", nargs="*")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    print(f"{_seconds(48) * 1000:.1f} CPU ms a picture of 640×384")
    print("chests, 5, 50, 95 %:")
    for words, column in zip(CHEST, np.array([_chest(person) for person in _people(300)]).T, strict=True):
        print(f"{words}: {', '.join(f'{value:.4g}' for value in np.percentile(column, [5, 50, 95]))}")
    for file in options.detectors:
        victim = build(OnnxConfig(path=file))
        assert isinstance(victim, GraphVictim), f"{file} is no detector"
        scenes = StreetScenes(StreetConfig(images=options.images, seed=options.seed))
        print(f"\n{victim.name} at confidence {victim.confidence:g}, {options.images} pictures, seed {options.seed}")
        _tell(np.array(list(_found(victim, scenes.sweep(4)))))


def _seconds(pictures: int) -> float:
    source = StreetScenes(StreetConfig()).batches(4, torch.Generator().manual_seed(0))
    next(source)
    begun = time.process_time()
    for _ in range(pictures // 4):
        next(source)
    return (time.process_time() - begun) / pictures


def _people(count: int) -> Iterator[ChestCloth]:
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield ChestCloth.of(some_person(rng, front=True).figure)


def _chest(cloth: ChestCloth) -> tuple[float, ...]:
    """What :data:`CHEST` says, of one."""
    at = np.linspace(-PRINT_MM / 2, PRINT_MM / 2, 21)
    origin, axes = cloth.plane()
    mm = (cloth.points(at, at) - origin) @ axes.T * 1000
    bend = cloth.curvature_per_m()

    def off(across: np.ndarray, depth: np.ndarray) -> np.ndarray:
        smooth = np.stack(np.broadcast_arrays(across[None], at[:, None], depth[None]), -1)
        return np.asarray((mm - smooth) / PRINT_MM / len(at)).ravel()

    def off_ellipse(logarithms: np.ndarray) -> np.ndarray:
        sizes = torch.from_numpy(np.exp(logarithms))
        across, depth = round_section(torch.from_numpy(at)[None], sizes[:1], sizes[1:])
        return off(across[0].numpy(), depth[0].numpy())

    cylinder = off(np.sin(at * bend / 1000) / bend * 1000, (1 - np.cos(at * bend / 1000)) / bend * 1000)
    fit = least_squares(off_ellipse, np.log([380.0, 240.0]))
    return bend, float(np.linalg.norm(cylinder)), *np.exp(fit.x).tolist(), float(np.linalg.norm(fit.fun))


def _found(victim: Victim, batches: Iterator[SceneBatch]) -> Iterator[tuple[float, bool, bool]]:
    """Height in pixels, whether it was found, whether it wears the patch; of everybody who can be seen."""
    person = victim.labels.index("person")
    for scene in batches:
        with torch.no_grad():
            decisions = victim.decide(victim.outputs(scene.srgb))
        for image, decision in enumerate(decisions):
            boxes = decision.boxes_xyxy_px[decision.labels == person]
            assert scene.crowds is not None
            for index in ((scene.image_of == image) & ~scene.crowds).nonzero()[:, 0].tolist():
                box = scene.boxes_xyxy_px[index]
                found = len(boxes) > 0 and float(box_iou(box[None], boxes).max()) >= 0.5
                yield float(box[3] - box[1]), found, bool(scene.wears[index])


def _tell(rows: np.ndarray) -> None:
    for words, chosen in (("everybody", rows[:, 2] >= 0), ("wearers", rows[:, 2] == 1)):
        for low, high in (*itertools.pairwise(EDGES_PX), (60, 10_000)):
            inside = chosen & (rows[:, 0] >= low) & (rows[:, 0] < high)
            if count := int(inside.sum()):
                hits = int(rows[inside, 1].sum())
                low_share, high_share = wilson(hits, count)
                to = str(high) if high < 10_000 else "…"
                span = f"[{low_share:.2f}, {high_share:.2f}]"
                print(f"{words:10} {low:4}–{to:4} px {hits:4} of {count:4}  {hits / count:.2f} {span}")


if __name__ == "__main__":
    main()
