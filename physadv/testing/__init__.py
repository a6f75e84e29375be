"""Checks of what every part must do, which plugin authors run on theirs and the tests on ours.

>>> from physadv.testing import check_victim
>>> check_victim(my_victim)  # doctest: +SKIP

There is one battery for each kind of part. A check that fails raises :class:`BrokenPart` and says what was expected,
what was seen and where; so does a part that raises something else.
"""

from physadv.core.errors import BrokenPart
from physadv.testing.attacks import ATTACK_CHECKS, Remembered, check_attack, check_observer, check_penalty
from physadv.testing.base import TOLERANCE, require, sample_images
from physadv.testing.defenses import DEFENSE_CHECKS, DefenseCheck, check_defense
from physadv.testing.parts import check_goal, check_patch, check_scenes
from physadv.testing.perturbations import PERTURBATION_CHECKS, ToyClassifier, check_perturbation, toy_perturbation
from physadv.testing.policies import POLICY_CHECKS, PolicyCheck, check_policy
from physadv.testing.toys import (
    ToyDefended,
    ToyDefense,
    ToyDetector,
    ToyGoal,
    ToyGridDetector,
    ToyPatch,
    ToyRenderer,
    ToyScenes,
    one_scene,
    toy_problem,
)
from physadv.testing.victims import VICTIM_CHECKS, VictimCheck, check_victim
from physadv.testing.worlds import WORLD_CHECKS, check_world

__all__ = [
    "ATTACK_CHECKS", "DEFENSE_CHECKS", "PERTURBATION_CHECKS", "POLICY_CHECKS", "TOLERANCE", "VICTIM_CHECKS",
    "WORLD_CHECKS", "BrokenPart", "DefenseCheck", "PolicyCheck", "Remembered", "ToyClassifier", "ToyDefended",
    "ToyDefense", "ToyDetector", "ToyGoal", "ToyGridDetector", "ToyPatch", "ToyRenderer", "ToyScenes", "VictimCheck",
    "check_attack", "check_defense", "check_goal", "check_observer", "check_patch", "check_penalty",
    "check_perturbation", "check_policy", "check_scenes", "check_victim", "check_world", "one_scene", "require",
    "sample_images", "toy_perturbation", "toy_problem",
]  # fmt: skip
