"""Bounds on a change, as they are typed: numbers, fractions, lists of them. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from physadv.core.errors import BadOption
from physadv.core.problem.norm import Norm

SMALLEST = "smallest"
"""The word for no bound."""

USUAL = {Norm.linf: "8/255", Norm.l2: "1", Norm.l1: "10", Norm.l0: "3"}
"""Where none is given and the attack takes one."""

ORDER = (Norm.linf, Norm.l2, Norm.l1, Norm.l0)
"""In which a norm is looked for where none is given."""


@dataclass(frozen=True)
class ChangeBound:
    """The largest change of a picture."""

    eps: float | None  # None: as small a one as succeeds
    told: str


def bounds_of(typed: Any, norm: Norm) -> tuple[ChangeBound, ...]:
    """One or several. Raises :class:`BadOption` for what is no size in this norm, and for one that is there twice."""
    items: Sequence[Any] = typed if isinstance(typed, list | tuple) else [typed]
    if not items:
        raise BadOption("eps=[] names no size. Write eps=8/255, or eps=[2/255,4/255,8/255]")
    found = tuple(_bound(item, norm) for item in items)
    sizes = [one.eps for one in found]
    if len(set(sizes)) < len(sizes):
        raise BadOption(f"eps names {found[0].told if len(found) == 1 else 'a size'} twice. Leave one of the two out")
    return tuple(sorted(found, key=lambda one: one.eps or 0.0))


def _bound(item: Any, norm: Norm) -> ChangeBound:
    told = f"{item:g}" if isinstance(item, float) else str(item).strip()
    if told == SMALLEST:
        return ChangeBound(None, SMALLEST)
    eps = _number(told)
    if not math.isfinite(eps) or eps <= 0:
        raise BadOption(f"eps={told} must be above 0. For as small a change as succeeds: eps={SMALLEST}")
    if norm is Norm.linf and eps > 1:
        advice = f"Did you mean eps={told}/255 ({eps / 255:.4f})?" if eps <= 255 and "/" not in told else "At most 1"
        raise BadOption(
            f"eps={told} is too large for norm=linf: colours lie in [0, 1], where 1/255 is one code. {advice}"
        )
    if norm is Norm.l0 and eps != int(eps):
        raise BadOption(f"eps={told}: norm=l0 counts pixels. Give a whole number, such as eps=3")
    return ChangeBound(eps, told)


def _number(told: str) -> float:
    over, _, under = told.partition("/")
    try:
        return float(over) / float(under or "1")
    except (ValueError, ZeroDivisionError) as error:
        raise BadOption(f"eps={told} is no size. Write a number or a fraction, such as eps=8/255, or eps={SMALLEST}"
                        ) from error  # fmt: skip
