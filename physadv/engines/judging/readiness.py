"""Checks before the first step: whether there is something to judge, by whom, and where results go."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from pathlib import Path

import torch

from physadv.core.errors import BadInput, BadOption, BadOutput, IncompatibleParts
from physadv.core.labels import canonical, index_of
from physadv.core.protocols import Victim
from physadv.engines.judging.trial import Group, Trial, groups
from physadv.library.files.atomic import write_bytes


@torch.no_grad()
def check_trial(trial: Trial) -> list[Group]:
    """The groups of victims. Raises :class:`PhysadvError` where judging would refuse after the optimisation.

    Looks at the pictures until one has something that wears the patch.
    """
    if trial.cache:
        check_writable(trial.cache, "judge.cache")
    made = groups(trial)
    for group in made:
        labels = worn_labels(group)
        for one in group.watched:
            expect_known(one.victim, labels, trial.goal_name)
    return made


def worn_labels(group: Group) -> list[str]:
    """The labels of what wears the patch in the first picture that has a wearer.

    Raises :class:`BadInput` where nothing wears the patch.
    """
    showing, seen, objects = group.showing, 0, 0
    for scene in showing.scenes.sweep(showing.batch):
        if seen >= len(showing):
            break
        kept = scene.wears & (scene.image_of < len(showing) - seen)
        if kept.any():
            return sorted({scene.label_names[int(label)] for label in scene.labels[kept]})
        seen += len(scene.keys)
        objects += len(scene.wears)
    if not seen:
        raise BadInput("there is not one image to judge on. Choose other scenes, or a larger share for judging.")
    raise BadInput(nothing_worn(min(seen, len(showing)), objects))


def nothing_worn(images: int, objects: int) -> str:
    """Why there is nothing to judge, and what to do."""
    return (
        f"nothing to judge: {images} images with {objects} objects, and none of them wears the patch. Choose another "
        "label, other images, a larger judge.share or judge.images, or a smaller min_height_px."
    )


def expect_known(victim: Victim, wanted: list[str], goal: str) -> None:
    """Raise :class:`IncompatibleParts` unless the victim knows the labels of what wears the patch."""
    unknown = [name for name in wanted if index_of(name, victim.labels) is None]
    if unknown and goal != "conjure":
        known = chain(map(canonical, victim.labels[:12]), ["…"] if len(victim.labels) > 12 else [])
        raise IncompatibleParts(
            f"victim {victim.name!r} does not know {unknown[0]!r}, which wears the patch. It knows: "
            f"{', '.join(known)}. If it calls that class otherwise, name its classes: victim.labels=[…]; else choose "
            "another victim or other scenes."
        )


def check_writable(folder: Path, option: str) -> None:
    """Raise :class:`BadOption` unless files can be written below ``folder``; leaves nothing behind."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        write_bytes(folder / ".probe", b"").unlink()
    except (BadOutput, OSError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise BadOption(f"{option}={folder} cannot be written to: {reason}. Choose another folder") from error
    finally:
        for place in missing:
            with suppress(OSError):  # it is not empty any more: another run came to use it
                place.rmdir()
