"""Without Mitsuba, or without an LLVM that works."""

from __future__ import annotations

import builtins
import subprocess
import sys
from typing import Any

import pytest

from physadv.errors import MissingExtra
from physadv.twin import variant


def test_a_missing_mitsuba_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "mitsuba":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r'pip install "physadv\[twin\]"'):
        variant.mitsuba()


@pytest.mark.parametrize(("version", "chosen"), [((15, 0, 6), "scalar_rgb"), ((19, 1, 7), "llvm_ad_rgb")])
def test_an_llvm_that_would_abort_is_not_used(
    version: tuple[int, ...], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mitsuba", reason='needs the extra "twin": pip install "physadv[twin]"')
    drjit = pytest.importorskip("drjit")
    monkeypatch.setattr(drjit, "has_backend", lambda backend: True)
    monkeypatch.setattr(drjit.detail, "llvm_version", lambda: version)
    assert variant._variant.__wrapped__() == chosen


def test_parts_are_listed_without_importing_mitsuba() -> None:
    code = "import sys, physadv.registry as r; r.Registry(); sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
