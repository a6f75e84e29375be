"""The people detector that comes with physadv: what its file tells, and that it finds drawn people."""

from __future__ import annotations

from importlib import resources

import pytest

from physadv.parts.scenes.street import StreetScenes
from physadv.parts.scenes.street_options import StreetConfig
from physadv.parts.victims.options import PersonNanoConfig
from physadv.parts.victims.sign_nano import SignNano, load_sign_nano

WEIGHTS = resources.files("physadv.parts.victims") / "weights"


@pytest.fixture(scope="module")
def victim() -> SignNano:
    return load_sign_nano(PersonNanoConfig(), "person-nano")


def test_it_is_small_and_its_card_is_of_this_file(victim: SignNano) -> None:
    assert victim.labels == ("person",)
    assert sum(p.numel() for p in victim.networks[0].parameters()) <= 2_000_000
    assert len((WEIGHTS / "person-nano.safetensors").read_bytes()) <= 4_000_000
    card = (WEIGHTS / "person-nano.md").read_text()
    assert victim.digest in card
    assert f"Threshold: {victim.confidence:.2f}" in card
    assert "person-nano-photos.csv" in card


def test_every_photo_that_it_learned_from_is_named_with_its_licence() -> None:
    rows = (WEIGHTS / "person-nano-photos.csv").read_text().splitlines()
    assert rows[0].startswith("file,source,original_id,licence,")
    assert len(rows) == 1 + 650
    assert all("CC" in row or "No known copyright restrictions" in row for row in rows[1:])


def test_the_threshold_comes_with_the_weights_unless_another_is_given(victim: SignNano) -> None:
    other = load_sign_nano(PersonNanoConfig(confidence=0.11), "person-nano")
    assert other.confidence == pytest.approx(0.11)
    assert 0.2 < victim.confidence < 0.9


def test_it_finds_most_of_the_drawn_people_who_are_near(victim: SignNano) -> None:
    scene = next(StreetScenes(StreetConfig(images=6, distance_m=[3.0, 6.0], others=[0, 0], occluded=0.0)).sweep(6))
    found = victim.decide(victim.outputs(scene.srgb))
    assert sum(bool(len(one.labels)) for one in found) >= 5
