"""The audit of gradient masking flags every broken victim of the bench, and none of the sound ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.problem.limited import Limited
from physadv.core.protocols import Victim
from physadv.engines.studies.audit_check import MaskingAudit
from physadv.engines.studies.masking import MaskingTask, audit
from physadv.engines.studies.options import MaskingConfig
from physadv.parts.victims.whole_picture import WholePicture
from physadv.testing.toys import ToyDefense, ToyDetector, ToyScenes
from tests.engines.studies.bench import BROKEN, HIDE, SOUND, WholePictures, behind, detached, goal_on

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"images": 4, "batch": 2, "eps": 0.2, "steps": 12, "queries": 40, "tries": 4, "directions": 4}


def audited(victim: Victim[Any, Any], draws: int = 1, bare: Victim[Any, Any] | None = None) -> MaskingAudit:
    torch.manual_seed(0)
    scenes: Any = WholePictures(ToyScenes()) if isinstance(victim, WholePicture) else ToyScenes()
    return audit(MaskingTask(victim, goal_on(victim), scenes, MaskingConfig(**SMALL, draws=draws), CPU, bare=bare))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_victim_is_flagged(name: str) -> None:
    victim, draws, check = BROKEN[name]
    found = audited(victim, draws)
    assert check in [one.name for one in found.flagged]
    assert "cannot be trusted" in found.headline


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_victim_is_not_flagged(name: str) -> None:
    victim, draws = SOUND[name]
    bare = None if name in ("bare", "a classifier") else ToyDetector()
    found = audited(victim, draws, bare)
    assert [(one.name, one.words) for one in found.flagged] == []
    assert "No sign" in found.headline


def test_the_words_of_a_check_name_figures_and_remedy() -> None:
    found = audited(behind("detached", detached, DefenseKind.smooth), bare=ToyDetector())
    words = {check.name: check for check in found.checks}
    assert "straight-through" in words["gradient"].words
    assert words["gradient"].figure == 1.0
    assert words["gradient"].bound == "at most 0"
    assert words["draws"].figure is None
    assert "no defense is random" in words["draws"].words


def test_the_same_seed_gives_the_same_audit() -> None:
    first, second = (audited(ToyDefense().around(ToyDetector())) for _ in range(2))
    assert first.checks == second.checks
    assert first.attacks == second.attacks


def test_the_victims_gradients_are_asked_for_on_pictures_it_understands() -> None:
    found = audited(ToyDetector())
    by_name = {outcome.name: outcome for outcome in found.attacks}
    assert by_name["no attack"].success.value == 0
    assert by_name["no attack"].loss_left == 1
    assert found.objects == found.pictures == by_name["iterative"].success.n
    assert len(by_name["iterative"].trace) == 2 * len(by_name["half the steps"].trace)


def test_a_victim_without_gradients_is_refused() -> None:
    with pytest.raises(IncompatibleParts, match=r"no gradients.*black box"):
        audited(Limited(ToyDetector(), AccessLevel.scores))


def test_a_victim_that_sees_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to audit 'toy' on"):
        audited(ToyDetector(confidence=1.0))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"images": 0}, "audit.images"), ({"steps": 3}, "audit.steps"), ({"eps": 1.0}, "audit.eps"),
     ({"evasion_weight": -1.0}, "audit.evasion_weight"), ({"margin": 0.0}, "audit.margin")],
)  # fmt: skip
def test_numbers_with_which_nothing_can_be_told_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        MaskingTask(ToyDetector(), HIDE, ToyScenes(), MaskingConfig(**options), CPU)
