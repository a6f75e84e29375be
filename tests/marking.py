"""What shows in a test's code to be slow: it starts Python, reads a run or real photos, traces light, fits a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType

import pytest

STARTS = {"executable", "forked", "PROCESSES"}
"""Names that only those use who start Python: ``sys.executable``, and what tests.running offers."""


COMPUTES = {"TwinScenes", "fit_colours"}
"""Names that only those use whose work is long by itself: a path tracer, and inks fitted to the photo of a chart."""


def is_slow(item: pytest.Function) -> bool:
    """Whether it shows in the code that the test takes more than a second."""
    return starts_python(item) or waits_for_a_run(item) or computes_long(item) or reads_what_is_real(item)


def computes_long(item: pytest.Function) -> bool:
    """Whether the test traces light or fits a chart, by itself, through a function of its module or a fixture."""
    return any(COMPUTES & used for used in map(_names, [item.function, *_fixtures(item)]))


def reads_what_is_real(item: pytest.Function) -> bool:
    """Whether the test looks at the real photos and weights beside the checkout, with networks or by the dozen."""
    return "shared" in item.fixturenames


def starts_python(item: pytest.Function) -> bool:
    """Whether the test starts a Python process, by itself, through a function of its module or through a fixture."""
    return any(STARTS & used for used in map(_names, [item.function, *_fixtures(item)]))


def waits_for_a_run(item: pytest.Function) -> bool:
    """Whether a fixture runs a command first."""
    return any({"physadv", "make_run"} & used for used in map(_names, _fixtures(item)))


def _fixtures(item: pytest.Function) -> list[Callable[..., object]]:
    return [fixtures[-1].func for fixtures in item._fixtureinfo.name2fixturedefs.values()]


@cache
def _names(function: Callable[..., object]) -> frozenset[str]:
    """Global names and attributes that a function uses; those of functions of its own module, too."""
    todo, seen, names = [function], set[str](), set[str]()
    while todo:
        current = todo.pop()
        if not isinstance(current, FunctionType):
            continue
        for name in {name for code in _codes(current.__code__) for name in code.co_names}:
            names.add(name)
            other = current.__globals__.get(name)
            if name not in seen and isinstance(other, FunctionType) and other.__module__ == current.__module__:
                seen.add(name)
                todo.append(getattr(other, "__wrapped__", other))
    return frozenset(names)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
