"""``physadv watch``: build what the options ask for, run it, and write down what it came to."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts
from physadv.app.assembly.defenses import victims_of
from physadv.app.assembly.watch_target import label_of, made_by, patch_and_boards
from physadv.app.assembly.watching import WatchedPrint, analyzer_of, film_facts, loop_of
from physadv.app.assembly.world_feed import feed_of
from physadv.app.config.choices import choices
from physadv.app.config.watch_options import WatchConfig, check
from physadv.app.registry import Registry
from physadv.core.errors import BadOption, FeedDied
from physadv.core.protocols import Victim
from physadv.engines.watch.loop import Loop
from physadv.engines.watch.summary import summary, write_summary
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.library.report.pages.watch import write_watch_report
from physadv.library.report.watch_words import headline, said_aloud
from physadv.library.runs import record
from physadv.library.runs.record import RunRecord

logger = logging.getLogger(__name__)


def watch_command(config: DictConfig, registry: Registry, out: Path) -> float | None:
    """Watch until the source ends. Returns the success of the print, where there was one."""
    started = time.monotonic()
    options, chosen = cast(WatchConfig, OmegaConf.to_object(config)), choices()
    check(options)
    device = parts.device_of(options.device)
    printed = WatchedPrint(*patch_and_boards(options), made_by(options.patch))
    victims = victims_of(registry, options, chosen, device, film=True)
    _check_names(victims)
    goal = parts.part(registry, "goal", chosen["goal"], options.goal, options.seed)
    label = label_of(options, printed.made, victims[0])
    tracked = [TrackedVictim(victim, goal, label, any_object=chosen["goal"] == "conjure") for victim in victims]
    analyzer = analyzer_of(options, printed, tracked, device)
    logger.info("watching %s with %s", options.source, ", ".join(victim.name for victim in victims))
    source = feed_of(registry, options, chosen["world"])
    try:
        facts = film_facts(options, chosen["goal"], analyzer, printed.boards, source)
        loop = loop_of(options, chosen["goal"], analyzer, source, facts, out)
    except BaseException:
        source.close()
        raise
    try:
        with loop.log:
            loop.run()
    finally:
        if loop.browser:
            loop.browser.close()
    content = _summarise(options, loop, facts)
    settings = cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))
    return _finish(content, facts, settings, loop, device, started)


def _check_names(victims: Sequence[Victim]) -> None:
    names = [victim.name for victim in victims]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadOption(f"two victims are called {twice!r}, so their reports could not be told apart. Leave one out")


def _summarise(options: WatchConfig, loop: Loop, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The film in numbers and words, as ``summary.json`` holds it."""
    ended = "the source died" if loop.died else "stopped" if loop.controls.stopping else end_of(options, loop)
    asked = {k: v for k, v in facts.items() if k != "victims"} | {"victims_asked": facts["victims"]}
    told = {
        "name": options.name, **asked, "ended": ended, "reason": loop.source.reason, "times": loop.times.summarised(),
        "mirrored": bool(loop.analyzer.mirror and loop.analyzer.mirror.mirrored),
    }  # fmt: skip
    content = summary(loop.tally, told, minimum_n=options.minimum_n, seed=options.seed)
    return content | {
        "shots": loop.gallery.write(loop.out), "headline": headline(content), "in_doubt": said_aloud(content),
    }  # fmt: skip


def end_of(options: WatchConfig, loop: Loop) -> str:
    """How a run ended that nobody stopped: complete only when all there is was looked at."""
    if options.dry_run:
        return "dry run, one frame"
    if loop.cut_off:
        return f"cut off after max_frames={loop.max_frames}"
    start_s, stop_s = options.frames.start_s, options.frames.stop_s
    if start_s or stop_s:
        return f"from {start_s or 0:g} s to {f'{stop_s:g} s' if stop_s else 'the end'}"
    return "complete"


def _finish(
    content: dict[str, Any],
    facts: dict[str, Any],
    settings: dict[str, Any],
    loop: Loop,
    device: torch.device,
    started: float,
) -> float | None:
    """Write summary, record and report, and say what was found. Raises :class:`FeedDied` where the source died."""
    out = loop.out
    write_summary(out, content)
    prints = [c for v in content["victims"][:1] if v["sighted"] for c in v["conditions"] if c["success"]]
    record.write(out, RunRecord(
        command="watch", name=settings["name"], seed=settings["seed"], choices=choices(), config=settings,
        victims=[{"name": v["name"], "digest": v["digest"]} for v in facts["victims"]], data=facts,
        device=str(device), seconds=time.monotonic() - started,
        scores=[{"victim": facts["victim"], "condition": c["condition"], "scores": [c["success"]]} for c in prints],
        artefacts=sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()),
    ))  # fmt: skip
    logger.info("%s", content["headline"])
    for text in content["in_doubt"]:
        logger.warning("%s", text)
    logger.info("report  %s", write_watch_report(out))
    if loop.died:
        raise FeedDied(f"{loop.source.reason.removesuffix('.')}. What was seen until then is in {out}")
    return next((c["success"]["value"] for c in prints if c["condition"] == "print"), None)
