"""Shows every scene under every arm to every victim, once, and keeps what they report, batch by batch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import Detections, PatchImage
from physadv.engines.judging import shards
from physadv.engines.judging.clean_cache import CleanCache
from physadv.engines.judging.films import Films
from physadv.engines.judging.shards import Arrays, Shards
from physadv.engines.judging.views import (
    Categories,
    JudgedView,
    Observations,
    Progress,
    Reported,
    VictimUnderTest,
    ViewSource,
    reported_by,
    truth_of,
)
from physadv.library.metrics.distances import image_distances
from physadv.library.metrics.tables import F64, I64, Bool, Findings, Truth, stable_order
from physadv.parts.patches.controls import CLEAN

MAX_REPORTS = 300  # reports a picture that are kept
MEASURED = (
    30  # views, spread over all pictures with a wearer, whose distance to the clean ones is measured: SSIM is expensive
)


@dataclass(frozen=True)
class Keeping:
    """Which reports are kept, and where."""

    kept_from: float = 0.01  # reports scored lower are not kept
    shards: Shards | None = None  # None: in memory; a stopped run starts over
    cache: CleanCache | None = None  # of detections without a patch, shared with other runs
    measure: bool = True  # distances to the clean pictures


@torch.no_grad()
def observe(
    showing: ViewSource,
    arms: Mapping[str, PatchImage],
    watched: Sequence[VictimUnderTest],
    progress: Progress,
    keeping: Keeping | None = None,
) -> Observations:
    """Render each view under each arm, and note what each victim reports.

    With shards, batches that are already there are not shown again, and memory does not grow with the pictures. Raises
    :class:`BadInput` where there is no image.
    """
    keeping = keeping or Keeping()
    store = keeping.shards.opened() if keeping.shards else None
    kept: list[Arrays] = []
    done, images, worn = (0, 0, 0) if store is None else _already(store, showing)
    if done:
        progress(images, len(showing))
    for index, views in enumerate(showing.batches(done, images), start=done):
        arrays = _seen(views, showing, arms, watched, keeping, worn)
        worn += int(arrays["worn"])
        kept.append(arrays) if store is None else store.write(index, arrays)
        done = index + 1
        progress(int(views[-1].images[-1]) + 1, len(showing))
    if not done:
        raise BadInput("there is not one image to judge on. Choose other scenes, or a larger share for judging.")
    return _joined(kept if store is None else _read(store, done), list(arms), len(watched), showing.draws)


def _already(store: Shards, showing: ViewSource) -> tuple[int, int, int]:
    """Batches that a run before this one has seen, the pictures in them, and how many of these have a wearer."""
    done = store.done()
    counts = [(len(arrays["sizes_px"]) // showing.draws, int(arrays["worn"])) for arrays in _read(store, done)]
    return done, sum(images for images, _ in counts), sum(worn for _, worn in counts)


def _read(store: Shards, count: int) -> Iterator[Arrays]:
    for index in range(count):
        arrays = store.read(index)
        assert arrays is not None
        yield arrays


def _seen(
    views: Sequence[JudgedView],
    showing: ViewSource,
    arms: Mapping[str, PatchImage],
    watched: Sequence[VictimUnderTest],
    keeping: Keeping,
    worn: int,
) -> Arrays:
    """One batch under every draw and arm, as arrays; ``worn`` pictures before it have a wearer."""
    categories = Categories()
    truth = Truth.joined([truth_of(view, categories) for view in views])
    covered = len(categories.names)
    pieces: dict[str, list[Reported]] = {}
    measured = [_measured(view, showing, worn) for view in views]
    distances: dict[str, list[Tensor]] = {}
    films = Films(showing, arms, watched)
    for view, rows in zip(views, measured, strict=True):
        films.begin(view)
        clean: Tensor | None = None
        for place, (arm, patch) in enumerate(arms.items()):
            images = showing.render(view, patch)
            clean = images[rows] if arm == CLEAN else clean
            for number, one in enumerate(watched):
                decisions = films.decided(number, arm, images, min(keeping.kept_from, one.confidence))
                if decisions is None:
                    decisions = _decided(one, images, keeping, cached=arm == CLEAN)
                pieces.setdefault(f"{number}/{place}", []).append(
                    reported_by(one, decisions, view, categories, MAX_REPORTS)
                )
            if keeping.measure and clean is not None and arm != CLEAN and len(rows):
                for name, values in image_distances(clean, images[rows], view.scene.sizes_px[rows]).items():
                    distances.setdefault(f"distance/{place}/{name}", []).append(values)
    by_view = stable_order(truth.view_of)
    arrays = shards.packed_truth(replace(truth[by_view], image_of_view=np.repeat(views[0].images, len(views))))
    for prefix, parts in pieces.items():
        findings = Findings.joined([part.findings for part in parts])
        achieved = np.concatenate([part.achieved for part in parts])[by_view]
        arrays |= shards.packed_findings(prefix, findings[stable_order(findings.view_of.astype(np.int64))], achieved)
    arrays |= {name: torch.cat(values).double().cpu().numpy() for name, values in distances.items()}
    names = [key + view.name for key, *_ in zip(views[0].scene.keys) for view in views]
    words = {"views": names, "categories": categories.names, "covered": covered}
    return arrays | {
        "measured": np.concatenate([view.images[rows] for view, rows in zip(views, measured, strict=True)]),
        "worn": np.array(_wearing(views[0]).sum()),
        "sizes_px": views[0].scene.sizes_px.cpu().numpy().repeat(len(views), axis=0),
        "words": np.frombuffer(json.dumps(words).encode(), np.uint8),
    }


def _wearing(view: JudgedView) -> Bool:
    """``(B,)`` whether something in the picture wears the patch."""
    scene = view.scene
    return np.isin(np.arange(len(scene.keys)), scene.image_of[scene.wears].cpu().numpy())


def _measured(view: JudgedView, showing: ViewSource, worn: int) -> I64:
    """Rows whose distance is measured: every so many pictures with a wearer, of which ``worn`` came before."""
    stride = math.ceil((showing.wearing or len(showing)) * showing.draws / MEASURED)
    wearing: I64 = np.flatnonzero(_wearing(view))
    chosen: I64 = wearing[(worn + np.arange(len(wearing))) % stride == 0]
    return chosen


def _decided(one: VictimUnderTest, images: Tensor, keeping: Keeping, *, cached: bool) -> tuple[Detections, ...]:
    from_score = min(keeping.kept_from, one.confidence)
    if keeping.cache is None or not cached or not one.identity:
        return one.victim.decide(one.victim.outputs(images), from_score)
    key = keeping.cache.key(images, one.identity, from_score)
    found = keeping.cache.load(key, images.device)
    if found is None:
        found = one.victim.decide(one.victim.outputs(images), from_score)
        keeping.cache.save(key, found)
    return found


def _joined(parts: Iterator[Arrays] | list[Arrays], arms: list[str], victims: int, draws: int) -> Observations:
    """All batches as one set of tables, with one numbering of the labels."""
    categories, truths, names, covered = Categories(), list[Truth](), list[str](), set[int]()
    sizes_px, measured, batches = list[tuple[int, int]](), list[I64](), list[int]()
    pieces: dict[tuple[int, str], list[Reported]] = {(v, c): [] for v in range(victims) for c in arms}
    columns: dict[tuple[str, str], list[F64]] = {}
    for arrays in parts:
        words = json.loads(arrays["words"].tobytes())
        numbers = categories.of(words["categories"])
        truth = shards.unpacked_truth(arrays)
        truths.append(replace(truth, category=numbers[truth.category]))
        names += words["views"]
        covered.update(numbers[: words["covered"]].tolist())
        sizes_px += [(int(height), int(width)) for height, width in arrays["sizes_px"]]
        measured.append(arrays["measured"])
        batches.append(len(arrays["sizes_px"]) // draws)
        for (victim, arm), rows in pieces.items():
            findings, achieved = shards.unpacked_findings(f"{victim}/{arms.index(arm)}", arrays)
            rows.append(Reported(replace(findings, category=numbers[findings.category].astype(np.int32)), achieved))
        for name in arrays:
            if name.startswith("distance/"):
                _, place, measure = name.split("/")
                columns.setdefault((arms[int(place)], measure), []).append(arrays[name])
    reported = {
        key: Reported(Findings.joined([r.findings for r in rows]), np.concatenate([r.achieved for r in rows]))
        for key, rows in pieces.items()
    }
    measures: dict[str, dict[str, F64]] = {}
    for (arm, measure), values in columns.items():
        measures.setdefault(arm, {})[measure] = np.concatenate(values)
    return Observations(
        Truth.joined(truths), tuple(names), tuple(sizes_px), tuple(categories.names), reported, measures,
        np.concatenate(measured), tuple(batches), np.array(sorted(covered), dtype=np.int64),
    )  # fmt: skip
