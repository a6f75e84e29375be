"""Frames that are kept for the page."""

from __future__ import annotations

from physadv.engines.watch.gallery import EVENLY, KeptFrame, Shelf


def test_frames_for_the_page_are_the_weakest_the_strongest_and_a_typical_one() -> None:
    shelf, drawn = Shelf(), []

    def draw(number: int) -> KeptFrame:
        drawn.append(number)
        return KeptFrame(number, keys[number], {}, ())

    keys = [0.5] * 400
    keys[120], keys[301] = 0.1, 0.9
    for key in keys:
        shelf.take(key, draw)
    assert shelf.weakest is not None
    assert shelf.strongest is not None
    assert (shelf.weakest.number, shelf.strongest.number) == (120, 301)
    assert abs(shelf.typical().number - 200) < 32
    assert len(shelf.spread) <= EVENLY
    assert len(drawn) < 80  # a long film is not drawn whole
