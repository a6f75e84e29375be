"""Work done ahead keeps its order, its bound and its errors, and leaves no thread behind."""

from __future__ import annotations

import threading

import pytest

from physadv.parts.scenes.prefetch import made_ahead


def ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("physadv-scenes")]


def test_items_come_in_their_order() -> None:
    assert list(made_ahead(lambda n: n * n, range(20), workers=3)) == [n * n for n in range(20)]
    assert list(made_ahead(str, [], workers=3)) == []


def test_no_more_is_made_than_is_soon_used() -> None:
    begun: list[int] = []
    items = made_ahead(begun.append, range(20), workers=2)
    next(items)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4


def test_closing_early_ends_the_threads() -> None:
    items = made_ahead(str, range(20), workers=2)
    next(items)
    assert ours()
    items.close()  # type: ignore[attr-defined]
    assert not ours()


def test_an_error_comes_at_its_turn_and_ends_the_threads() -> None:
    items = made_ahead(lambda n: 12 // (2 - n), range(5), workers=3)
    assert [next(items), next(items)] == [6, 12]
    with pytest.raises(ZeroDivisionError):
        next(items)
    assert not ours()
