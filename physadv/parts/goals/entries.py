"""Aims of an attacker on a detector, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.goals.options import AlterConfig, ConjureConfig, HideConfig, ImpersonateConfig, check_impersonate

if TYPE_CHECKING:
    from physadv.core.protocols import Goal


def _hide(config: HideConfig) -> Goal:
    from physadv.parts.goals.detection import Hide

    return Hide(config)


def _alter(config: AlterConfig) -> Goal:
    from physadv.parts.goals.detection import Alter

    return Alter(config)


def _conjure(config: ConjureConfig) -> Goal:
    from physadv.parts.goals.detection import Conjure

    return Conjure(config)


def _impersonate(config: ImpersonateConfig) -> Goal:
    check_impersonate(config)
    return _alter(config)


@hookimpl
def physadv_goals() -> list[Entry[Any, Goal]]:
    return [
        Entry("hide", HideConfig, _hide, "the detector overlooks the object", "Thys et al. 2019, arXiv:1904.08653"),
        Entry(
            "alter", AlterConfig, _alter, "the detector takes the object for something else",
            "Eykholt et al. 2018, arXiv:1707.08945",
        ),
        Entry(
            "conjure", ConjureConfig, _conjure, "the detector reports an object that is not there",
            "Song et al. 2018, arXiv:1807.07769",
        ),
        Entry(
            "dodge", HideConfig, _hide, "the recogniser does not know the face for the person's",
            "Sharif et al. 2016, doi:10.1145/2976749.2978392",
        ),
        Entry(
            "impersonate", ImpersonateConfig, _impersonate, "the recogniser takes the face for another person's",
            "Sharif et al. 2016, doi:10.1145/2976749.2978392",
        ),
    ]  # fmt: skip
