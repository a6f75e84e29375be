"""A patch of concentric rings, each of one free colour: few inks, no orientation, easy to cut out and to repaint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from physadv.api import BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch, and ``physadv --help`` would wait for it
    from physadv.api import PatchModel

physadv_api = 2
physadv_permissions: tuple[str, ...] = ()


@dataclass
class HaloConfig:
    rings: int = 4  # colours, from the centre outwards
    size_px: int = 128  # texels across
    diameter_mm: float = 300.0  # on paper


def build_halo(config: HaloConfig) -> PatchModel:
    """Make the patch; torch is imported here, so that ``physadv --help`` stays fast."""
    import torch

    from physadv.api import PatchImage

    if config.rings < 1 or config.size_px < 2 * config.rings:
        raise BadOption(f"patch.rings must be from 1 to size_px / 2, got {config.rings}")

    class Halo(torch.nn.Module):
        ring: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.colours = torch.nn.Parameter(torch.full((config.rings, 3), 0.5))
            axis = (torch.arange(config.size_px) + 0.5) / config.size_px * 2 - 1
            radius = torch.hypot(axis[:, None], axis[None])
            self.register_buffer("ring", (radius * config.rings).long().clamp_max(config.rings - 1))
            self.register_buffer("alpha", (radius <= 1).float()[None])

        def forward(self) -> PatchImage:
            return PatchImage(self.colours[self.ring].permute(2, 0, 1), self.alpha, config.diameter_mm)

        @torch.no_grad()
        def project_(self) -> None:
            self.colours.clamp_(0, 1)

    return Halo()


@hookimpl
def physadv_patches() -> Iterable[Entry[Any, PatchModel]]:
    """Offer the patch as ``patch=example/halo``."""
    return [Entry("example/halo", HaloConfig, build_halo, "concentric rings of free colour")]
