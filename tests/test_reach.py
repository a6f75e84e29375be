"""Which options reach out is told by their mark, and without one by name, type and value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from physadv.core.reach import FETCHES, OPENS, STAYS, TRUSTS, reaching


@dataclass
class Inner:
    mesh: str = ""
    cells: int = 3


@dataclass
class Options:
    path: str = ""
    words: str = "stop"
    number: float = 1.0
    trusted: bool = False
    hub: str = "org/model.pt"
    engine_size: int = 4
    family: str = field(default="small", metadata=OPENS)
    model: str = field(default="tiny", metadata=STAYS)
    fetched: str = field(default="", metadata=FETCHES)
    brave: bool = field(default=False, metadata=TRUSTS)
    inner: Inner = field(default_factory=Inner)


ALWAYS = {"v.hub", "v.fetched"}  # their defaults reach out


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({}, set()),
        ({"path": "", "words": "go", "number": 2.0, "engine_size": 9, "model": "a/b.pt"}, set()),
        ({"path": "x"}, {"v.path"}),
        ({"words": "../x"}, {"v.words"}),
        ({"words": ["a", {"b": "http://x"}]}, {"v.words"}),
        ({"trusted": True}, {"v.trusted"}),
        ({"family": "large"}, {"v.family"}),
        ({"brave": True}, {"v.brave"}),
        ({"inner": {"mesh": "x.obj", "cells": 4}}, {"v.inner.mesh"}),
        ({"unknown": "C:\\x"}, {"v.unknown"}),
    ],
)
def test_what_reaches_out_is_found(options: dict[str, Any], keys: set[str]) -> None:
    assert {reach.key for reach in reaching(Options, options, "v")} == keys | ALWAYS


def test_only_trust_is_trust() -> None:
    found = {r.key: r.trusts for r in reaching(Options, {"trusted": True, "brave": True, "path": "x"}, "v")}
    assert (found["v.trusted"], found["v.brave"], found["v.path"]) == (True, True, False)
