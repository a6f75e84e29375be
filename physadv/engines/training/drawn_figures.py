"""How well a detector does on drawn pictures that it was not trained on, by the size of what is to be found."""

from __future__ import annotations

from itertools import pairwise

from physadv.core.labels import index_of
from physadv.engines.training.detector_figures import Row, average_precisions, by_height
from physadv.engines.training.drawn import PERSON, known_only, labelled, labels_of, road_of, street_of
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture
from physadv.library.roads.signs import LABELS, NAMES, kind_of
from physadv.parts.victims.sign_nano import SignNano

_BUCKETS_PX = (0, 16, 24, 48, 96, 10_000)  # longer side of the rendered stop sign
_HELD_OUT_SEED = 10_007  # added to the training seed; training renders come from another generator altogether


def on_drawings(victim: SignNano, config: TrainConfig) -> dict[str, dict[str, Row]]:
    """Title of the table → its rows, for each of ``train.drawings`` in which there is something to be found."""
    tables: dict[str, dict[str, Row]] = {}
    if "road" in config.drawings and any(index_of(name, labels_of(config)) is not None for name in LABELS):
        tables["Drawn roads that were not trained on"] = _on_roads(victim, config)
        if index_of("stop sign", labels_of(config)) is not None:
            tables["Drawn stop signs by their longer side"] = _stop_by_size(victim, config)
    person = index_of(PERSON, labels_of(config))
    if "street" in config.drawings and person is not None:
        tables["Drawn people that were not trained on, by their height"] = _people_by_height(victim, config, person)
    return tables


def _people_by_height(victim: SignNano, config: TrainConfig, label: int) -> dict[str, Row]:
    street = street_of(images=config.held_out_renders, seed=config.seed + _HELD_OUT_SEED)
    pictures = [labelled(scene, i) for scene in street.sweep(8) for i in range(len(scene.keys))]
    return by_height(victim, [known_only(picture, (PERSON,), config) for picture in pictures], [label])


def _held_out(sign: str, config: TrainConfig, count: int) -> list[LabelledPicture]:
    road = road_of(sign, config, images=count, seed=config.seed + _HELD_OUT_SEED)
    pictures = (labelled(scene, i) for scene in road.sweep(8) for i in range(len(scene.keys)))
    return [known_only(picture, LABELS, config) for picture in pictures]


def _on_roads(victim: SignNano, config: TrainConfig) -> dict[str, Row]:
    """Every kind of sign on roads of its own."""
    count = max(1, config.held_out_renders // 4)
    pictures = [picture for name in NAMES for picture in _held_out(name, config, count)]
    rows = [index_of(LABELS[kind_of(name).label], labels_of(config)) for name in NAMES]
    return average_precisions(victim, pictures, [row for row in rows if row is not None])


def _stop_by_size(victim: SignNano, config: TrainConfig) -> dict[str, Row]:
    """Pictures grouped by the longer side of their stop sign."""
    label = index_of("stop sign", labels_of(config))
    assert label is not None
    pictures = [p for p in _held_out("stop", config, config.held_out_renders) if label in p.labels]
    sides = [_longer_side(picture, label) for picture in pictures]
    table = {}
    for low, high in (*pairwise(_BUCKETS_PX), (16, 10_000)):
        group = [p for p, side in zip(pictures, sides, strict=True) if low <= side < high]
        if group:
            name = f"{low} px and more" if high == _BUCKETS_PX[-1] else f"{low} to {high} px"
            table[name] = average_precisions(victim, group, [label])[victim.labels[label]]
    return table


def _longer_side(picture: LabelledPicture, label: int) -> float:
    box = picture.boxes_xyxy_px[picture.labels == label][0]
    return float((box[2:] - box[:2]).max())
