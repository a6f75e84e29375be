"""Whether two data sets mean the same thing by two words: COCO's "stop sign" is the road-sign set's "stop"."""

from __future__ import annotations

_SYNONYMS = {
    "stop": "stop sign",
    "speedlimit": "speed limit",
    "trafficlight": "traffic light",
    "pedestrian": "person",
    "human": "person",
    "people": "person",
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "tvmonitor": "tv",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
}


def canonical(label: str) -> str:
    """Lower-case, words separated by one space, and known synonyms folded together."""
    words = " ".join(label.lower().replace("_", " ").replace("-", " ").split())
    return _SYNONYMS.get(words, words)


def index_of(label: str, labels: tuple[str, ...]) -> int | None:
    """Find a label among a victim's labels, whatever its spelling. ``None`` when the victim does not know it."""
    wanted = canonical(label)
    return next((i for i, known in enumerate(labels) if canonical(known) == wanted), None)
