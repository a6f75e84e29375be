"""One picture for every value of a grid's first axis: the median object there, without and with the patch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from physadv.core.types import PatchImage
from physadv.engines.judging.exemplars import chosen, rows_of
from physadv.engines.judging.trial import Group, Trial
from physadv.engines.judging.views import Observations
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.report.pictures.pair_pictures import save_pairs
from physadv.library.report.pictures.pairs import FILE, FOLDER
from physadv.library.runs.options import read_object_if_there
from physadv.parts.patches.controls import role


def save_picture(
    place: Path, title: str, trial: Trial, group: Group, shown: Mapping[str, PatchImage], seen: Observations
) -> None:
    """Keep the cell's picture in ``place``; a job of its own may have judged it."""
    watched = group.watched[0]
    picks = chosen(seen, watched, seen_first=trial.seen_first)[:1]
    rows = rows_of(group.showing, shown, watched, seen, picks)
    roles = {arm: role(arm) for arm in shown}
    save_pairs([replace(row, title=title) for row in rows], roles, watched.victim.name, place)


def gather(places: Sequence[Path], out: Path) -> None:
    """Bring the pictures of all cells together for the page; cells of earlier versions have none."""
    pairs, victim = [], ""
    for number, place in enumerate(places, start=1):
        content = read_object_if_there(place / FOLDER / FILE)
        for pair in content.get("pairs", ()):
            for shot in pair["pictures"]:
                name = f"{number}-{Path(shot['file']).name}"
                write_bytes(out / FOLDER / name, (place / FOLDER / Path(shot["file"]).name).read_bytes())
                shot["file"] = name
            pairs.append(pair)
            victim = content["victim"]
    if pairs:
        content = {"victim": victim, "rule": "the median object at every value", "pairs": pairs}
        write_text(out / FOLDER / FILE, json.dumps(content, indent=1, ensure_ascii=False))
