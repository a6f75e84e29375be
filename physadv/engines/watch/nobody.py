"""When the object has not been reported for a minute: what is seen instead, so that people know what to change."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physadv.core.labels import canonical
from physadv.engines.watch.frame_analysis import FrameResult
from physadv.engines.watch.overlay import FILMED
from physadv.engines.watch.tracked_victim import TrackedVictim

QUIET_S = 60.0
FAINT = 0.05  # threshold at which the victim is asked for its best guess
DARK, FLAT = (
    0.06,
    0.02,
)  # of full scale: mean of a picture in which nothing can be seen, spread of one that shows nothing


@dataclass
class Nobody:
    """Counts the seconds in which one victim has not reported the object."""

    tracked: TrackedVictim
    _since_s: float | None = None

    def look(self, result: FrameResult) -> str:
        """One line each minute without the object; else nothing."""
        reports = result.seen[self.tracked.victim.name][FILMED].reports
        now_s = result.frame.time_s
        own = any(canonical(report.label) == canonical(self.tracked.label) for report in reports)
        if own or self._since_s is None or now_s < self._since_s:
            self._since_s = now_s
        if now_s - self._since_s < QUIET_S:
            return ""
        self._since_s = now_s
        others = sorted({report.label for report in reports})
        return (
            f"no {self.tracked.label} for {QUIET_S:g} s. {_picture(result)} {self._guess(result)}"
            f"{'; it reports ' + ', '.join(others[:5]) if others else ''}. Stand 2 to 8 m away, whole in the picture"
        )

    def _guess(self, result: FrameResult) -> str:
        """The victim's best guess below its threshold."""
        name = self.tracked.victim.name
        with torch.no_grad():
            outputs = self.tracked.victim.outputs(result.pictures[FILMED][None])
            (found,) = self.tracked.victim.decide(outputs, FAINT)
        names = [canonical(self.tracked.victim.labels[k]) for k in found.labels.tolist()]
        scores = [s for s, n in zip(found.scores.tolist(), names, strict=True) if n == canonical(self.tracked.label)]
        if not scores:
            return f"{name} sees nothing like one"
        return (
            f"{name}'s best guess is {max(scores):.2f}, its threshold {self.tracked.confidence:.2f} (key - lowers it)"
        )


def _picture(result: FrameResult) -> str:
    """Size and light of the frame, in words."""
    picture = result.frame.bgr_u8
    mean, spread = float(picture.mean()) / 255, float(picture.std()) / 255
    light = f"its mean brightness is {mean:.0%}"
    if mean < DARK:
        light = "it is nearly black: look at the lens and the light"
    elif spread < FLAT:
        light = "it is all of one colour: is the lens covered?"
    return f"The picture is {picture.shape[1]} × {picture.shape[0]} px, {light};"
