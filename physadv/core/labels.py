"""Whether two data sets mean the same thing by two words: COCO's "stop sign" is the road-sign set's "stop"."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

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


def on_one_line(name: str) -> str:
    """A name from somebody else's file as it can be shown and drawn: no line breaks, control signs or turned text."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())


def plain(label: str) -> str:
    """Lower-case, in one form of Unicode, words separated by one space; synonyms stay apart."""
    composed = unicodedata.normalize("NFC", label).casefold()
    return " ".join(composed.replace("_", " ").replace("-", " ").split())


def canonical(label: str) -> str:
    """The label as :func:`plain` writes it, with known synonyms folded together."""
    words = plain(label)
    return _SYNONYMS.get(words, words)


def rows_of(label: str, labels: Sequence[str]) -> list[int]:
    """All rows that the label may mean: those of its own word or, where it has none, those of a synonym."""
    literal = [row for row, known in enumerate(labels) if plain(known) == plain(label)]
    return literal or [row for row, known in enumerate(labels) if canonical(known) == canonical(label)]


def index_of(label: str, labels: tuple[str, ...]) -> int | None:
    """Find a label among a victim's labels, whatever its spelling. ``None`` when the victim does not know it.

    A name that is there literally wins over a synonym: VisDrone's "people" is not its "pedestrian".
    """
    return next(iter(rows_of(label, labels)), None)


def nearest(label: str, labels: Sequence[str]) -> str | None:
    """The label that was probably meant, as the list itself spells it."""
    own = {plain(known): known for known in reversed(labels)}
    by_synonym = {canonical(known): known for known in reversed(labels)}
    for wanted, known in ((plain(label), own), (canonical(label), by_synonym)):
        if near := get_close_matches(wanted, list(known), n=1, cutoff=0.5):
            return known[near[0]]
    return None


def plural(name: str) -> str:
    """ "stop signs", "people", "buses"."""
    if name == "person":
        return "people"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")
