"""Pictures of what the defences of the table paint over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from physadv.core.defense_kind import DefenseKind
from physadv.engines.judging.defenses.arms import AttackColumn
from physadv.engines.judging.defenses.mask_pictures import save_masks
from physadv.engines.judging.trial import Trial
from physadv.library.files.patches import load_patch
from physadv.library.report.pages.defenses import MASKS
from physadv.parts.patches.controls import CLEAN, PATCH, PatchUnderTest


def write_masks(table: Mapping[str, Any], trial: Trial, out: Path) -> None:
    """Write ``masks/PLACE.png`` for each row of ``defenses.json`` whose defence looks for patches."""
    for place, row in enumerate(table["rows"]):
        if DefenseKind.localising not in row["kinds"]:
            continue
        titles, others = {CLEAN: "no patch", PATCH: "unaware patch"}, list[PatchUnderTest]()
        if (cell := row["cells"][AttackColumn.adaptive]) and cell["folder"]:
            knows = PatchUnderTest(str(AttackColumn.adaptive), load_patch(out / cell["folder"]))
            titles, others = {**titles, knows.arm: "adaptive patch"}, [knows]
        one = replace(
            trial, victims=(trial.victims[place],), others=tuple(others), identities=(), beside=None, rungs=()
        )
        save_masks(one, titles, out / MASKS / f"{place}.png")
