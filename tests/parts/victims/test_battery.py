"""Victims that need no file beside the checkout, through the battery."""

import pytest

from physadv.testing import VICTIM_CHECKS, VictimCheck, sample_images
from tests.parts.victims.building import build_victim


@pytest.mark.parametrize("name", ["sign-nano", "sign-nano-robust", "person-nano"])
@pytest.mark.parametrize("check", VICTIM_CHECKS, ids=lambda check: check.__name__)
def test_the_built_in_detectors_pass(check: VictimCheck, name: str) -> None:
    check(build_victim(name), sample_images())
