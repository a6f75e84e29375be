"""The cost of a judgement, measured on a few pictures of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from physadv.core.types import PatchImage
from physadv.engines.judging.collect import Keeping, observe
from physadv.engines.judging.evaluate import shown_of
from physadv.engines.judging.trial import Group, Trial
from physadv.library.runs.forecast import MAX_PICTURES, Part, enough_memory, timed
from physadv.parts.patches.controls import CLEAN, PATCH


def measured_judging(trial: Trial, groups: list[Group], images: int, *, measure: bool = True) -> float:
    """Seconds that the whole judgement takes: ``images`` are shown as they are and with the patch, to every victim.

    ``measure`` says whether the pictures are compared with the clean ones, too.
    """
    shown = shown_of(trial)
    pair = {name: shown[name] for name in (CLEAN, PATCH)}
    passes = len(shown) + 2 * len(trial.rungs)  # the patch and the grey one in each
    keeping, total = Keeping(trial.protocol.kept_from, measure=measure), 0.0
    for group in groups:
        with enough_memory("judge.batch"):
            _show(group, 1, pair, keeping)  # warms up
            few = min(images, len(group.showing))
            seconds = timed(partial(_show, group, few, pair, keeping))
        total += seconds / few * len(group.showing) * passes / len(pair)
    return total


def _show(group: Group, images: int, shown: Mapping[str, PatchImage], keeping: Keeping) -> None:
    observe(replace(group.showing, images=images), shown, group.watched, lambda done, total: None, keeping)


def judging_part(trial: Trial, groups: list[Group]) -> Part:
    """The cost of judging."""
    images = sum(len(group.showing) for group in groups) * trial.draws
    return Part("judging", measured_judging(trial, groups, min(trial.batch, MAX_PICTURES)), f"{images} images")


def cells_part(trial: Trial, groups: list[Group], cells: int) -> Part:
    """The cost of a grid's cells, each as much as this one."""
    images = sum(len(group.showing) for group in groups) * trial.draws
    seconds = measured_judging(trial, groups, min(trial.batch, MAX_PICTURES), measure=False)
    return Part("judging", cells * seconds, f"{cells} cells of {images} images")
