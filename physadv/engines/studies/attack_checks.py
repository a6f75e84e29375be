"""Checks by attacks: one that knows more, does more or may do more must not come less far.

The list is Athalye, Carlini and Wagner's (2018, arXiv:1802.00420, section 3.1), made longer by Carlini et al. 2019
(arXiv:1902.06705, section 4).
"""

from __future__ import annotations

from physadv.engines.studies.audit_check import AttackOutcome, AuditCheck, CheckVerdict

UNBOUNDED = 0.95
"""Least success of an attack that may change pictures as it likes; below 20 objects that is all of them."""


def unbounded_succeeds(unbounded: AttackOutcome) -> AuditCheck:
    """Success where ``eps`` is 1."""
    share = unbounded.success.value
    words = (
        "an attack that may change everything reaches the goal"
        if share >= UNBOUNDED
        else "an attack that may change everything does not reach the goal, though a grey picture would hide anything: "
        "the gradient leads nowhere, or audit.steps= are too few"
    )
    return _check(
        "unbounded", "Does an attack without a bound reach the goal?", "its success", share, UNBOUNDED,
        sound=share >= UNBOUNDED, words=words, at_least=True,
    )  # fmt: skip


def single_is_no_better(single: AttackOutcome, iterated: AttackOutcome, margin: float) -> AuditCheck:
    """By how much one step beats many."""
    return _no_better(
        "single step", "Are many small steps at least as good as one large step?", single, iterated, margin,
        "gradients close to the picture lead astray: they are masked there",
    )  # fmt: skip


def black_box_is_no_better(black_box: AttackOutcome, iterated: AttackOutcome, margin: float) -> AuditCheck:
    """By how much a search without gradients beats one with them."""
    return _no_better(
        "black box", "Is an attack with gradients at least as good as one that only asks?", black_box, iterated, margin,
        "the gradient hides what asking finds out",
    )  # fmt: skip


def transfer_is_no_better(transferred: AttackOutcome | None, iterated: AttackOutcome, margin: float) -> AuditCheck:
    """By how much an attack on the bare victim beats one on the defended victim, both judged on the latter."""
    name, asks = "transfer", "Is an attack that knows the defense at least as good as one on the bare victim?"
    if transferred is None:
        return _untold(name, asks, "lead of the attack on the bare victim", margin, "no defense: nothing to compare")
    return _no_better(
        name, asks, transferred, iterated, margin,
        "the bare victim's gradient is the better guide: that through the defense is masked. Where the defense is a "
        "search for patches, try another audit.evasion_weight=",
    )  # fmt: skip


def noise_is_worse(noise: AttackOutcome, iterated: AttackOutcome, margin: float) -> AuditCheck:
    """By how much the attack is ahead of noise of the same size."""
    name, asks = "noise", "Is the attack better than noise of the same size?"
    lead = iterated.ahead_of(noise)
    if lead < margin and noise.loss_left < margin:
        return _untold(name, asks, "lead of the attack", margin, "noise alone reaches the goal. Lower audit.eps=")
    words = (
        "the attack comes further than noise"
        if lead >= margin
        else "the attack comes no further than noise would: its gradient says nothing"
    )
    return _check(name, asks, "lead of the attack", lead, margin, sound=lead >= margin, words=words, at_least=True)


def converges(half: AttackOutcome, iterated: AttackOutcome, margin: float) -> AuditCheck:
    """By how much half of the steps beat all of them."""
    check = _no_better(
        "convergence", "Are more steps at least as good as fewer?", half, iterated, margin,
        "with more steps the attack gets worse: it does not follow a slope",
    )  # fmt: skip
    if check.verdict is CheckVerdict.sound and iterated.ahead_of(half) > margin:
        return _check(
            check.name, check.asks, check.measured, half.ahead_of(iterated), margin, sound=True, at_least=False,
            words="twice the steps are still clearly better: raise audit.steps= before you quote a figure",
        )  # fmt: skip
    return check


def _no_better(
    name: str, asks: str, weaker: AttackOutcome, stronger: AttackOutcome, margin: float, reason: str
) -> AuditCheck:
    lead = weaker.ahead_of(stronger)
    told = f"{weaker.name} {weaker.success.value:.0%}, {stronger.name} {stronger.success.value:.0%}"
    words = f"as it should be: {told}" if lead <= margin else f"{told}: {reason}"
    return _check(
        name, asks, f"lead of {weaker.name}", lead, margin, sound=lead <= margin, words=words, at_least=False,
    )  # fmt: skip


def _check(
    name: str, asks: str, measured: str, figure: float, threshold: float, *, sound: bool, words: str, at_least: bool
) -> AuditCheck:
    verdict = CheckVerdict.sound if sound else CheckVerdict.flagged
    return AuditCheck(name, asks, measured, figure, threshold, at_least, verdict, words)


def _untold(name: str, asks: str, measured: str, threshold: float, words: str) -> AuditCheck:
    return AuditCheck(name, asks, measured, None, threshold, False, CheckVerdict.untold, words)
