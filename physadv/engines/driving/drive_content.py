"""What ``drive.json`` says of a judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from physadv.engines.driving.curves import conditions_of, curves_of
from physadv.engines.driving.run import DrivenArm
from physadv.engines.driving.specs import PRINT, DriveTask
from physadv.engines.driving.table import MINIMUM_SEEDS, medians, rows_of
from physadv.engines.driving.workshop import Workshop
from physadv.library.files.patches import PICTURE, load_patch


def content_of(task: DriveTask, arms: Sequence[DrivenArm], workshop: Workshop) -> dict[str, Any]:
    """Rows, curves, and who took part."""
    rows = rows_of(arms)
    conditions = {world.name: conditions_of(world, task.seeds) for world in task.worlds}
    return {
        "minimum_seeds": MINIMUM_SEEDS,
        "worlds": [{"name": world.name, "step_s": world.step_s, "actions": list(world.actions),
                    "measures": [asdict(measure) for measure in world.measures],
                    "slots": [asdict(slot) for slot in world.slots]} for world in task.worlds],
        "policies": [
            {"name": driver.policy.name, "digest": driver.policy.victim.digest, "task": str(driver.policy.victim.task),
             "incomplete": bool(driver.attackers) and bool(task.means)
             and all(attacker.threat == "transfer" for attacker in driver.attackers)}
            for driver in task.drivers
        ],
        "rows": rows, "medians": medians(rows), "curves": curves_of(rows, conditions, task.seeds),
        "prints": prints_of(task, workshop), "made": workshop.made(),
    }  # fmt: skip


def prints_of(task: DriveTask, workshop: Workshop) -> list[dict[str, Any]]:
    """Every print that was made, once."""
    if PRINT not in task.means:
        return []
    found: dict[str, dict[str, Any]] = {}
    for driver in task.drivers:
        for attacker in driver.attackers:
            folder = workshop.print_folder(attacker)
            patch, name = load_patch(folder), folder.relative_to(workshop.folder).as_posix()
            facts = workshop.made().get(name, {})
            found[name] = {
                "policy": attacker.policy.name, "folder": name, "file": f"{name}/{PICTURE}",
                "width_mm": patch.width_mm, "height_mm": patch.height_mm,
                "seconds": facts.get("seconds"), "asked": facts.get("asked"),
            }  # fmt: skip
    return list(found.values())
