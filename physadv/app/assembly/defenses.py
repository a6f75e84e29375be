"""The victims that the options name, each behind every defence that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch

from physadv.app.assembly import parts
from physadv.app.assembly.victims import bare_victims, seen_by_patches
from physadv.app.registry import Registry
from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.protocols import Defense, Victim
from physadv.parts.defenses.chain import Chain


class VictimOptions(Protocol):
    """Options of a command that says who is asked, and what stands before them."""

    @property
    def victim(self) -> Any:
        """Options of the chosen part."""
        ...

    @property
    def victims(self) -> Sequence[Any]:
        """Several, as listed; empty: the one of ``victim``."""
        ...

    @property
    def defense(self) -> Any:
        """Options of the chosen part."""
        ...

    @property
    def defenses(self) -> Sequence[Any]:
        """Several, as listed; empty: the one of ``defense``."""
        ...

    @property
    def seed(self) -> int: ...


def victims_of(
    registry: Registry, options: VictimOptions, choices: Mapping[str, str], device: torch.device, *, film: bool = False
) -> list[Victim]:
    """Every victim behind every defence, first the first victim's, as patch attacks see them.

    Raises :class:`IncompatibleParts` where a defence does not fit a victim, and for one that remembers frames unless
    it is shown a ``film``.
    """
    seed = options.seed
    bare = bare_victims(registry, options.victims, choices["victim"], options.victim, seed)
    defenses = defenses_of(registry, options.defenses, choices["defense"], options.defense, seed)
    if forgetful := next((d for d in defenses if d.kind is DefenseKind.temporal and not film), None):
        raise IncompatibleParts(
            f"defense {forgetful.name!r} remembers frames, and here pictures are no film. Judge it with physadv "
            "evaluate, which makes films of them, or choose another defense="
        )
    return [seen_by_patches(defense.around(one.to(device))).to(device) for one in bare for defense in defenses]


def defenses_of(registry: Registry, listed: Sequence[Any], choice: str, options: Any, seed: int) -> list[Defense]:
    """Those of ``defenses=``, or the one of ``defense=`` with its ``options``.

    Raises :class:`BadOption` where one is named twice, or what is named is none.
    """
    if twice := next((item for place, item in enumerate(listed) if item in listed[:place]), None):
        raise BadOption(f"defenses names {twice!r} twice. Leave one of the two out")
    return [_listed(registry, item, seed) for item in listed] or [
        parts.part(registry, "defense", choice, options, seed)
    ]


def undefended(victim: Victim) -> Victim:
    """The victim without its defences: what looks through pictures, so that all of them are shown the same ones."""
    outermost = defended_in(victim)
    return victim if outermost is None else seen_by_patches(outermost.bare)


def _listed(registry: Registry, item: Any, seed: int) -> Defense:
    """A name, names with ``+`` between them, ``{part: jpeg, quality: 50}``, or a list of those as a chain."""
    if isinstance(item, str):
        item = [name.strip() for name in item.split("+")]
    links = item if isinstance(item, list) else [item]
    made = [_link(registry, link, seed) for link in links]
    return made[0] if len(made) == 1 else Chain(made)


def _link(registry: Registry, item: Any, seed: int) -> Defense:
    asked = {"part": item} if isinstance(item, str) else item
    if not isinstance(asked, dict) or not isinstance(asked.get("part"), str):
        raise BadOption(
            "defenses holds part names, {part: jpeg, quality: 50}, and chains as jpeg+median or [jpeg, {part: "
            f"median}}], got {item!r}"
        )
    options = {name: value for name, value in asked.items() if name != "part"}
    made: Defense = parts.named(registry, "defenses", asked["part"], options, seed)
    return made
