"""Labels of scenes and victims as numbers: one number for what is one thing, two for what somebody tells apart."""

from __future__ import annotations

from physadv.engines.judging.views import Categories


def test_synonyms_and_spellings_are_one() -> None:
    categories = Categories()
    assert categories.of(["stop", "Person"]).tolist() == [0, 1]
    assert categories.of(["pedestrian", "Stop_Sign", "car"]).tolist() == [1, 0, 2]
    assert categories.names == ["stop sign", "person", "car"]


def test_what_a_data_set_tells_apart_stays_apart() -> None:
    categories = Categories()
    assert categories.of(["pedestrian", "people"]).tolist() == [0, 1]
    assert categories.of(["people", "pedestrian"]).tolist() == [1, 0]
    categories.worn = "people"
    assert categories.of(["person", "car"]).tolist() == [1, 2]  # who knows only persons means the one that wears
    assert categories.of(categories.names).tolist() == [0, 1, 2]


def test_a_victim_that_tells_more_apart_than_the_scenes_reports_what_they_know() -> None:
    categories = Categories()
    assert categories.of(["person"]).tolist() == [0]
    assert categories.of(["pedestrian", "people"]).tolist() == [0, 0]
    assert categories.of(["person", "people"]).tolist() == [0, 1]
