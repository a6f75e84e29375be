"""Random numbers for the renderer: as few calls as possible, none that waits for a device."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

Spans = Mapping[str, tuple[float, float]]

WIDTHS = {"shift_mm": 2, "white_balance": 2, "stretch": 2, "shadow_lies": 2, "arms_lie": 3}
"""Options with several numbers each: x and y, red and blue, where a shadow or an arm lies."""


def table(
    spans: Mapping[str, Spans], rows: int, generator: torch.Generator, device: torch.device
) -> dict[str, dict[str, Tensor]]:
    """A uniform number for every row and option, all from one call; pairs are ``(rows,2)``, triples ``(rows,3)``."""
    widths = {option: WIDTHS.get(option, 1) for group in spans.values() for option in group}
    limits = [span for group in spans.values() for option, span in group.items() for _ in range(widths[option])]
    low, high = torch.tensor(limits, device=generator.device).unbind(1)
    unit = torch.rand(rows, len(limits), generator=generator, device=generator.device)
    values = (unit * (high - low) + low).to(device).T.contiguous()
    columns = iter(torch.split(values, list(widths.values())))
    return {
        name: {option: next(columns).T if widths[option] > 1 else next(columns)[0] for option in group}
        for name, group in spans.items()
    }


def seeds(count: int, generator: torch.Generator) -> Tensor:
    """``(count,)`` int64 on the CPU, where reading them waits for no device."""
    return torch.randint(2**62, (count,), generator=generator, device=generator.device).cpu()
