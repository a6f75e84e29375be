"""What pip would change for a plugin is told beside the tested versions; a pip that cannot tell fails nothing."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from physadv.app.plugin_care.dependencies import pinned_versions
from physadv.app.plugin_care.dry_run import installation_finding

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Installed, and in need of two packages."""
    place = tmp_path / "driedone-1.0.dist-info"
    place.mkdir()
    needs = ("pillow<13", "driednew>=2", "physadv>=0.1", "never; extra == 'more'")
    lines = ["Metadata-Version: 2.1", "Name: driedone", "Version: 1.0", *(f"Requires-Dist: {need}" for need in needs)]
    (place / "METADATA").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "driedone"


def answering(out: str = "", err: str = "", code: int = 0) -> tuple[list[Sequence[str]], object]:
    asked: list[Sequence[str]] = []

    def ask(words: Sequence[str]) -> Done:
        asked.append(words)
        return subprocess.CompletedProcess(words, code, out, err)

    return asked, ask


def report(**versions: str) -> str:
    return json.dumps({"install": [{"metadata": {"name": n, "version": v}} for n, v in versions.items()]})


def test_a_change_of_a_tested_version_fails_and_is_named(distribution: str) -> None:
    asked, ask = answering(report(Pillow="12.3.0", driednew="2.1"))
    finding = installation_finding(distribution, ask)
    pin = pinned_versions()["pillow"]
    assert finding.state == "failed"
    assert f"pillow {pin} → 12.3.0, tested with {pin}" in finding.said
    assert "driednew 2.1, new here" in finding.said
    assert asked[0][-2:] == ["pillow<13", "driednew>=2"]


def test_what_is_only_added_passes_and_is_named(distribution: str) -> None:
    _, ask = answering(report(driednew="2.1"))
    finding = installation_finding(distribution, ask)
    assert (finding.state, finding.said) == ("passed", "would change driednew 2.1, new here")
    _, ask = answering(report())
    assert installation_finding(distribution, ask).said == "would change nothing"


def test_a_pip_that_cannot_tell_is_one_line_and_no_failure(distribution: str) -> None:
    def waits(words: Sequence[str]) -> Done:
        raise subprocess.TimeoutExpired(words, 1)

    _, silent = answering("not json")
    _, lost = answering(err="WARNING: x\nERROR: No matching distribution found for driednew>=2\n", code=1)
    for ask, said in ((waits, "no way to an index"), (silent, "cannot be read"), (lost, "No matching distribution")):
        finding = installation_finding(distribution, ask)
        assert finding.state == "not tried"
        assert said in finding.said
        assert "\n" not in finding.said


def test_pip_itself_is_understood(distribution: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pip", reason="this environment has no pip")
    for name, version in (("pillow", "12.3.0"), ("driednew", "2.1")):
        with zipfile.ZipFile(tmp_path / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            place = f"{name}-{version}.dist-info"
            wheel.writestr(f"{place}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{place}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    finding = installation_finding(distribution)
    assert finding.state == "failed", finding
    assert "→ 12.3.0" in finding.said
    assert "driednew 2.1, new here" in finding.said
