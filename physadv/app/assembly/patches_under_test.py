"""The patches of a judgement, with what their run folders tell about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from physadv.core.errors import BadOption
from physadv.library.files.patches import load_patch
from physadv.library.runs import record
from physadv.library.runs.relation import Origin
from physadv.parts.patches.controls import PATCH, PatchUnderTest, names_of


def patches_under_test(patch: str, against: Sequence[str], width_mm: float | None) -> tuple[PatchUnderTest, ...]:
    """The patch that is judged, then those it is compared with, with what their run folders tell about them.

    Raises :class:`BadOption` without a patch.
    """
    if not patch:
        raise BadOption("which patch? Say patch=RUN_FOLDER, or patch=picture.png width_mm=300")
    names = names_of([_stem(path) for path in against])
    others = (_patch_under_test(name, path, width_mm) for name, path in zip(names, against, strict=True))
    return (_patch_under_test(PATCH, patch, width_mm), *others)


def _patch_under_test(arm: str, path: str, width_mm: float | None) -> PatchUnderTest:
    run = record.read(Path(path)) if Path(path).is_dir() else {}
    trained = [(v["name"], v["digest"]) for v in run.get("victims", [])] if run.get("command") == "generate" else None
    return PatchUnderTest(
        arm, load_patch(path, width_mm), _stem(path), None if trained is None else tuple(trained),
        run.get("queries"), _origin(Path(path)),
    )  # fmt: skip


def _origin(path: Path) -> Origin | None:
    """From the run folder, also where a patch in it is named."""
    return Origin.read(path if path.is_dir() else path.parent)


def _stem(path: str) -> str:
    """A word for a patch: its folder's or file's name."""
    place = Path(path).resolve()
    return place.name if place.is_dir() else place.parent.name if place.stem == "patch" else place.stem
