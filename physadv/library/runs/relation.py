"""Whether what is judged on was optimised on: found out by the pictures' content, and kept in the run folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.core.scene_protocols import Photographs, SceneSource
from physadv.library.files.atomic import write_text
from physadv.library.runs.options import read_object_if_there

logger = logging.getLogger(__name__)

FILE = "optimised_on.json"  # in the run folder


@dataclass(frozen=True)
class Origin:
    """Photos and victims that a patch was optimised on."""

    scenes: str  # the part that was chosen: "coco", "road", …
    judged_apart: str = ""  # a digest of scenes, share and seed, where the source itself keeps a part for judging
    pictures: Mapping[str, str] | None = None  # digest of every picture with a wearer → its name; None: drawn ones

    def write(self, out: Path) -> None:
        """Note it in the run folder."""
        content = {"scenes": self.scenes, "judged_apart": self.judged_apart, "pictures": self.pictures}
        write_text(out / FILE, json.dumps(content, indent=1, ensure_ascii=False))

    @staticmethod
    def read(folder: Path) -> Origin | None:
        """Read the origin that a run folder tells; ``None`` where it tells nothing."""
        found = read_object_if_there(folder / FILE)
        pictures = found.get("pictures")
        if not isinstance(found.get("scenes"), str) or not isinstance(pictures, dict | None):
            return None
        known = None if pictures is None else {str(digest): str(name) for digest, name in pictures.items()}
        return Origin(found["scenes"], str(found.get("judged_apart", "")), known)


@dataclass(frozen=True)
class Relation:
    """How the scenes that are judged relate to those that were optimised on."""

    words: str  # one sentence
    seen: int | None  # pictures with a wearer that were optimised on; None: nobody can say
    pictures: int  # with a wearer

    def plain(self) -> dict[str, Any]:
        """As the protocol tells it."""
        return {"words": self.words, "seen": self.seen, "pictures": self.pictures}


def origin(scenes: SceneSource, choice: str, judged_apart: str) -> Origin:
    """The identity of ``scenes``, to be met again. Photographs are decoded for that."""
    if not isinstance(scenes, Photographs):
        return Origin(choice, judged_apart)
    return Origin(choice, judged_apart, {digest: name for name, digest in worn_digests(scenes).items()})


def worn_digests(scenes: Photographs) -> dict[str, str]:
    """Key → digest of every picture with a wearer: no other is optimised on."""
    return scenes.digests({one.key for one in scenes.wearers()})


def relate(judge_on: SceneSource, choice: str, judged_apart: str, known: Origin | None) -> Relation:
    """Compare what is judged on with what was optimised on."""
    if isinstance(judge_on, Photographs):
        return _photographs(judge_on, known)
    count = len(judge_on)
    if known is None:
        return Relation(f"judged on scenes={choice}; it is not known what the patch was optimised on", None, count)
    if known.pictures is not None:
        return Relation(
            f"judged on scenes={choice}; the patch was optimised on photos (scenes={known.scenes})", 0, count
        )
    if judged_apart and judged_apart == known.judged_apart:
        return Relation("judged on scenes that were not optimised on", 0, count)
    return Relation(f"judged on scenes={choice}; the patch was optimised on scenes={known.scenes}", None, count)


def _photographs(judge_on: Photographs, known: Origin | None) -> Relation:
    if known is None:
        count = len({one.key for one in judge_on.wearers()})
        return Relation("judged on photos; it is not known which photos the patch was optimised on", None, count)
    found = worn_digests(judge_on)
    if known.pictures is None:
        return Relation(f"judged on photos; the patch was optimised on scenes={known.scenes}", 0, len(found))
    seen = sum(digest in known.pictures for digest in found.values())
    if not seen:
        return Relation("judged on photos that were not optimised on (compared by content)", 0, len(found))
    many = "all" if seen == len(found) else f"{seen} of"
    return Relation(f"{many} {len(found)} photos that are judged on were optimised on", seen, len(found))


def without_seen(judge_on: SceneSource, optimise_on: SceneSource) -> SceneSource:
    """The scenes kept for judging, without copies of photos that are optimised on."""
    if not isinstance(judge_on, Photographs) or not isinstance(optimise_on, Photographs):
        return judge_on
    known = set(worn_digests(optimise_on).values())
    copies = {key for key, digest in worn_digests(judge_on).items() if digest in known}
    if copies:
        logger.warning(
            "%d photo%s kept for judging show%s the very picture of one that is optimised on, and %s left out: %s",
            len(copies), *(("", "s", "is") if len(copies) == 1 else ("s", "", "are")), ", ".join(sorted(copies)[:3]),
        )  # fmt: skip
    return judge_on.only(set(judge_on.keys) - copies) if copies else judge_on
