"""A victim behind a defence: what all of them say of themselves, and what an adaptive attack may ask of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Defense, Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.core.wrapped import Inner, InnerDecision, Wrapped

BEHIND = " behind "
"""Between the names of a victim and of its defences."""


class Defended(Wrapped[Inner, InnerDecision]):
    """The victim behind one defence; where that victim is a defended one, the outer defence sees the pictures first.

    A subclass changes the pictures (:meth:`passed_on`) or the answers (:meth:`outputs`, :meth:`decide`), and adds to
    :meth:`evasion`, :meth:`alarm`, :meth:`certified`, :meth:`drawing`, :attr:`lead_in` and :meth:`reset` what it has.
    ``to`` is its own, and makes a new one that has forgotten all frames: so every view of a film has a memory of its
    own.
    """

    def __init__(
        self,
        victim: Victim[Inner, InnerDecision],
        defense: Defense,
        options: Mapping[str, Any],
        weights: str = "",
    ) -> None:
        """``options`` are all that the defence was made with, ``weights`` a digest of what it has learned."""
        super().__init__(victim)
        self.defense, self.options, self.weights = defense, dict(options), weights

    @property
    def defenses(self) -> tuple[Defense, ...]:
        """All defences, the one that sees the pictures first at the front."""
        return (self.defense, *(self.inside.defenses if self.inside else ()))

    @property
    def inside(self) -> Defended[Any, Any] | None:
        """The next defence on the way to the victim."""
        return defended_in(self.victim)

    @property
    def bare(self) -> Victim[Any, Any]:
        """The victim without defences."""
        return self.inside.bare if self.inside else self.victim

    @property
    def name(self) -> str:
        """VICTIM behind DEFENSE+DEFENSE."""
        return f"{self.bare.name}{BEHIND}{'+'.join(defense.name for defense in self.defenses)}"

    @property
    def digest(self) -> str:
        """A hash of the victim's digest, the defence's name, its options and its weights."""
        facts = [self.victim.digest, self.defense.name, self.defense.kind, self.options, self.weights]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()

    def passed_on(self, images: Tensor) -> Tensor:
        """The pictures ``(B,3,H,W)`` that the victim inside is asked about, with their gradient."""
        return images

    def outputs(self, images: Tensor) -> Inner:
        """The victim's, on what is passed on."""
        return self.victim.outputs(self.passed_on(images))

    def decide(self, outputs: Inner, confidence: float | None = None) -> InnerDecision:
        """As the victim."""
        return self.victim.decide(outputs, confidence)

    @property
    def evasion(self) -> Evasion | None:
        """The term that an adaptive attack adds to the goal's loss; ``None`` where there is nothing to evade."""
        further = self.inside.evasion if self.inside else None
        return EvasionBehind(self, further) if further else None

    def alarm(self, images: Tensor) -> Tensor | None:
        """``(B,)``, the higher the likelier an attack; ``None`` where no defence raises an alarm."""
        return self.inside.alarm(self.passed_on(images)) if self.inside else None

    def certified(self, images: Tensor, scene: SceneBatch) -> Tensor | None:
        """``(N,)`` bool: the objects whose report no patch within the defence's bound takes away, as it is proven.

        ``None`` where nothing is proven. What an inner defence proves of its pictures is no proof for those that an
        outer one is shown: a patch is no patch any more when a filter has spread it.
        """
        return None

    def drawing(self, generator: torch.Generator) -> AbstractContextManager[None]:
        """While it lasts, random defences draw from the generator; else each picture has its own fixed numbers."""
        return self.inside.drawing(generator) if self.inside else nullcontext()

    @property
    def lead_in(self) -> int:
        """The frames of a film before its answers are all its own; 0 where nothing is remembered."""
        return self.inside.lead_in if self.inside else 0

    def reset(self) -> None:
        """Forget all frames: the next one is the first of a film."""
        if self.inside:
            self.inside.reset()


class RandomlyDefended(Defended[Inner, InnerDecision]):
    """A defended victim that draws random numbers for every picture."""

    _drawn: torch.Generator | None = None

    def generators(self, images: Tensor, seed: int = 0) -> list[torch.Generator]:
        """One on the CPU for every picture: while drawing from the attack's numbers, else from the picture itself.

        So a picture gets the same numbers alone and in a batch, today and tomorrow; another ``seed``, other numbers.
        """
        if self._drawn is not None:
            drawn = self._drawn
            seeds = torch.randint(1 << 62, (len(images),), generator=drawn, device=drawn.device).tolist()
        else:
            seeds = [_seed_of(image, seed) for image in images.detach()]
        return [torch.Generator().manual_seed(number) for number in seeds]

    @contextmanager
    def drawing(self, generator: torch.Generator) -> Iterator[None]:
        """While it lasts, the numbers come from the generator."""
        before, self._drawn = self._drawn, generator
        try:
            with super().drawing(generator):
                yield
        finally:
            self._drawn = before


class EvasionBehind:
    """The evasion of an inner defence, seen through the outer one."""

    def __init__(self, outer: Defended[Any, Any], inner: Evasion) -> None:
        self._outer, self._inner = outer, inner

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``: the inner one's, on what the outer defence passes on."""
        return self._inner.loss(self._outer.passed_on(images), scene)


def defended_in(victim: Victim[Any, Any]) -> Defended[Any, Any] | None:
    """The outermost defence round a victim, also where that is limited, counted or seen as a detector."""
    seen: Any = victim
    while isinstance(seen, Wrapped):
        if isinstance(seen, Defended):
            return seen
        seen = seen.victim
    return None


def remembers(victim: Victim[Any, Any]) -> bool:
    """Whether what it answers to a frame depends on those before."""
    behind = defended_in(victim)
    return behind is not None and any(defense.kind is DefenseKind.temporal for defense in behind.defenses)


def lead_in(victim: Victim[Any, Any]) -> int:
    """The frames that fill its memory."""
    behind = defended_in(victim)
    return behind.lead_in if behind else 0


def _seed_of(image: Tensor, seed: int) -> int:
    """From a picture ``(3,H,W)`` in 8-bit codes, so that a batch's rounding errors do not change it."""
    codes = (image * 255).round().clamp(0, 255).to(torch.uint8).cpu().contiguous()
    made = hashlib.blake2b(f"{seed} {tuple(codes.shape)}".encode(), digest_size=8)
    made.update(codes.numpy().data)
    return int.from_bytes(made.digest(), "little") >> 2
