"""The audit of gradient masking: whether what attacks with gradients say of a victim can be trusted.

A defence that only spoils the gradient looks robust to every attack that follows it, and is not (Athalye, Carlini and
Wagner 2018, arXiv:1802.00420). The audit runs the checks of that paper and of Carlini et al. 2019 (arXiv:1902.06705) on
the goal's loss, with small changes of whole pictures: what holds for the gradient there holds for patches, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import SceneBatch, Score
from physadv.engines.studies import attack_checks, gradient_checks, linf_attacks
from physadv.engines.studies.audit_check import AttackOutcome, AuditCheck, MaskingAudit
from physadv.engines.studies.options import MaskingConfig, check_masking
from physadv.engines.studies.subject import Subject, audited_scenes, counted
from physadv.library.metrics.interval import wilson

Attack = Callable[[SceneBatch], Tensor]
Tell = Callable[[str], object]
"""Hears of every part before it begins."""


PARTS = 10
"""Of an audit, at most."""


@dataclass(frozen=True)
class MaskingTask:
    """A victim to be audited, and on what."""

    victim: Victim
    goal: Goal  # bound to the victim's labels
    scenes: SceneSource
    config: MaskingConfig
    device: torch.device
    seed: int = 0
    bare: Victim | None = None  # the same without defences, where it has any

    def __post_init__(self) -> None:
        check_masking(self.config)
        if self.victim.access < AccessLevel.gradients:
            raise IncompatibleParts(
                f"victim {self.victim.name!r} gives {self.victim.access.name}, no gradients: there are none to be "
                "audited. Attack it as a black box, or choose a victim with gradients"
            )

    def subject(self) -> Subject:
        """The victim as it is asked."""
        weight = self.config.evasion_weight
        return Subject.of(self.victim, self.goal, seed=self.seed, draws=self.config.draws, evasion_weight=weight)


def audit(task: MaskingTask, tell: Tell = lambda _: None) -> MaskingAudit:
    """Make every check of one victim."""
    begun, config, subject = time.monotonic(), task.config, task.subject()
    tell("pictures")
    shown = audited_scenes(subject, task.scenes, config.images, config.batch, task.device)
    bare = None if task.bare is None else Subject(task.bare, task.goal, task.seed)
    bench = _Bench(subject, shown, bare, config, tell)
    attacks = bench.attacks()
    return MaskingAudit(
        victim=task.victim.name, digest=task.victim.digest, objects=counted(shown),
        pictures=sum(len(scene.keys) for scene in shown), checks=tuple(bench.checks(attacks)),
        attacks=tuple(attacks.values()), seconds=time.monotonic() - begun,
    )  # fmt: skip


@dataclass(frozen=True)
class _Bench:
    """A subject, and the pictures on which it is audited."""

    subject: Subject
    scenes: Sequence[SceneBatch]
    bare: Subject | None
    config: MaskingConfig
    tell: Tell

    def checks(self, attacks: Mapping[str, AttackOutcome]) -> Iterator[AuditCheck]:
        """All of them, those of the gradient first."""
        subject, scenes, margin, full = self.subject, self.scenes, self.config.margin, attacks["iterative"]
        self.tell("gradients")
        yield gradient_checks.gradient_is_there(subject, scenes)
        differences = gradient_checks.differences(subject, scenes, self.config.directions)
        yield differences.agrees()
        yield differences.reaches()
        yield gradient_checks.repeats(subject, scenes)
        yield gradient_checks.draws_suffice(subject, scenes)
        yield attack_checks.unbounded_succeeds(attacks["unbounded"])
        yield attack_checks.noise_is_worse(attacks["noise"], full, margin)
        yield attack_checks.single_is_no_better(attacks["single step"], full, margin)
        yield attack_checks.converges(attacks["half the steps"], full, margin)
        yield attack_checks.black_box_is_no_better(attacks["black box"], full, margin)
        yield attack_checks.transfer_is_no_better(attacks.get("transfer"), full, margin)

    def attacks(self) -> dict[str, AttackOutcome]:
        """Each by name."""
        config, subject = self.config, self.subject
        eps, steps = config.eps, config.steps
        made = {
            "no attack": self._outcome("no attack", 0.0, lambda scene: scene.srgb),
            "noise": self._outcome("noise", eps, lambda scene: linf_attacks.noise(subject, scene, eps, config.tries)),
            "single step": self._outcome(
                "single step", eps, lambda scene: linf_attacks.single_step(subject, scene, eps)
            ),
            "half the steps": self._iterative("half the steps", subject, eps, steps // 2),
            "iterative": self._iterative("iterative", subject, eps, steps),
            "unbounded": self._iterative("unbounded", subject, 1.0, steps),
            "black box": self._outcome(
                "black box", eps, lambda scene: linf_attacks.squares(subject, scene, eps, config.queries)
            ),
        }
        if self.bare is not None:
            made["transfer"] = self._iterative("transfer", self.bare, eps, steps)
        return made

    def _iterative(self, name: str, source: Subject, eps: float, steps: int) -> AttackOutcome:
        """Optimised on the source, judged on the subject."""
        traces: list[list[float]] = []

        def attack(scene: SceneBatch) -> Tensor:
            traces.append([])
            return linf_attacks.iterative(source, scene, eps, steps, traces[-1])

        outcome = self._outcome(name, eps, attack)
        sizes = [len(scene.keys) for scene in self.scenes]
        by_step = zip(*traces, strict=True)
        mean = (sum(n * loss for n, loss in zip(sizes, row, strict=True)) / sum(sizes) for row in by_step)
        return replace(outcome, trace=tuple(mean))

    def _outcome(self, name: str, eps: float, attack: Attack) -> AttackOutcome:
        self.tell(name)
        left, achieved, objects, pictures = 0.0, 0.0, 0, 0
        for scene in self.scenes:
            images = attack(scene)
            before, after = (self.subject.losses(each, scene, "judged") for each in (scene.srgb, images))
            left += float((after / before.clamp_min(1e-6)).sum())
            achieved += float(self.subject.achieved(images, scene, "judged")[scene.wears].sum())
            objects, pictures = objects + int(scene.wears.sum()), pictures + len(images)
        low, high = wilson(achieved, objects)
        return AttackOutcome(name, Score("success", achieved / objects, low, high, objects), left / pictures, eps)
