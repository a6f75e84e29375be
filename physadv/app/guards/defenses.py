"""A defence of a plugin, looked at while it works: what it asks the victim, and what it makes of the answers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.app.guards.victims import GuardedVictim
from physadv.core.defended import Defended, defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Defense, Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.core.wrapped import Wrapped


class GuardedDefense:
    """The defence itself, but the victims it makes are checked."""

    def __init__(self, defense: Defense, owner: Owner) -> None:
        self._defense, self._owner = defense, owner
        name, kind = (owner.call(member, getattr, defense, member) for member in ("name", "kind"))
        owner.require(isinstance(name, str) and bool(name), "name", f"must be text, got {name!s:.80}")
        owner.require(isinstance(kind, DefenseKind), "kind", f"must be a DefenseKind, got {kind!s:.80}")

    @property
    def name(self) -> str:
        return self._defense.name

    @property
    def kind(self) -> DefenseKind:
        return self._defense.kind

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The defended victim. Raises :class:`BrokenPart` where it is another one than the victim."""
        owner = self._owner
        made: Any = owner.call("around", self._defense.around, AskedVictim(victim, owner))
        owner.require(made is not None, "around", "gives None: it must return the defended victim")
        for member in ("name", "labels", "task", "access", "confidence", "digest", "networks", "outputs", "decide",
                       "to"):  # fmt: skip
            there = owner.call(member, hasattr, made, member)
            owner.require(there, "around", f"gives {type(made).__name__}, which has no {member}")
        for what in ("task", "labels", "confidence"):
            got, due = getattr(made, what), getattr(victim, what)
            owner.require(got == due, "around", f"changes the victim's {what} from {due!s:.60} to {got!s:.60}")
        for what in ("name", "digest"):
            same = getattr(made, what) == getattr(victim, what)
            owner.require(not same, "around", f"leaves the victim's {what}, so the two could not be told apart: {what} "
                          "must hold the defence's, too")  # fmt: skip
        return GuardedDefended(made, self, owner, victim)


class AskedVictim(Wrapped[Any, Any]):
    """The victim inside, which looks at the pictures that the defence shows it."""

    def __init__(self, victim: Victim[Any, Any], owner: Owner) -> None:
        super().__init__(victim)
        self._owner = owner

    def outputs(self, images: Tensor) -> Any:
        """As the victim's. Raises :class:`BrokenPart` where it is shown what is no picture."""
        owner, here = self._owner, "outputs"
        owner.require(isinstance(images, Tensor), here, f"shows the victim {type(images).__name__}, not pictures")
        shape, fine = tuple(images.shape), images.ndim == 4 and images.shape[1] == 3 and images.numel() > 0
        owner.require(fine, here, f"shows the victim pictures of shape {shape} where (B, 3, H, W) is due")
        owner.require(images.dtype == torch.float32, here, f"shows the victim {images.dtype} where float32 is due")
        if owner.due(f"{here}/shown", images):
            owner.check_share(here, "the victim pictures", images.detach())
        return self.victim.outputs(images)

    def decide(self, outputs: Any, confidence: float | None = None) -> Any:
        """As the victim."""
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> AskedVictim:
        """The same on another device."""
        return AskedVictim(self.victim.to(device), self._owner)


class GuardedDefended(Defended[Any, Any]):
    """The defended victim itself, checked as a victim is; what an adaptive attack asks is the defence's own."""

    def __init__(self, made: Victim[Any, Any], defense: Defense, owner: Owner, before: Victim[Any, Any]) -> None:
        super().__init__(GuardedVictim(made, owner), defense, {})
        self._made, self._owner, self._before = made, owner, before

    @property
    def inside(self) -> Defended[Any, Any] | None:
        return defended_in(self._made)

    @property
    def defenses(self) -> tuple[Defense, ...]:
        return self.inside.defenses if self.inside else (self.defense,)

    @property
    def bare(self) -> Victim[Any, Any]:
        return self.inside.bare if self.inside else self._before

    @property
    def name(self) -> str:
        return self.victim.name

    @property
    def digest(self) -> str:
        return self.victim.digest

    @property
    def evasion(self) -> Evasion | None:
        found = self._owner.call("evasion", lambda: self.inside.evasion if self.inside else None)
        return GuardedEvasion(found, self._owner) if found else None

    def alarm(self, images: Tensor) -> Tensor | None:
        """``(B,)`` or none. Raises :class:`BrokenPart` where it is anything else."""
        made = self._owner.call("alarm", super().alarm, images)
        if made is not None:
            self._owner.check_tensor("alarm", "alarms", made, (len(images),), images)
            self._owner.check_finite("alarm", "alarms", made.detach())
        return made

    def certified(self, images: Tensor, scene: SceneBatch) -> Tensor | None:
        """``(N,)`` bool or none. Raises :class:`BrokenPart` where it is anything else."""
        inside, owner = self.inside, self._owner
        made = owner.call("certified", inside.certified, images, scene) if inside else None
        if made is not None:
            owner.require(isinstance(made, Tensor), "certified", f"must be a tensor, got {type(made).__name__}")
            fine, due = made.shape == scene.labels.shape and made.dtype == torch.bool, tuple(scene.labels.shape)
            owner.require(fine, "certified", f"must be {due} bool, one an object, got {tuple(made.shape)} {made.dtype}")
        return made

    @property
    def lead_in(self) -> int:
        """A number of frames. Raises :class:`BrokenPart` where it is anything else."""
        made = self._owner.call("lead_in", lambda: self.inside.lead_in if self.inside else 0)
        fine = isinstance(made, int) and made >= 0
        self._owner.require(fine, "lead_in", f"must be a number of frames, got {made!s:.80}")
        return int(made)

    def reset(self) -> None:
        self._owner.call("reset", super().reset)

    def to(self, device: torch.device | str) -> GuardedDefended:
        """The same on another device."""
        moved: Any = self._owner.call("to", self._made.to, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the victim")
        return GuardedDefended(moved, self.defense, self._owner, self._before.to(device))


class GuardedEvasion:
    """The evasion itself, but its losses are checked."""

    def __init__(self, evasion: Evasion, owner: Owner) -> None:
        self._evasion, self._owner = evasion, owner

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``. Raises :class:`BrokenPart` when it has another shape, or is nan."""
        made = self._owner.call("evasion.loss", self._evasion.loss, images, scene)
        self._owner.check_tensor("evasion.loss", "losses", made, (len(images),), images)
        if self._owner.due("evasion.loss", made):
            self._owner.check_finite("evasion.loss", "losses", made.detach())
        return made
