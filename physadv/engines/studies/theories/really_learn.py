"""Do models learn what we think they learn? The sign detector is shown signs that keep one cue and lose the others.

A stop sign is an octagon, it is red, and it says STOP. Each is taken away or put where it contradicts the others, and
the sign is drawn into the same pictures of a road. Which of them the detector goes by is what it reports then. The idea
of contradicting cues is that of Geirhos et al. 2019 (arXiv:1811.12231), that of shuffled tiles Brendel & Bethge's 2019
(arXiv:1904.00760).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import box_iou

from physadv.core.types import Detections
from physadv.engines.studies.theories.cue_signs import CUES, CueRoad, CueSign
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart, PictureCell, PictureRows
from physadv.library.roads.signs import LABELS
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import SignNano, load_sign_nano

STOP = LABELS.index("stop sign")
OVERLAP = 0.3
"""From this overlap on a report is about the sign."""
PICTURES, QUICK, BATCH = 48, 2, 8


@dataclass(frozen=True)
class _Reported:
    """What is reported in place of a sign with some cues."""

    cue: CueSign
    stop: Tensor  # (n,) bool
    other: Tensor  # (n,) bool: another sign, and no stop sign
    example: Tensor  # (3, h, w) the sign in its surroundings
    said: str  # of the example


def study(task: StudyTask) -> StudyFindings:
    """The same roads, the same places, other faces."""
    victim = load_sign_nano(SignNanoConfig())
    task.tell("roads")
    roads = [CueRoad.drawn(index, task.seed) for index in range(QUICK if task.quick else PICTURES)]
    reported = []
    for cue in CUES:
        task.tell(cue.name)
        reported.append(_reported(victim, cue, roads, task.seed))
    return _found({one.cue.name: one for one in reported})


def _reported(victim: SignNano, cue: CueSign, roads: Sequence[CueRoad], seed: int) -> _Reported:
    face, labels = cue.draw(seed), list[list[int]]()
    images = torch.stack([road.with_sign(face) for road in roads])
    for rows in torch.split(torch.arange(len(roads)), BATCH):
        with torch.no_grad():
            decisions = victim.decide(victim.outputs(images[rows]))
        labels += [about(found, roads[int(row)].box_xyxy_px) for row, found in zip(rows, decisions, strict=True)]
    stop = torch.tensor([STOP in some for some in labels])
    said = LABELS[labels[0][0]] if labels[0] else "nothing"
    return _Reported(cue, stop, torch.tensor([bool(some) for some in labels]) & ~stop,
                     _surroundings(images[0], roads[0].box_xyxy_px), said)  # fmt: skip


def about(found: Detections, box: Tensor) -> list[int]:
    """The labels of the reports about a place, best first."""
    if not len(found.labels):
        return []
    near = box_iou(found.boxes_xyxy_px, box[None])[:, 0] >= OVERLAP
    return [int(label) for label in found.labels[near]]


def _surroundings(image: Tensor, box: Tensor) -> Tensor:
    """``(3, h, w)``: twice as wide as the sign."""
    left, top, right, bottom = (round(value) for value in box.tolist())
    spare = (right - left) // 2
    return image[:, max(0, top - spare) : bottom + spare, max(0, left - spare) : right + spare]


def _found(reported: Mapping[str, _Reported]) -> StudyFindings:
    stop = {name: share(one.stop) for name, one in reported.items()}
    any_sign = {name: share(one.stop | one.other) for name, one in reported.items()}
    whole = stop["whole"]
    shape, colour = stop["grey octagon"], stop["red disc"]
    pieces = stop["16 tiles"]
    alone = {"shape": shape, "colour": colour}
    misled = {name: one for name, one in stop.items() if name in ("red disc", "red triangle", "STOP on a triangle",
                                                                  "4 tiles", "16 tiles")}  # fmt: skip
    wrongly = max(misled, key=lambda name: misled[name].value)
    as_thought = shape.low > colour.high and misled[wrongly].high < 0.5
    verdict = (
        ClaimVerdict.seen
        if as_thought
        else ClaimVerdict.mixed
        if stop["no colour"].value > 0.5
        else ClaimVerdict.unseen
    )
    words = [
        f"The detector reports {whole} of whole stop signs, {shape} where only the shape is left and {colour} where "
        f"only the colour is (a grey disc, with neither: {stop['grey disc']}): {_by(alone)}.",
        f"Without colour it reports {stop['no colour']}, without the legend {stop['no legend']}, in blue "
        f"{stop['blue']}; a stop sign cut into 16 tiles that changed places {pieces}.",
        f"Of signs that no driver would take for a stop sign, {wrongly} fools it most often: {misled[wrongly]}.",
    ]
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("sign", "keeps", "stop sign reported", "low", "high", "any sign reported", "pictures"),
        rows=[[name, one.cue.keeps, stop[name].value, stop[name].low, stop[name].high, any_sign[name].value,
               stop[name].n] for name, one in reported.items()],
        charts={
            "signs": PictureRows(
                "The signs, on one of the roads, and what the detector says there",
                [[PictureCell(one.example.permute(1, 2, 0).numpy(), f"{name}\n→ {one.said}") for name, one in row]
                 for row in (list(reported.items())[:6], list(reported.items())[6:])],
            ),
            "cues": BarChart("Share of pictures in which a stop sign is reported, and any sign", list(reported),
                         "reported", [series_of("stop sign", list(stop.values())),
                                      series_of("any sign", list(any_sign.values()))]),
        },
        caveats=["The detector that comes with the package, on its own drawn roads: another detector goes by other "
                 "cues. A tile keeps edges and colours, so pieces are not texture alone."],
    )  # fmt: skip


def _by(alone: Mapping[str, Share]) -> str:
    shape, colour = alone["shape"], alone["colour"]
    if shape.low > colour.high:
        return "it goes by shape rather than by colour"
    if colour.low > shape.high:
        return "it goes by colour rather than by shape"
    return "neither cue alone is clearly ahead"
