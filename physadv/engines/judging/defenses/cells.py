"""Judges one victim behind its defences with all patches made against it; what was judged is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from physadv.engines.judging import shards
from physadv.engines.judging.collect import observe
from physadv.engines.judging.defenses.alarm_rates import with_alarms
from physadv.engines.judging.defenses.certificates import with_certificates
from physadv.engines.judging.evaluate import judge_group, shown_of
from physadv.engines.judging.kept_cell import kept_cell
from physadv.engines.judging.scoring import ground_truth, victim_scores
from physadv.engines.judging.trial import Trial, groups, keeping, key_of
from physadv.engines.judging.views import Progress
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain


def judged_cell(trial: Trial, slug: str, out: Path, progress: Progress) -> Mapping[str, Any]:
    """The scores of the trial's one victim under every arm, as ``scores.json`` tells them.

    They are kept in ``out/cells/SLUG-….json``, whose name changes with everything they depend on; a cell that is there
    is not judged again, and one that was stopped goes on.
    """
    (group,) = groups(trial)
    file = out / "cells" / f"{slug}-{key_of(trial, group)[:12]}.json"
    if (found := kept_cell(file, {"name", "conditions"})) is not None:
        return found
    shown = shown_of(trial)
    seen = observe(group.showing, shown, group.watched, progress, keeping(trial, group, out / "cells", measure=False))
    (judged,) = judge_group(trial, group, seen, ground_truth(seen), list(shown)).values()
    scores = victim_scores(judged, slug, trial.patches_under_test)
    told = with_alarms(scores, group.watched[0].victim, group.showing, shown)
    made: dict[str, Any] = plain(with_certificates(told, group.watched[0].victim, group.showing, shown))
    write_text(file, json.dumps(made, allow_nan=False))
    shards.remove(out / "cells")
    return made
