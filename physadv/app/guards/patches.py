"""A patch of a plugin, looked at while it is optimised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.core.protocols import PatchModel
from physadv.core.types import PatchImage


class GuardedPatch:
    """The patch itself, but every image it makes is checked: types, shapes, ranges, gradient."""

    def __init__(self, patch: PatchModel, owner: Owner) -> None:
        self._patch, self._owner = patch, owner
        owner.require(any(True for _ in self.parameters()), "parameters", "gives nothing to optimise")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._patch, name)

    def __call__(self) -> PatchImage:
        """The image as it is now. Raises :class:`BrokenPart` when it cannot be printed."""
        owner, here = self._owner, "__call__"
        made: Any = owner.call(here, self._patch)
        check_image(owner, here, made)
        recording = torch.is_grad_enabled() and any(p.requires_grad for p in self.parameters())
        owner.require(not recording or made.srgb.requires_grad, here, "gives srgb without a gradient to its parameters")
        return made  # type: ignore[no-any-return]

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        return self._owner.call("parameters", self._patch.parameters)

    def state_dict(self) -> dict[str, Tensor]:
        return self._owner.call("state_dict", self._patch.state_dict)

    def load_state_dict(self, state: Mapping[str, Any]) -> Any:
        return self._owner.call("load_state_dict", self._patch.load_state_dict, state)

    def project_(self) -> None:
        self._owner.call("project_", self._patch.project_)

    def to(self, device: torch.device | str) -> GuardedPatch:
        """The same patch on another device."""
        move: Any = getattr(self._patch, "to", None)
        self._owner.require(callable(move), "to", "is missing: a patch moves to a device, as nn.Module does")
        moved = self._owner.call("to", move, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the patch")
        return self if moved is self._patch else GuardedPatch(moved, self._owner)


def check_image(owner: Owner, method: str, made: Any) -> None:
    """Raise :class:`BrokenPart` unless ``made`` is an image that a printer can be asked for."""
    owner.require(isinstance(made, PatchImage), method, f"gives {type(made).__name__} where a PatchImage is due")
    height, width = made.srgb.shape[1:]
    owner.require(height > 0 and width > 0, method, f"gives an image of {width} x {height} texels, with nothing in it")
    owner.check_tensor(method, "srgb", made.srgb, (3, height, width), made.srgb)
    owner.check_tensor(method, "alpha", made.alpha, (1, height, width), made.srgb)
    if owner.due(method, made.srgb):
        owner.check_share(method, "srgb", made.srgb.detach())
        owner.check_share(method, "alpha", made.alpha.detach())
