"""Alarms and masks of the localisers on persons in photos who wear a patch: pasted, and as the camera would film it.

Nothing is filmed. "Filmed" is a preset of conditions (``eot=tshirt_indoor`` on ``ink=coated-offset``): pose, folds,
light, blur, noise and the camera's own JPEG, drawn once a photo. "Pasted" is the same patch in screen colours, without
any of it, and "pasted, JPEG 85" that picture through a file, as pictures are kept. Alarms are set at 1 % false ones on
photos of another folder (0.5 % where that has 200). For each localiser: the area under the ROC curve, alarms on
pictures with the patch, on those with a grey one, false ones; and how much of the patch the hard mask covers.

    OMP_NUM_THREADS=1 python benchmarks/filmed.py PHOTOS_WITH_ANNOTATIONS CLEAN_PHOTOS PATCH [--pictures 0]
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor

from physadv.api import Renderer, SceneBatch, build, generator, load_patch, renderer
from physadv.core.types import PatchImage
from physadv.library.metrics.alarms import alarm_scores, threshold_at
from physadv.parts.defenses.alarms.alarm import peak
from physadv.parts.defenses.localisation.blocks import over_pixels
from physadv.parts.defenses.localisation.clean_pictures import clean_photos
from physadv.parts.defenses.localisation.localised import LocalisingDefense
from physadv.parts.defenses.localisation.masks import hard_mask
from physadv.parts.defenses.purification.jpeg import recompressed
from physadv.parts.patches.controls import CLEAN, GREY, PATCH, arms

LOCALISERS = ("chroma", "entropy", "reconstruct", "segment")
SHOWN = (CLEAN, GREY, PATCH)
RATE = 0.01
LONGER_PX = 512  # side of the clean photos
COVERED = 0.02  # of sRGB, by which a pixel must differ for the patch to be there

Develop = Callable[[Tensor], Tensor]


@lru_cache
def worlds() -> dict[str, tuple[Renderer, Develop]]:
    """How a patch comes into a photo, and what becomes of the picture."""
    pasted = renderer("none")
    return {
        "pasted": (pasted, lambda images: images),
        "pasted, JPEG 85": (pasted, partial(recompressed, quality=85)),
        "filmed": (renderer("tshirt_indoor", "coated-offset"), lambda images: images),
    }


def pictures(source: Any, limit: int) -> Iterator[SceneBatch]:
    """The photos in which somebody wears the patch, one by one."""
    shown = 0
    for scene in source.sweep(1):
        if bool(scene.wears.any()) and (not limit or shown < limit):
            shown += 1
            yield scene


@torch.no_grad()
def looked_at(
    scene: SceneBatch, world: tuple[Renderer, Develop], shown: Mapping[str, PatchImage],
    searches: Mapping[str, LocalisingDefense], found: dict[tuple[str, str], list[float]],
    seen: dict[str, list[float]],
) -> None:  # fmt: skip
    """Note the peak of every localiser under every arm in ``found``, and what it covers of the patch in ``seen``."""
    place, develop = world
    draws = place.sample(scene, generator(0, f"filmed/{scene.keys[0]}"))
    images = {arm: place.render(scene, shown[arm], draws) for arm in SHOWN}
    worn = (images[PATCH] - images[CLEAN]).abs().amax(1, keepdim=True) > COVERED
    for arm, image in images.items():
        made = develop(image)
        for name, search in searches.items():
            found[name, arm].append(float(peak(search.localiser, made)))
            if arm == PATCH and bool(worn.any()):
                mask = over_pixels(hard_mask(search.localiser.localise(made), search.thresholds), *made.shape[-2:])
                seen[name].append(float(mask[worn].mean()))


def thresholds(folder: str, searches: Mapping[str, LocalisingDefense]) -> dict[str, float]:
    """Of each localiser's alarm."""
    peaks = defaultdict(list)
    with torch.no_grad():
        for photo in clean_photos(folder, LONGER_PX):
            for name, search in searches.items():
                peaks[name].append(float(peak(search.localiser, photo)))
    return {name: threshold_at(np.array(values), RATE) for name, values in peaks.items()}


def told(score: Any) -> str:
    """ ".76 [.68, .83]"."""
    return f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder with images/ and annotations.json")
    parser.add_argument("clean", help="folder of photos without patches")
    parser.add_argument("patch", help="run folder, or picture")
    parser.add_argument("--worlds", nargs="+", choices=list(worlds()), default=list(worlds()))
    parser.add_argument("--pictures", type=int, default=0, help="0: all")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    searches = {name: build("defenses", name) for name in LOCALISERS}
    limits = thresholds(args.clean, searches)
    source = build("scenes", "coco", root=args.photos, label="person", wear_on="torso", min_height_px=32)
    shown = arms(load_patch(args.patch), 0, [])
    print("| | | AUROC | alarms | on grey | false | of the patch covered |\n" + "|---" * 7 + "|")
    for world, how in worlds().items():
        if world not in args.worlds:
            continue
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        seen: dict[str, list[float]] = defaultdict(list)
        people = 0
        for scene in pictures(source, args.pictures):
            people += int(scene.wears.sum())
            looked_at(scene, how, shown, searches, found, seen)
        for name in searches:
            clean, grey, patched = (np.array(found[name, arm]) for arm in SHOWN)
            auroc, alarms, false = alarm_scores(clean, patched, limits[name])
            on_grey = alarm_scores(clean, grey, limits[name])[1]
            cells = [told(auroc), told(alarms), told(on_grey), told(false), f"{np.mean(seen[name]):.2f}"]
            print(f"| {world} | {name} | {' | '.join(cells)} |")
        print(f"{world}: {people} people in {len(clean)} photos", flush=True)


if __name__ == "__main__":
    main()
