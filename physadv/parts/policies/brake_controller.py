"""``brake``: a detector, a tracker and the braking distance decide; nothing is learned.

    detector ─► report of the sign ─► track ─► seen in 2 of the last 3 pictures?
                                                  │ yes
    distance by the pinhole ◄─────────────────────┘        z = f · H / h

The sign is ``H`` tall, ``h`` pixels of it are in the box, ``f`` is the focal length in pixels. The line lies before the
sign by what the options say. The brake is put on when the way left is no longer than ``v² / 2a + v · t + margin``, and
stays on until the car stands; without a sign, or long before one, it cruises. A car that stands too early rolls on.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.errors import IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.protocols import Victim
from physadv.core.types import Detections
from physadv.core.worlds import EpisodeMeasure, Observation
from physadv.library.tracking.iou import IouTracker
from physadv.parts.policies.options import BrakeConfig

BRAKE, COAST, ACCELERATE = range(3)
_SMOOTH = 0.5  # of a new estimate of the distance in the one that is kept
_NEAR_PX = 2  # from the picture's border: a box that touches it is cut off, and its height says nothing


class Approach:
    """What is known in one episode of the sign ahead."""

    def __init__(self, config: BrakeConfig) -> None:
        self.tracker = IouTracker(min_iou=0.1, patience=config.of)
        self.recent: dict[int, deque[bool]] = {}  # by track: whether it was reported in the last pictures
        self.sign_m: float | None = None  # how far ahead the sign is
        self.first_m: float | None = None  # how far it was when it was first believed
        self.braking = False

    def believed(self, boxes: np.ndarray[Any, np.dtype[np.float64]], config: BrakeConfig) -> int | None:
        """The place of the largest box whose track was reported often enough lately."""
        numbers = self.tracker.update(boxes, [0] * len(boxes))
        alive = {track.number for track in self.tracker.tracks}
        for number in alive:
            self.recent.setdefault(number, deque(maxlen=config.of)).append(number in numbers)
        self.recent = {number: seen for number, seen in self.recent.items() if number in alive}
        sure = [place for place, number in enumerate(numbers) if sum(self.recent[number]) >= config.hits]
        return max(sure, key=lambda place: boxes[place, 3] - boxes[place, 1], default=None)


class BrakeController:
    """Brakes for what a detector reports. It has no picture size of its own."""

    actions = ("brake", "coast", "accelerate")
    observation_shape = None
    measures = (
        EpisodeMeasure("first_seen_m", "how far the sign was, by the pinhole, when it was first believed"),
        EpisodeMeasure("seen", "the sign was believed at some time", share=True),
    )

    def __init__(self, config: BrakeConfig, victim: Victim[Any, Any] | None = None) -> None:
        self._config, self._victim = config, victim
        self._label = None if victim is None else self._label_in(victim)
        self._episodes: list[Approach] = []

    @property
    def name(self) -> str:
        """With the detector's, once there is one."""
        return "brake" if self._victim is None else f"brake for {self._victim.name}"

    @property
    def needs_victim(self) -> bool:
        return self._victim is None

    @property
    def victim(self) -> Victim[Any, Any]:
        """The detector. Raises :class:`IncompatibleParts` where there is none yet."""
        if self._victim is None:
            raise IncompatibleParts("policy brake looks through a detector: name one with victim=")
        return self._victim

    def begin(self, episodes: int) -> None:
        """Forget all signs."""
        self._episodes = [Approach(self._config) for _ in range(episodes)]

    @torch.no_grad()
    def act(self, observation: Observation) -> Tensor:
        """``(E,)`` int64. Raises :class:`IncompatibleParts` in a world that tells no speed."""
        if observation.speed_m_s is None:
            raise IncompatibleParts(
                "policy brake reckons with the car's speed, and this world tells none. Choose another"
            )
        decisions = self.victim.decide(self.victim.outputs(observation.images), self._config.confidence)
        speeds, size = observation.speed_m_s.tolist(), observation.images.shape[-2:]
        chosen = [
            self._one(approach, found, speed, (size[0], size[1]))
            for approach, found, speed in zip(self._episodes, decisions, speeds, strict=True)
        ]
        return torch.tensor(chosen, device=observation.images.device)

    def measured(self) -> dict[str, Tensor]:
        """Of the episodes so far, a number each; nan where no sign was believed."""
        first = [math.nan if one.first_m is None else one.first_m for one in self._episodes]
        return {"first_seen_m": torch.tensor(first), "seen": torch.tensor([float(not math.isnan(m)) for m in first])}

    def behind(self, victim: Victim[Any, Any]) -> BrakeController:
        """The same controller with another detector. Raises :class:`IncompatibleParts` for what is none."""
        return BrakeController(self._config, victim)

    def to(self, device: torch.device | str) -> BrakeController:
        """The same on another device."""
        return BrakeController(self._config, None if self._victim is None else self._victim.to(device))

    def _label_in(self, victim: Victim[Any, Any]) -> int:
        if victim.task is not Task.detection:
            raise IncompatibleParts(
                f"policy brake needs a detector, but victim {victim.name!r} does {victim.task}. Choose a detector"
            )
        found = index_of(self._config.label, victim.labels)
        if found is None:
            raise IncompatibleParts(
                f"policy brake stops for {self._config.label!r}, which victim {victim.name!r} does not know; it knows "
                f"{', '.join(victim.labels[:12])}. Set policy.label, or choose another victim"
            )
        return found

    def _one(self, approach: Approach, found: Detections, speed: float, size: tuple[int, int]) -> int:
        """One episode, one picture further."""
        config = self._config
        boxes = found.boxes_xyxy_px[found.labels == self._label].double().cpu().numpy()
        if approach.sign_m is not None:
            approach.sign_m -= speed * config.step_s
        place = approach.believed(boxes, config)
        if place is not None and (seen_m := self._distance_m(boxes[place], size)) is not None:
            before = approach.sign_m
            approach.sign_m = seen_m if before is None else before + _SMOOTH * (seen_m - before)
            approach.first_m = seen_m if approach.first_m is None else approach.first_m
        if approach.sign_m is not None:
            left_m = approach.sign_m - config.line_before_sign_m
            needs_m = speed**2 / (2 * config.brake_m_s2) + speed * config.reaction_s + config.margin_m
            approach.braking = left_m <= needs_m or (approach.braking and speed > 0)
            if approach.sign_m < 0:  # it lies behind
                approach.sign_m, approach.braking = None, False
        if approach.braking:
            return BRAKE
        return ACCELERATE if speed < config.cruise_m_s else COAST

    def _distance_m(self, box: np.ndarray[Any, np.dtype[np.float64]], size: tuple[int, int]) -> float | None:
        """``z = f · H / h``; ``None`` where the box is cut off by the picture's border."""
        x0, y0, x1, y1 = (float(edge) for edge in box)
        height, width = size
        if min(x0, y0) < _NEAR_PX or x1 > width - _NEAR_PX or y1 > height - _NEAR_PX or y1 - y0 < 1:
            return None
        focal_px = width / 2 / math.tan(math.radians(self._config.field_of_view_deg) / 2)
        return focal_px * self._config.sign_mm / 1000 / (y1 - y0)
