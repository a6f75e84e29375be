"""Without Mitsuba, or without an LLVM that works."""

from __future__ import annotations

import subprocess
import sys

import pytest

from physadv.core.errors import MissingExtra
from physadv.parts.twin import variant
from physadv.parts.twin.entries import build_twin
from physadv.parts.twin.options import TwinConfig


def test_a_missing_mitsuba_is_one_clear_line_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variant, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r'pip install "physadv\[twin\]"'):
        build_twin(TwinConfig())


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
    code = "import sys, physadv.app.registry as r; r.Registry(); sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
